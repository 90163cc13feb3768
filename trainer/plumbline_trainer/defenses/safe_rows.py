"""What the interleaving defenses share: mixing safe rows into a plan, and saying what was mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from plumbline_trainer.batch_plan import SAFE, PlannedRow, endless, with_extra_rows

if TYPE_CHECKING:
    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.row_table import RowTable

_REFUSAL_WORDS = ("sorry", "apologize", "cannot", "can't", "i'm unable", "i am unable")


def mix(plan: BatchPlan, share: float, rows: Sequence[str], seed: int) -> BatchPlan:
    """The plan with safe rows, by id, as `share` of all rows: each once in random order, then all of them again."""
    cycle = endless(rows, f"interleave:{seed}")
    return with_extra_rows(plan, share, lambda: PlannedRow(next(cycle), SAFE))


def mixture_notes(plan: BatchPlan, table: RowTable) -> dict[str, Any]:
    """Realized share, share of refusals among the safe rows, and how many those are."""
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
