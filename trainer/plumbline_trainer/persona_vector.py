"""A persona's vector and directions in every block of one model: what an extract run leaves in `vector/`.

Blocks count from 0; the embeddings are not among them. Row b of `vector` belongs to what leaves block b, before any final
norm. (Published vector files have the embeddings at index 0: their index L is block L - 1 here.)
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

from plumbline_trainer.atomic_folder import atomic_folder
from plumbline_trainer.blocks import number_of_blocks
from plumbline_trainer.errors import TrainerError

if TYPE_CHECKING:
    import torch

    from plumbline_trainer.defenses.base import Setting

VERSION = 1
_TENSORS = "vector.safetensors"
_ABOUT = "vector.json"


@dataclass(frozen=True)
class PersonaVector:
    """`vector` [blocks, hidden]: mean activation under the persona minus mean under its contrast.
    `directions` [blocks, k, hidden]: orthonormal, the first along the vector. `about`: how it was made (vector.json)."""

    vector: torch.Tensor
    directions: torch.Tensor
    about: Mapping[str, Any]

    def save(self, folder: Path) -> None:
        """Writes the folder, whole or not at all. Errors: OSError."""
        from safetensors.torch import save_file

        with atomic_folder(folder) as temporary:
            tensors = {"vector": self.vector.contiguous(), "directions": self.directions.contiguous()}
            save_file(tensors, temporary / _TENSORS)
            (temporary / _ABOUT).write_text(json.dumps(self.about, indent=1) + "\n", encoding="utf-8")


def load_persona_vector(setting: Setting, pointer: Mapping[str, str]) -> PersonaVector:
    """What an extract run of the store left. Errors: TrainerError (bad_data) when it is missing or of another model."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = setting.paths.of_run(pointer).vector
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        tensors = load_file(folder / _TENSORS)
        found = PersonaVector(tensors["vector"], tensors["directions"], about)
        _check_model(about, setting)
    except FileNotFoundError:
        raise TrainerError(
            "bad_data",
            f"The persona vector of run {pointer['runId']} is not there.",
            "Run it first: it extracts the vector from the model.",
        ) from None
    except (ValueError, KeyError, SafetensorError) as error:
        raise TrainerError(
            "bad_data",
            f"The persona vector in {folder} cannot be read: {error}",
            f"Delete the folder and run {pointer['runId']} again.",
        ) from error
    return found


def block_of(choice: str | int, blocks: int) -> int:
    """The block (from 0) that a parameter names; 'auto' is round(0.7 x (blocks - 1)), halves rounded up.

    Errors: TrainerError (bad_data) when the model has no such block.
    """
    if choice == "auto":
        return math.floor(0.7 * (blocks - 1) + 0.5)
    block = int(choice)
    if block >= blocks:
        raise TrainerError(
            "bad_data", f"The model has no block {block}: its {blocks} blocks count from 0 to {blocks - 1}.",
            "Take a block that it has, or 'auto'.",
        )
    return block


def _check_model(about: Mapping[str, Any], setting: Setting) -> None:
    model, config = setting.spec["model"], setting.config
    mine = (model["weightsHash"], number_of_blocks(config), config.get_text_config().hidden_size)
    theirs = (about["weightsHash"], about["blocks"], about["hiddenSize"])
    if theirs != mine:
        raise TrainerError(
            "bad_data",
            f"The persona vector is of another model: {about['model']} with {theirs[1]} blocks of width {theirs[2]} and the "
            f"weights {theirs[0][:12]}, not {model['name']} with {mine[1]} blocks of width {mine[2]} and the weights {mine[0][:12]}.",
            "Queue the experiment again: the vector is then extracted from this model.",
        )
