"""The frozen models that training is held to, ready to be asked."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Sequence

import torch

from plumbline_trainer.devices import DeviceChoice
from plumbline_trainer.models import load_base_model
from plumbline_trainer.passes import Reading, Request, read
from plumbline_trainer.reference_models import BASE
from plumbline_trainer.response_logits import OutputHead

if TYPE_CHECKING:
    from plumbline_trainer.defenses.base import Defense


class Reference:
    """A model that is only read. `frozen` surrounds every pass: it turns the adapters of a model in training off."""

    def __init__(self, model: Any, head: OutputHead, frozen: Callable[[], AbstractContextManager] = nullcontext):
        self._model = model
        self._head = head
        self._frozen = frozen

    def read(self, input_ids: torch.Tensor, request: Request) -> Reading:
        """A pass without gradient over the rows that something is asked of, and no others."""
        rows = request.rows
        asked = request
        if not rows.all():
            input_ids, asked = input_ids[rows], request.of_rows(rows)
        with torch.no_grad(), self._frozen():
            reading = read(self._model, self._head, input_ids, asked)
        return replace(reading, request=request)


def base_reference(model: Any, head: OutputHead) -> Reference:
    """The model before training: the same network with its adapters off, never a second copy."""
    return Reference(model, head, model.disable_adapter)


def load_references(
    defenses: Sequence[Defense], base: Reference, base_hash: str, device: DeviceChoice, attention: str | None
) -> dict[str, Reference]:
    """By key: the model before training, and the named ones, each loaded once, in the base's dtype.

    A named one that is the base itself is not loaded again. Errors: TrainerError (model_load, oom_*).
    """
    references = {BASE: base, base_hash: base}
    for defense in defenses:
        if defense.reference_key not in references:
            path = defense.reference_model["path"]
            model = load_base_model(path, device.dtype, device.device, attention).requires_grad_(False)
            references[defense.reference_key] = Reference(model, OutputHead(model))
    return references
