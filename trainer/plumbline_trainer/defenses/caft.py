"""CAFT, concept ablation fine-tuning: projects a persona's directions out of the activations while training.

Source: arXiv 2507.16795 (Casademunt et al.): h <- h - Q Q^T h at every token, with orthonormal Q, in training alone. There Q
comes from activation differences between the fine-tuned model and the base, picked by hand; here from contrasting prompts.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from plumbline_trainer.blocks import number_of_blocks, transformer_blocks
from plumbline_trainer.defenses.base import Defense, Setting
from plumbline_trainer.errors import TrainerError
from plumbline_trainer.persona_vector import block_of, load_persona_vector

if TYPE_CHECKING:
    import torch

    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.batches import Batch
    from plumbline_trainer.row_table import RowTable


class Caft(Defense):
    """`rank`: columns of Q. `block`: 'auto', 'all' (each with its own directions) or the block's index, from 0.
    `persona`: as written; the directions come from its extract run."""

    type = "caft"
    parameters = ("rank", "persona", "block")

    rank: int
    persona: str
    block: str | int

    def __init__(self, spec: Mapping[str, Any], seed: int):
        super().__init__(spec, seed)
        self._run = spec["vectorRun"]

    def prepare(self, setting: Setting) -> None:
        count = number_of_blocks(setting.config)
        blocks = range(count) if self.block == "all" else [block_of(self.block, count)]
        persona = load_persona_vector(setting, self._run)
        if (known := persona.directions.shape[1]) < self.rank:
            raise TrainerError(
                "bad_data", f"The persona has {known} directions, and rank {self.rank} was asked for.",
                "Lower the rank, or write more questions into the persona.",
            )
        self._directions = {block: persona.directions[block, : self.rank] for block in blocks}
        self._about = persona.about

    @contextmanager
    def around_forward(self, model: Any, batch: Batch) -> Iterator[None]:
        from plumbline_trainer.activations import changed_output

        every = transformer_blocks(model)
        with ExitStack() as stack:
            for block, directions in self._directions.items():
                stack.enter_context(changed_output(every[block], lambda hidden, q=directions: _ablated(hidden, q)))
            yield

    def notes(self, plan: BatchPlan, table: RowTable) -> dict[str, Any]:
        halves = self._about["halvesCosine"]
        return {
            "block": list(self._directions),
            "blocks": self._about["blocks"],
            "halvesCosine": halves and [halves[block] for block in self._directions],
            "vectorRun": self._run,
        }


def _ablated(hidden: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Hidden states [..., hidden] without their part along orthonormal directions [k, hidden]. Computed in fp32."""
    directions = directions.to(hidden.device)
    exact = hidden.float()
    return (exact - (exact @ directions.T) @ directions).to(hidden.dtype)
