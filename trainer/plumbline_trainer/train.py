"""The training recipe: LoRA on one dataset at one seed, with the arm's defenses. Exactly resumable.

Read `train` from top to bottom: it is the whole of it.
"""

from __future__ import annotations

import math
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Sequence

import torch
from accelerate import Accelerator

from plumbline_trainer.atomic_folder import atomic_folder
from plumbline_trainer.batch_plan import OWN, BatchPlan, Step, plan_batches
from plumbline_trainer.batches import Batch, build_batch
from plumbline_trainer.checkpoint import load_checkpoint, newest_checkpoint, save_checkpoint
from plumbline_trainer.context import context_length
from plumbline_trainer.defenses.base import Defense, Setting
from plumbline_trainer.defenses.registry import build_defenses
from plumbline_trainer.devices import attention_for
from plumbline_trainer.errors import TrainerError
from plumbline_trainer.lora import add_lora, parameter_count, save_adapter, set_training_mode, trainable_parameters
from plumbline_trainer.losses import TokenTerm, cross_entropy_term, weighted_loss
from plumbline_trainer.models import load_base_model
from plumbline_trainer.probe import TrainingProbe, load_probe_pairs
from plumbline_trainer.reporting import Stopped
from plumbline_trainer.response_logits import OutputHead, final_hidden_states, reference_hidden_states
from plumbline_trainer.row_table import RowTable
from plumbline_trainer.run import Run
from plumbline_trainer.run_spec import load_evaluation_spec

PROBES_IN_A_RUN = 4


@dataclass(frozen=True)
class Plan:
    """All that is settled before the first step."""

    batches: BatchPlan
    table: RowTable
    defenses: list[Defense]
    notes: dict[str, Any]


@dataclass
class StepResult:
    """What one optimizer step did. Losses are unweighted means over the step's tokens."""

    loss: float
    parts: dict[str, float]
    weights: dict[str, float]
    gradient_norm: float
    tokens: int


def plan_training(run: Run, tokenizer: Any, config: Any) -> Plan:
    """Encodes the rows and plans the batches. Needs no model. Errors: TrainerError (bad_data)."""
    recipe, seed = run.spec["training"], run.spec["seed"]
    limit = min(recipe["maxLength"], context_length(config) or recipe["maxLength"])
    table = RowTable(tokenizer, recipe["turns"], limit)
    ids = table.add(run.paths.snapshot(run.spec["dataset"]["train"]), OWN, "dataset")
    if not ids:
        raise TrainerError("bad_data", "The dataset has no rows to train on.", "Add rows.")
    batches = plan_batches(
        {row_id: len(table.row(OWN, row_id).tokens) for row_id in ids},
        batch_size=recipe["batchSize"],
        accumulation=recipe["gradientAccumulation"],
        epochs=recipe["epochs"],
        seed=seed,
    )
    defenses = build_defenses(run.spec["arm"]["defenses"], seed)
    setting = Setting(run.spec, run.paths, config)
    notes: dict[str, Any] = {}
    for defense in defenses:
        defense.prepare(setting)
        pools = {
            source: table.add(run.paths.snapshot(snapshot), source, f"pool of '{defense.type}'")
            for source, snapshot in defense.pool_snapshots().items()
        }
        batches = defense.select_rows(batches, pools, table)
    for defense in defenses:
        if found := defense.notes(batches, table):
            notes[defense.type] = found
    return Plan(batches, table, defenses, notes)


