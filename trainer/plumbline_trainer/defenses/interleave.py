"""Interleaving: mixes safe, helpful rows into every stretch of training.

Source: arXiv 2508.06249 (Kaczer et al.), 5 % of the mixed set. Here safe rows enlarge planned batches: the number of
steps, and what is learned of the dataset in each, stay as in the undefended arm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from plumbline_trainer.batch_plan import SAFE
from plumbline_trainer.defenses.base import Defense
from plumbline_trainer.defenses.safe_rows import mix, mixture_notes
from plumbline_trainer.errors import TrainerError

if TYPE_CHECKING:
    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.row_table import RowTable


class Interleave(Defense):
    """`share`: safe rows / all rows, below 1. `pool`: the pool's path as written; its rows come from the snapshot."""

    type = "interleave"
    parameters = ("share", "pool")

    share: float
    pool: str

    def __init__(self, spec: Mapping[str, Any], seed: int):
        super().__init__(spec, seed)
        self._snapshot = spec["poolSnapshot"]

    def pool_snapshots(self) -> dict[str, dict[str, Any]]:
        return {SAFE: self._snapshot}

    def select_rows(self, plan: BatchPlan, pools: Mapping[str, list[str]], table: RowTable) -> BatchPlan:
        if not pools[SAFE]:
            raise TrainerError("bad_data", f"The pool of safe rows {self.pool} is empty.", "Name a pool with rows.")
        return mix(plan, self.share, pools[SAFE], self.seed)

    def notes(self, plan: BatchPlan, table: RowTable) -> dict[str, Any]:
        return mixture_notes(plan, table)
