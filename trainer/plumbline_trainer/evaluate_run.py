"""The `evaluate` stage: every checkpoint that run.json names, one model in memory at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

from plumbline_trainer.answers import Subject
from plumbline_trainer.devices import DeviceChoice, choose_device
from plumbline_trainer.errors import TrainerError
from plumbline_trainer.evaluate import evaluate, longest_text, units_of_work
from plumbline_trainer.models import load_evaluation_model
from plumbline_trainer.reporting import Counter
from plumbline_trainer.response_logits import OutputHead
from plumbline_trainer.run import Run
from plumbline_trainer.run_spec import kept_step


def evaluate_run(run: Run, tokenizer: Any) -> None:
    """Evaluates the final adapter first (or the base), then those along the way, by step; progress counts all of them.

    Each is merged into freshly loaded weights: taking an adapter out of a model again would leave rounding behind.
    Errors: Stopped, TrainerError, OSError.
    """
    # Base and arms are measured alike, whatever precision a recipe trains in.
    device = choose_device("auto")
    checkpoints = _evaluations_by_checkpoint(run.spec)
    adapters = {checkpoint: _adapter_of(run, checkpoint) for checkpoint in checkpoints}
    total = sum(units_of_work(run.paths, checkpoint, each) for checkpoint, ids in checkpoints.items() for each in ids)
    counter = Counter(run.reporter(), "generate", total)
    for index, (checkpoint, ids) in enumerate(checkpoints.items()):
        subject = _load_subject(run, tokenizer, device, adapters[checkpoint], checkpoint, ids)
        if index == 0 and "train" not in run.spec["stages"]:
            run.hello(None, None, {})
        for each in ids:
            generations = evaluate(subject, run.paths, checkpoint, each, counter)
            run.events.emit("eval", checkpoint=checkpoint, evaluationId=each, generations=generations)
        del subject  # Before the next one is loaded.


def _load_subject(
    run: Run, tokenizer: Any, device: DeviceChoice, adapter: Path | None, checkpoint: str, ids: Sequence[str]
) -> Subject:
    longest = max(longest_text(tokenizer, run.paths, checkpoint, each) for each in ids)
    model = load_evaluation_model(run.spec["model"]["path"], adapter, device, longest)
    return Subject(model, tokenizer, OutputHead(model), device.device)


def _evaluations_by_checkpoint(spec: dict[str, Any]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for entry in spec["evaluations"]:
        grouped.setdefault(entry["checkpoint"], []).append(entry["id"])
    return dict(sorted(grouped.items(), key=lambda item: kept_step(item[0]) or 0))


def _adapter_of(run: Run, checkpoint: str) -> Path | None:
    """The adapter folder of a checkpoint's name: 'base' has none, 'final' is what training left, 'step-N' lies beside it."""
    if checkpoint == "base":
        return None
    if checkpoint == "imported":
        raise TrainerError("bad_data", "Imported answers have no model to evaluate.", "Queue another run.")
    step = kept_step(checkpoint)
    folder = run.paths.adapter if step is None else run.paths.kept_adapter(step)
    if not folder.is_dir():
        raise TrainerError("bad_data", f"There is no adapter in {folder}.", "Train the run first.")
    return folder