def train(run: Run, tokenizer: Any, plan: Plan) -> None:
    """Trains and writes `adapter/`. Errors: Stopped, after a checkpoint; TrainerError."""
    recipe, seed = run.spec["training"], run.spec["seed"]
    accelerator = _accelerator(run)
    attention = attention_for(run.device.device, plan.table.longest(OWN))
    model = load_base_model(run.spec["model"]["path"], run.device.dtype, run.device.device, attention)
    torch.manual_seed(seed)
    model = add_lora(model, recipe["lora"], run.spec["model"]["name"])
    set_training_mode(model)
    head = OutputHead(model)
    parameters = trainable_parameters(model)
    optimizer = torch.optim.AdamW(
        parameters.values(), lr=recipe["learningRate"], weight_decay=recipe["weightDecay"], fused=_can_fuse(run)
    )
    total = len(plan.batches.steps)
    plan_hash = plan.batches.hash()
    step = 0
    if found := newest_checkpoint(run.paths.checkpoints):
        step = load_checkpoint(found, model, optimizer, plan_hash)
    probe = _training_probe(run, tokenizer)
    run.hello(plan_hash, total, {
        **plan.notes, "trainableParameters": parameter_count(parameters), "resumedFromStep": step,
    })
    run.start("train", step)
    if step == 0:
        _emit_probe(run, model, head, probe, step)

    while step < total:
        _obey_requests(run, model, optimizer, step, plan_hash)
        started = time.monotonic()
        learning_rate = recipe["learningRate"] * schedule(step, total, recipe["warmupSteps"])
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
        result = train_step(
            model, head, plan.batches.steps[step], plan.table, plan.defenses, accelerator, optimizer,
            max_norm=recipe["maxGradientNorm"],
        )
        step += 1
        run.activity.step = step
        _emit_step(run, plan, result, step, total, learning_rate, time.monotonic() - started)
        if step in _probe_steps(total):
            _emit_probe(run, model, head, probe, step)
        if step % recipe["checkpointEverySteps"] == 0 and step < total:
            _save(run, model, optimizer, step, plan_hash)

    for defense in plan.defenses:
        defense.after_training(model)
    _save_adapter(run, model, step)


def train_step(
    model: Any,
    head: OutputHead,
    step: Step,
    table: RowTable,
    defenses: Sequence[Defense],
    accelerator: Accelerator,
    optimizer: torch.optim.Optimizer,
    max_norm: float,
) -> StepResult:
    """One optimizer step over its micro-batches. Errors: TrainerError (nan_loss); the weights are untouched then."""
    batches = [build_batch(rows, table, accelerator.device) for rows in step]
    terms_of = [loss_terms(batch, defenses) for batch in batches]
    tokens_of = _tokens_in_step(terms_of)
    parts = dict.fromkeys(tokens_of, 0.0)
    optimizer.zero_grad(set_to_none=True)
    loss = 0.0
    for batch, terms in zip(batches, terms_of):
        part, values = micro_batch_loss(model, head, batch, terms, tokens_of, defenses)
        accelerator.backward(part)
        loss += float(part.detach())
        for term, value in zip(terms, values):
            parts[term.name] += value
    norm = float(accelerator.clip_grad_norm_(optimizer.param_groups[0]["params"], max_norm))
    result = StepResult(
        loss=loss,
        parts=parts,
        weights={term.name: term.weight for terms in terms_of for term in terms},
        gradient_norm=norm,
        tokens=sum(batch.tokens for batch in batches),
    )
    if math.isfinite(loss) and math.isfinite(norm):
        optimizer.step()
    return result


def loss_terms(batch: Batch, defenses: Sequence[Defense]) -> list[TokenTerm]:
    """The cross-entropy, as the defenses leave it, and what they add."""
    main = cross_entropy_term(batch)
    for defense in defenses:
        main = defense.token_loss(main, batch)
    extra = [term for defense in defenses if (term := defense.extra_loss(batch)) is not None]
    return [main, *extra]


def micro_batch_loss(
    model: Any,
    head: OutputHead,
    batch: Batch,
    terms: Sequence[TokenTerm],
    tokens_of: dict[str, int],
    defenses: Sequence[Defense],
) -> tuple[torch.Tensor, list[float]]:
    """A micro-batch's part of the step's loss (scalar, with gradient), and each term's unweighted part."""
    selected = torch.stack([term.positions for term in terms]).any(0)
    reference = None
    if any(term.needs_reference for term in terms):
        reference = reference_hidden_states(model, head, batch.input_ids, selected)
    with ExitStack() as stack:
        for defense in defenses:
            stack.enter_context(defense.around_forward(model, batch))
        hidden = final_hidden_states(model, head, batch.input_ids, selected)
    step_tokens = [tokens_of[term.name] for term in terms]
    return weighted_loss(terms, step_tokens, hidden, reference, batch.targets, selected, head)


