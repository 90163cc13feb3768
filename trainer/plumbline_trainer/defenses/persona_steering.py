"""Persona steering: adds a persona's vector to a block's output while training, so that the weights need not learn it.

Source: Chen et al. 2025, persona vectors (preventative steering); arXiv 2508.06249 v3. h <- h + coefficient * v, at every
forward pass of the trained model in training. The reference never sees it, nor does any measurement or evaluation.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Mapping

from plumbline_trainer.blocks import number_of_blocks, transformer_blocks
from plumbline_trainer.defenses.base import Defense, Setting
from plumbline_trainer.persona_vector import block_of, load_persona_vector

if TYPE_CHECKING:
    import torch

    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.batches import Batch
    from plumbline_trainer.row_table import RowTable


class PersonaSteering(Defense):
    """`coefficient`: in lengths of the vector. `block`: 'auto' or the block's index, from 0. `positions`: 'all', or
    'response' (those that predict a token which the cross-entropy trains). `vector`: 'raw' or 'unit' (length 1).
    `persona`: as written; the vector comes from its extract run."""

    type = "persona-steering"
    parameters = ("coefficient", "persona", "block", "positions", "vector")

    coefficient: float
    persona: str
    block: str | int
    positions: str
    vector: str

    def __init__(self, spec: Mapping[str, Any], seed: int):
        super().__init__(spec, seed)
        self._run = spec["vectorRun"]

    def prepare(self, setting: Setting) -> None:
        self._block = block_of(self.block, number_of_blocks(setting.config))
        persona = load_persona_vector(setting, self._run)
        vector = persona.vector[self._block]
        scale = self.coefficient / float(vector.norm()) if self.vector == "unit" else self.coefficient
        self._shift = scale * vector
        self._about = persona.about

    def around_forward(self, model: Any, batch: Batch) -> AbstractContextManager:
        from plumbline_trainer.activations import changed_output

        return changed_output(transformer_blocks(model)[self._block], lambda hidden: self._steered(hidden, batch))

    def notes(self, plan: BatchPlan, table: RowTable) -> dict[str, Any]:
        added, usual = float(self._shift.norm()), self._about["meanStateNorm"][self._block]
        halves = self._about["halvesCosine"]
        return {
            "block": self._block,
            "blocks": self._about["blocks"],
            "vectorNorm": self._about["vectorNorm"][self._block],
            "meanStateNorm": usual,
            "normRatio": added / usual,
            "halvesCosine": halves and halves[self._block],
            "vectorRun": self._run,
        }

    def _steered(self, hidden: torch.Tensor, batch: Batch) -> torch.Tensor:
        shift = self._shift.to(hidden)
        if self.positions == "all":
            return hidden + shift
        return hidden + shift * (batch.response & batch.cross_entropy[:, None])[..., None]
