"""Adapters that other runs of the store have trained, and training on from one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from safetensors.torch import load_file

from plumbline_trainer.errors import TrainerError
from plumbline_trainer.run import Run
from plumbline_trainer.run_spec import load_run_spec

WEIGHTS = "adapter_model.safetensors"

_SHOWN = 5


def adapter_of_run(run: Run, pointer: Mapping[str, str]) -> Path:
    """Another run's adapter folder. Errors: TrainerError (bad_data) when it is missing, or of another base."""
    paths = run.paths.of_run(pointer)
    if not (paths.adapter / WEIGHTS).is_file():
        raise TrainerError("bad_data", f"There is no adapter in {paths.adapter}.", f"Train the run {pointer['runId']} first.")
    other = load_run_spec(paths.run_dir)["model"]
    if other["weightsHash"] != run.spec["model"]["weightsHash"]:
        raise TrainerError(
            "bad_data",
            f"The adapter of run {pointer['runId']} is of {other['name']}, whose weights are not those of {run.spec['model']['name']}.",
            "Queue the experiment again: the adapters that it needs are then trained from this model.",
        )
    return paths.adapter


def start_from(model: Any, folder: Path) -> None:
    """Gives a fresh adapter the weights of the one in `folder`.

    Both must mean the same: rank, scaling and adapted layers. Errors: TrainerError (bad_data) naming every difference.
    """
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    weights = load_file(folder / WEIGHTS)
    own = get_peft_model_state_dict(model, save_embedding_layers=False)
    differences = [*_different_settings(model, folder), *_different_tensors(own, weights)]
    if differences:
        listed = "; ".join(differences[:_SHOWN]) + ("; ..." if len(differences) > _SHOWN else "")
        raise TrainerError(
            "bad_data",
            f"Training cannot go on from {folder}, which has another LoRA shape: {listed}.",
            "Give both trainings the same training.lora.",
        )
    set_peft_model_state_dict(model, weights)


def _different_settings(model: Any, folder: Path) -> list[str]:
    from peft import PeftConfig

    there, here = PeftConfig.from_pretrained(str(folder)), model.peft_config["default"]
    names = {"rank": "r", "alpha": "lora_alpha", "rankStabilized": "use_rslora"}
    return [
        f"{name} is {getattr(there, field)} there and {getattr(here, field)} here"
        for name, field in names.items()
        if getattr(there, field) != getattr(here, field)
    ]


def _different_tensors(own: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    missing = [f"{name} is not there" for name in sorted(own.keys() - other.keys())]
    more = [f"{name} is not adapted here" for name in sorted(other.keys() - own.keys())]
    shapes = [
        f"{name} is {list(other[name].shape)} there and {list(own[name].shape)} here"
        for name in sorted(own.keys() & other.keys())
        if own[name].shape != other[name].shape
    ]
    return [*missing, *more, *shapes]
