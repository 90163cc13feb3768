"""LDIFS: keeps the hidden states of several blocks near those of the model before training.

Source: arXiv 2508.06249 (Kaczer et al.), L = L_CE + lambda_LDIFS * ||x_theta - x_theta0||^2, where x joins what leaves
several blocks; after Mukhoti et al., LDIFS (features of length 1 at each position, gradient through the trained model).
The published code of arXiv 2508.06249 takes both models' features without gradient: there the term changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline_trainer.blocks import number_of_blocks
from plumbline_trainer.defenses.base import Defense, Setting
from plumbline_trainer.errors import TrainerError

if TYPE_CHECKING:
    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.batches import Batch
    from plumbline_trainer.feature_terms import FeatureTerm
    from plumbline_trainer.row_table import RowTable


class Ldifs(Defense):
    """`weight`: lambda_LDIFS, in loss per unit of squared distance. `blocks`: how many.
    `normalization`: see the functions in `feature_terms`. `tokens`: 'all' (every position that is not padding) or
    'response' (those that the cross-entropy trains)."""

    type = "ldifs"
    parameters = ("weight", "blocks", "normalization", "tokens", "reference")
    compares_features = True

    weight: float
    blocks: int
    normalization: str
    tokens: str

    def prepare(self, setting: Setting) -> None:
        count = number_of_blocks(setting.config)
        if self.blocks > count:
            raise TrainerError(
                "bad_data", f"'ldifs' is to compare {self.blocks} blocks; the model has {count}.", f"Take at most {count}."
            )
        self._compared = evenly_spaced(self.blocks, count)

    def extra_loss(self, batch: Batch) -> FeatureTerm:
        from plumbline_trainer.feature_terms import FeatureTerm, per_row_distance, per_token_distance

        positions = batch.regularized(self.tokens)
        by_row = self.normalization == "as-published"
        return FeatureTerm(
            "ldifs", self.weight, self.reference_key, self._compared, positions,
            distance=per_row_distance if by_row else per_token_distance,
            items=int((positions.any(1) if by_row else positions).sum()),
        )

    def notes(self, plan: BatchPlan, table: RowTable) -> dict[str, Any]:
        return {"blocks": list(self._compared)}


def evenly_spaced(count: int, of: int) -> tuple[int, ...]:
    """`count` block indices of `of`, the first and the last included; the last alone when it is one."""
    if count == 1:
        return (of - 1,)
    return tuple((2 * index * (of - 1) + count - 1) // (2 * (count - 1)) for index in range(count))
