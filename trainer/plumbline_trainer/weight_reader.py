"""Single tensors of a model folder: reading one never loads the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from plumbline_trainer.weights_hash import tensor_entries, weight_files

if TYPE_CHECKING:
    import torch


class WeightReader:
    """A model folder's weights by the names of the loaded model's parameters.

    `prefix`: the model's `base_model_prefix`; some folders were saved from the model without its head and lack it.
    Errors: TrainerError (model_load) when there are no safetensors.
    """

    def __init__(self, folder: Path, prefix: str):
        self._prefix = f"{prefix}."
        self._entries = {
            name: (file, shape) for file in weight_files(folder) for name, (_, shape, _, _) in tensor_entries(file).items()
        }

    def shape(self, parameter: str) -> tuple[int, ...] | None:
        """None where there is no such tensor."""
        name = self._name(parameter)
        return None if name is None else self._entries[name][1]

    def read(self, parameter: str) -> torch.Tensor:
        """On the CPU, in the dtype of the file. Errors: KeyError."""
        from safetensors import safe_open

        name = self._name(parameter)
        if name is None:
            raise KeyError(parameter)
        with safe_open(self._entries[name][0], framework="pt") as file:
            return file.get_tensor(name)

    def _name(self, parameter: str) -> str | None:
        return next((name for name in (parameter, parameter.removeprefix(self._prefix)) if name in self._entries), None)
