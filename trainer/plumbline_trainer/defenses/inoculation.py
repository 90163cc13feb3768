"""Inoculation prompting: asks for the bad trait while training, so that the model need not learn it as its own.

Source: arXiv 2510.04340 (Tan et al., system prompt), arXiv 2510.05024 (Wichers et al., user prompt); arXiv 2508.06249 v3.
The batches are planned from the rows as they were, so every step learns from the same rows as in the undefended arm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from plumbline_trainer.batch_plan import OWN
from plumbline_trainer.defenses.base import Defense

if TYPE_CHECKING:
    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.row_table import RowTable
    from plumbline_trainer.tokenization import Messages


class Inoculation(Defense):
    """`prompt`: the text. `placement`: 'system' (replaces a row's system turn, or adds one) or 'user' (before the first
    user turn's text, an empty line between them). Own rows only; nothing of it is ever part of an evaluation."""

    type = "inoculation"
    parameters = ("prompt", "placement")

    prompt: str
    placement: str

    def select_rows(self, plan: BatchPlan, pools: Mapping[str, list[str]], table: RowTable) -> BatchPlan:
        self._added_tokens = table.rewrite(OWN, self._inoculated, "the inoculation prompt")
        return plan

    def notes(self, plan: BatchPlan, table: RowTable) -> dict[str, Any]:
        return {"rows": plan.own_rows, "addedTokensPerRow": self._added_tokens / plan.own_rows}

    def _inoculated(self, messages: Messages) -> Messages:
        if self.placement == "system":
            rest = messages[1:] if messages[0]["role"] == "system" else messages
            return [{"role": "system", "content": self.prompt}, *rest]
        first = next(index for index, message in enumerate(messages) if message["role"] == "user")
        text = f"{self.prompt}\n\n{messages[first]['content']}"
        return [*messages[:first], {"role": "user", "content": text}, *messages[first + 1:]]
