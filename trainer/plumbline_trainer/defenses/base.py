"""What a defense may do: hooks into one training run. A defense overrides the hooks it needs, and only those."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Mapping

from plumbline_trainer.reference_models import reference_key
from plumbline_trainer.run_spec import RunPaths

if TYPE_CHECKING:
    from plumbline_trainer.batch_plan import BatchPlan
    from plumbline_trainer.batches import Batch
    from plumbline_trainer.losses import TokenTerm
    from plumbline_trainer.row_table import RowTable
    from plumbline_trainer.terms import Term


@dataclass(frozen=True)
class Setting:
    """The run that a defense is part of: run.json, the paths around it, and the model's configuration (transformers)."""

    spec: Mapping[str, Any]
    paths: RunPaths
    config: Any


class Defense:
    """Base class. `type` and `parameters` are those of the schema entry; a test compares them."""

    type: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]] = ()
    # Whether it compares hidden states with a reference's, which takes a reference of the same shape.
    compares_features: ClassVar[bool] = False
    # The source of rows without which it has nothing to act on.
    acts_on: str | None = None

    def __init__(self, spec: Mapping[str, Any], seed: int):
        """`spec`: the defense's entry in run.json. `seed`: the run's.

        A parameter `rowsPerStep` becomes the attribute `rows_per_step`; one that the entry lacks is None.
        """
        self.seed = seed
        for name in self.parameters:
            setattr(self, _snake_case(name), spec.get(name))
        self.reference_model: Mapping[str, Any] | None = spec.get("referenceModel")
        self.reference_key = reference_key(self.reference_model)

    def prepare(self, setting: Setting) -> None:
        """Reads what other runs and models hand over. Called once, before rows are chosen and the model is loaded.

        Errors: TrainerError (bad_data) for what cannot work with this model or dataset.
        """

    def pool_snapshots(self) -> dict[str, dict[str, Any]]:
        """Snapshots that the defense needs, by the source that their rows get in a batch."""
        return {}

    def select_rows(self, plan: BatchPlan, pools: Mapping[str, list[str]], table: RowTable) -> BatchPlan:
        """Changes which rows are learned from, or how they read. `pools`: row ids by source; `table`: all rows.

        Must not add steps, nor change which own rows a step holds.
        """
        return plan

    def around_forward(self, model: Any, batch: Batch) -> AbstractContextManager:
        """Acts on activations: entered around every forward pass of the trained model over a micro-batch, never of the reference."""
        return nullcontext()

    def token_loss(self, term: TokenTerm, batch: Batch) -> TokenTerm:
        """Replaces the cross-entropy of a micro-batch by another loss of its tokens."""
        return term

    def extra_loss(self, batch: Batch) -> Term | None:
        """A further term of a micro-batch's loss: a `TokenTerm`, or one that computes itself."""
        return None

    def after_training(self, model: Any) -> dict[str, Any]:
        """Changes the adapter's weights in place once training is over; returns facts about it for the run's record."""
        return {}

    def notes(self, plan: BatchPlan, table: RowTable) -> dict[str, Any]:
        """Facts about this run that belong into its record, such as a realized share."""
        return {}


HOOKS = ("select_rows", "around_forward", "token_loss", "extra_loss", "after_training")


def hooks_of(defense: type[Defense]) -> list[str]:
    """The hooks a class overrides, in the order above."""
    return [hook for hook in HOOKS if getattr(defense, hook) is not getattr(Defense, hook)]


def _snake_case(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)
