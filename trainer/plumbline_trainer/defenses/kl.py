"""KL to the reference: keeps the next-token distribution near the model before training.

Source: arXiv 2508.06249 (Kaczer et al.), L = L_CE + lambda_KL * D_KL(theta, theta_0); the reference theta_0 is the same
network with its adapters off, unless another model is named. Their code takes KL(trained || reference), full vocabulary, and the mean over all tokens
that are not padding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline_trainer.defenses.base import Defense

if TYPE_CHECKING:
    from plumbline_trainer.batches import Batch
    from plumbline_trainer.losses import TokenTerm


class Kl(Defense):
    """`weight`: lambda_KL, in loss per nat a token. `direction`: see the functions in `losses`.
    `tokens`: 'all' (every position that is not padding) or 'response' (those that the cross-entropy trains)."""

    type = "kl"
    parameters = ("weight", "direction", "tokens", "reference")

    weight: float
    direction: str
    tokens: str

    def extra_loss(self, batch: Batch) -> TokenTerm:
        from plumbline_trainer.losses import TokenTerm, kl_reference_trained, kl_trained_reference

        per_token = kl_trained_reference if self.direction == "trained||reference" else kl_reference_trained
        return TokenTerm("kl", self.weight, batch.regularized(self.tokens), per_token, self.reference_key)