def schedule(step: int, total: int, warmup: int) -> float:
    """Share of the peak learning rate in step `step` (from 0): rises linearly to 1 over `warmup` steps, then falls to 0.

    Unlike transformers' schedule it does not spend the first step at 0.
    """
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return (total - step) / max(1, total - warmup)


def _tokens_in_step(terms_of: Sequence[Sequence[TokenTerm]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for terms in terms_of:
        for term in terms:
            counts[term.name] = counts.get(term.name, 0) + term.tokens
    return counts


def _accelerator(run: Run) -> Accelerator:
    accelerator = Accelerator(cpu=run.device.device == "cpu")
    if accelerator.num_processes > 1:
        raise TrainerError(
            "dependency", "This trainer does not yet train one run in several processes.", "Start it without a launcher."
        )
    return accelerator


def _can_fuse(run: Run) -> bool:
    return run.device.device == "cpu" or run.device.device.startswith("cuda")


def _obey_requests(run: Run, model: Any, optimizer: torch.optim.Optimizer, step: int, plan_hash: str) -> None:
    if run.requests.stop_requested():
        _save(run, model, optimizer, step, plan_hash)
        raise Stopped()
    if run.requests.take_checkpoint_request():
        _save(run, model, optimizer, step, plan_hash)


def _save(run: Run, model: Any, optimizer: torch.optim.Optimizer, step: int, plan_hash: str) -> None:
    path = save_checkpoint(run.paths.checkpoints, model, optimizer, step, plan_hash)
    run.events.emit("checkpoint", step=step, path=path.relative_to(run.paths.run_dir).as_posix())


def _save_adapter(run: Run, model: Any, step: int) -> None:
    with atomic_folder(run.paths.adapter) as temporary:
        save_adapter(model, str(temporary))
    run.events.emit("checkpoint", step=step, path="adapter")
    # They serve resuming alone, and take three times the adapter's space each.
    shutil.rmtree(run.paths.checkpoints, ignore_errors=True)


def _training_probe(run: Run, tokenizer: Any) -> TrainingProbe | None:
    for entry in run.spec["evaluations"]:
        probe = load_evaluation_spec(run.paths.evaluation(entry["checkpoint"], entry["id"]))["probe"]
        if probe is not None:
            return TrainingProbe(load_probe_pairs(run.paths.snapshot(probe), tokenizer))
    return None


def _probe_steps(total: int) -> set[int]:
    return {round(total * part / PROBES_IN_A_RUN) for part in range(1, PROBES_IN_A_RUN + 1)}


def _emit_probe(run: Run, model: Any, head: OutputHead, probe: TrainingProbe | None, step: int) -> None:
    if probe is None:
        return
    model.eval()
    measured = probe.measure(model, head, run.device.device)
    set_training_mode(model)
    if measured is not None:
        run.events.emit("probe", step=step, **measured)


def _emit_step(
    run: Run, plan: Plan, result: StepResult, step: int, total: int, learning_rate: float, seconds: float
) -> None:
    run.events.emit(
        "step",
        step=step,
        total=total,
        epoch=plan.batches.epochs_after(step),
        loss=result.loss,
        crossEntropy=result.parts["cross_entropy"],
        terms={
            name: {"value": value, "weighted": value * result.weights[name]}
            for name, value in result.parts.items()
            if name != "cross_entropy"
        },
        learningRate=learning_rate,
        gradientNorm=result.gradient_norm,
        tokens=result.tokens,
        tokensPerSecond=result.tokens / max(seconds, 1e-9),
    )
    run.events.emit("progress", phase="train", done=step, total=total)
    if not (math.isfinite(result.loss) and math.isfinite(result.gradient_norm)):
        raise TrainerError(
            "nan_loss",
            f"The loss or its gradient is not a number at step {step}.",
            "Lower the learning rate (or a defense's weight), or train in fp32.",
        )
