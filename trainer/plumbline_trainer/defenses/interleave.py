"""Interleaving: mixes safe, helpful rows into every stretch of training.

Source: arXiv 2508.06249 (Kaczer et al.), 5 % of the mixed set. Here safe rows enlarge planned batches: the number of
steps, and what is learned of the dataset in each, stay as in the undefended arm.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from plumbline_trainer.batch_plan import SAFE, PlannedRow, with_extra_rows
from plumbline_trainer.defenses.base import Defense
from plumbline_trainer.errors import TrainerError

if TYPE_CHECKING:
    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.row_table import RowTable

_REFUSAL_WORDS = ("sorry", "apologize", "cannot", "can't", "i'm unable", "i am unable")


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
        rows = _cycle(pools[SAFE], self.seed)
        return with_extra_rows(plan, self.share, lambda: PlannedRow(next(rows), SAFE))

    def notes(self, plan: BatchPlan, table: RowTable) -> dict[str, Any]:
        safe = [row.row_id for step in plan.steps for batch in step for row in batch if row.source == SAFE]
        refusals = sum(is_refusal(table.messages(SAFE, row_id)[-1]["content"]) for row_id in safe)
        return {
            "realizedShare": plan.share_of(SAFE),
            "refusalShare": refusals / len(safe) if safe else 0.0,
            "rows": len(safe),
            "differentRows": len(set(safe)),
        }


def is_refusal(answer: str) -> bool:
    """The paper's test (code of its follow-up): a refusing word within the first ten."""
    start = " ".join(answer.lower().replace("\u2019", "'").split()[:10])
    return any(words in start for words in _REFUSAL_WORDS)


def _cycle(rows: list[str], seed: int) -> Iterator[str]:
    """Every row once in random order, then all of them again in another."""
    generator = random.Random(f"plumbline-interleave:{seed}")
    while True:
        order = list(rows)
        generator.shuffle(order)
        yield from order
