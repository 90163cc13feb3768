"""KL to the reference: keeps the next-token distribution near the model before training.

Source: arXiv 2508.06249 (Kaczer et al.), L = L_CE + lambda_KL * D_KL(theta, theta_0); the reference theta_0 is the same
network with its adapters off, unless another model is named. Their code takes KL(trained || reference), full vocabulary,
and the mean over all tokens that are not padding; a variant of theirs takes the safe rows of interleaving alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from plumbline_trainer.batch_plan import OUT_OF_DOMAIN, SAFE, PlannedRow, endless, with_rows_in_each_step
from plumbline_trainer.defenses.base import Defense
from plumbline_trainer.errors import TrainerError

if TYPE_CHECKING:
    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.batches import Batch
    from plumbline_trainer.losses import TokenTerm
    from plumbline_trainer.row_table import RowTable


class Kl(Defense):
    """`weight`: lambda_KL, in loss per nat a token. `direction`: see the functions in `losses`.
    `tokens`: see `Batch.regularized`. With 'out-of-domain', `rows_per_step` rows of `pool` stand beside each step's own."""

    type = "kl"
    parameters = ("weight", "direction", "tokens", "pool", "rowsPerStep", "reference")

    weight: float
    direction: str
    tokens: str
    pool: str | None
    rows_per_step: int | None

    def __init__(self, spec: Mapping[str, Any], seed: int):
        super().__init__(spec, seed)
        self._snapshot = spec.get("poolSnapshot")

    @property
    def acts_on(self) -> str | None:
        return {"safe-rows": SAFE, "out-of-domain": OUT_OF_DOMAIN}.get(self.tokens)

    def pool_snapshots(self) -> dict[str, dict[str, Any]]:
        return {OUT_OF_DOMAIN: self._snapshot} if self.tokens == "out-of-domain" else {}

    def select_rows(self, plan: BatchPlan, pools: Mapping[str, list[str]], table: RowTable) -> BatchPlan:
        if self.tokens != "out-of-domain":
            return plan
        if not pools[OUT_OF_DOMAIN]:
            raise TrainerError("bad_data", f"The pool of out-of-domain rows {self.pool} is empty.", "Name a pool with rows.")
        rows = endless(pools[OUT_OF_DOMAIN], f"out-of-domain:{self.seed}")
        return with_rows_in_each_step(plan, self.rows_per_step, lambda: PlannedRow(next(rows), OUT_OF_DOMAIN, losses=()))

    def extra_loss(self, batch: Batch) -> TokenTerm:
        from plumbline_trainer.losses import TokenTerm, kl_reference_trained, kl_trained_reference

        per_token = kl_trained_reference if self.direction == "trained||reference" else kl_reference_trained
        return TokenTerm(self.type, self.weight, batch.regularized(self.tokens), per_token, self.reference_key)
