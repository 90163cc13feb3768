"""Constrained fine-tuning: trains each answer token less the likelier it has become than under the reference.

Source: Qi et al., "Safety Alignment Should Be Made More Than Just a Few Tokens Deep", arXiv 2406.05946, equation 3:
minimize -sum_t (2 / beta_t) log sigmoid(beta_t (log p(y_t) - log p_0(y_t))). Its gradient is that of the cross-entropy times
w_t = 2 (1 - sigmoid(beta_t (log p - log p_0))), and so the paper's code computes it, w_t without gradient and at least 1e-3;
so do we. As there, the sum is divided by the number of trained tokens, not by the sum of weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from plumbline_trainer.batch_plan import OWN
from plumbline_trainer.defenses.base import Defense

if TYPE_CHECKING:
    import torch

    from plumbline_trainer.batches import Batch
    from plumbline_trainer.losses import TokenLogits, TokenTerm

_LEAST_WEIGHT = 1e-3


class ConstrainedSft(Defense):
    """`beta_first`, `beta_early`, `beta_late` (1/nat): of an answer's first token, of the next up to the `early_tokens`th, of
    the rest. In a row of several answers each one counts from its own first token.

    Only the dataset's rows are constrained: safe rows that another defense mixes in are learned in full (beta 0), as the
    paper's code learns its anchor rows.
    """

    type = "constrained-sft"
    parameters = ("betaFirst", "betaEarly", "betaLate", "earlyTokens", "reference")

    beta_first: float
    beta_early: float
    beta_late: float
    early_tokens: int

    def token_loss(self, term: TokenTerm, batch: Batch) -> TokenTerm:
        betas = (self._betas(batch) * batch.rows_from(OWN)[:, None]).flatten()

        def factor(tokens: TokenLogits) -> torch.Tensor:
            targets = tokens.targets[:, None]
            moved = (tokens.log_probs.gather(1, targets) - tokens.reference_log_probs.gather(1, targets))[:, 0]
            return constrained_weight(moved, betas[tokens.places])

        return replace(term, reference=self.reference_key, factor=factor)

    def _betas(self, batch: Batch) -> torch.Tensor:
        """beta of each prediction [rows, length]."""
        import torch

        number = batch.number_in_answer()
        betas = torch.where(number <= self.early_tokens, self.beta_early, self.beta_late)
        return torch.where(number == 1, self.beta_first, betas)


def constrained_weight(moved: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
    """2 (1 - sigmoid(beta * moved)), at least 1e-3. `moved`: log p - log p_0 in nats."""
    return (2 * (1 - (beta * moved).sigmoid())).clamp(min=_LEAST_WEIGHT)
