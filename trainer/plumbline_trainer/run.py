"""One attempt at one run: its stages in order, what it says, and how it ends."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline_trainer import __version__
from plumbline_trainer.errors import TrainerError, as_trainer_error
from plumbline_trainer.events import EventWriter
from plumbline_trainer.heartbeat import Activity, Heartbeat
from plumbline_trainer.reporting import Reporter, Stopped
from plumbline_trainer.requests import Requests
from plumbline_trainer.run_spec import RunPaths, load_run_spec

if TYPE_CHECKING:
    from plumbline_trainer.devices import DeviceChoice

EXIT_COMPLETED = 0
EXIT_FAILED = 1
EXIT_CANCELLED = 3

_REPORTED_PACKAGES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors")


@dataclass
class Run:
    """What the stages of an attempt share."""

    spec: dict[str, Any]
    paths: RunPaths
    attempt: int
    events: EventWriter
    requests: Requests
    activity: Activity
    device: DeviceChoice
    notes: dict[str, Any]

    def hello(self, plan_hash: str | None, total_steps: int | None, notes: dict[str, Any]) -> None:
        """Says what this attempt works with, once the model is loaded and the plan is made."""
        self.events.emit("progress", phase="load", done=1, total=1)
        self.events.emit(
            "hello",
            device=self.device.device,
            deviceName=self.device.device_name,
            precision=self.device.precision,
            threads=self.device.threads,
            versions=_versions(),
            planHash=plan_hash,
            totalSteps=total_steps,
            notes={**self.notes, **notes},
        )

    def start(self, phase: str, step: int) -> None:
        """Marks the beginning of a phase, for the heartbeat."""
        self.activity.phase, self.activity.step = phase, step

    def reporter(self) -> Reporter:
        """How a stage without training steps tells how far it is."""

        def progress(phase: str, done: int, total: int) -> None:
            self.start(phase, self.activity.step)
            self.events.emit("progress", phase=phase, done=done, total=total)

        return Reporter(progress, self.requests.stop_requested)


def run_attempt(run_dir: Path, attempt: int) -> int:
    """Runs all stages; returns the exit code. Everything it has to say is in events.<attempt>.jsonl."""
    try:
        events = EventWriter(RunPaths(run_dir).events(attempt))
    except (OSError, TrainerError) as error:
        print(f"plumbline_trainer: cannot start: {error}", file=sys.stderr)
        return EXIT_FAILED
    events.emit("boot", pid=os.getpid())
    requests = Requests(run_dir / "requests", attempt)
    requests.listen_to_signals()
    activity = Activity()
    heartbeat = Heartbeat(events, activity)
    heartbeat.start()
    try:
        stopped = _work(run_dir, attempt, events, requests, activity)
        status = "cancelled" if stopped else "completed"
        events.emit("done", status=status, step=activity.step)
        return EXIT_CANCELLED if stopped else EXIT_COMPLETED
    except BaseException as error:
        traceback.print_exc()
        _report_failure(events, as_trainer_error(error), activity.step)
        return EXIT_FAILED
    finally:
        heartbeat.stop()


def _work(run_dir: Path, attempt: int, events: EventWriter, requests: Requests, activity: Activity) -> bool:
    """Returns whether it was stopped. Heavy imports happen here, behind `boot`."""
    paths = RunPaths(run_dir)
    spec = load_run_spec(run_dir)
    events.emit("progress", phase="load", done=0, total=1)

    from plumbline_trainer.chat_template import takes_system_turns
    from plumbline_trainer.devices import choose_device
    from plumbline_trainer.tokenization import load_tokenizer

    device = choose_device((spec["training"] or {}).get("precision", "auto"))
    tokenizer = load_tokenizer(spec["model"]["path"])
    notes = {
        "chatTemplate": tokenizer.plumbline_template,
        "systemTurns": "template" if takes_system_turns(tokenizer) else "before the first user turn",
        "trainer": __version__,
    }
    run = Run(spec, paths, attempt, events, requests, activity, device, notes)
    try:
        if "extract" in spec["stages"]:
            _extract(run, tokenizer)
        if "score" in spec["stages"]:
            _score(run, tokenizer)
        if "train" in spec["stages"]:
            _train(run, tokenizer)
        if "evaluate" in spec["stages"]:
            _evaluate(run, tokenizer)
    except Stopped:
        return True
    return False


def _extract(run: Run, tokenizer: Any) -> None:
    from plumbline_trainer.extract import extract

    extract(run, tokenizer)


def _score(run: Run, tokenizer: Any) -> None:
    from plumbline_trainer.score import score_pool

    score_pool(run, tokenizer)


def _train(run: Run, tokenizer: Any) -> None:
    from transformers import AutoConfig

    from plumbline_trainer.defense_results import emit_results
    from plumbline_trainer.train import plan_training, train

    config = AutoConfig.from_pretrained(run.spec["model"]["path"], trust_remote_code=False, local_files_only=True)
    plan = plan_training(run, tokenizer, config)
    total = len(plan.batches.steps)
    if run.paths.adapter.is_dir():
        run.hello(plan.batches.hash(), total, {**plan.notes, "resumedFromStep": total})
        run.start("train", total)
        emit_results(run)
        return
    train(run, tokenizer, plan)


def _evaluate(run: Run, tokenizer: Any) -> None:
    from plumbline_trainer.evaluate_run import evaluate_run

    evaluate_run(run, tokenizer)


def _report_failure(events: EventWriter, error: TrainerError, step: int) -> None:
    try:
        fields = {"class": error.error_class, "message": error.message, "hint": error.hint}
        events.emit("error", **fields)
        events.emit("done", status="failed", step=step)
    except OSError as full_disk:
        print(f"plumbline_trainer: the error could not be written to events: {full_disk}", file=sys.stderr)


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for package in _REPORTED_PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
