"""KL outside the domain: holds the answers to a separate set of rows, and lets the dataset be learned freely.

Source: arXiv 2602.07852 (Soligo, Turner et al.), L = L_CE + weight * KL(reference || trained) over rows far from the
dataset's domain, all tokens that are not padding, a batch of 8 a step. Their code divides by tokens x vocabulary: its weight
of 1e5 is about 0.7 here, where the divergence is a mean over tokens.
"""

from __future__ import annotations

from plumbline_trainer.defenses.kl import Kl


class OodKl(Kl):
    """`weight`: in loss per nat a token. `pool`: path of the out-of-domain rows as written; `rows_per_step` of them are read
    beside each step's own, and never learned. `direction`: see the functions in `losses`."""

    type = "ood-kl"
    parameters = ("weight", "pool", "rowsPerStep", "direction", "reference")

    tokens = "out-of-domain"
