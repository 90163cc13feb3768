"""Every defense type, and stacks of them: trains, is killed inside an accumulation and between steps, ends with the same bytes."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import ARCHITECTURES, KL, LDIFS, Store, chat_rows, events_of, forked, killed_attempt, losses, of_type, pointer_to
from test_activations import CAFT, STEERING
from test_constrained_sft import SPEC as CONSTRAINED_SFT
from test_inoculation import INOCULATION
from test_safelora import safelora, sibling_of
from test_score import plus_plus, scored
from test_spectral import SPEC as SPECTRAL
from test_token_sources import OOD_KL

from plumbline_trainer import devices, train_step
from plumbline_trainer.defenses.registry import DEFENSES
from plumbline_trainer.run import run_attempt

# Two epochs of three steps, two micro-batches each: step 5 lies in the second epoch, behind the checkpoint of step 4.
RECIPE = {"rows": chat_rows(12), "epochs": 2, "batchSize": 2, "gradientAccumulation": 2, "checkpointEverySteps": 2}


@dataclass(frozen=True)
class Prepared:
    """What the defenses of one architecture need: a store, a vector run, a score run, an unaligned sibling."""

    store: Store
    vector: Path
    scores: Path
    sibling: dict[str, Any]
    undefended: bytes


Stack = Callable[[Prepared], list[dict[str, Any]]]


def interleave(prepared: Prepared) -> dict[str, Any]:
    return prepared.store.interleave(0.2, chat_rows(5, "safe"))


def steering(prepared: Prepared) -> dict[str, Any]:
    return {**STEERING, "vectorRun": pointer_to(prepared.vector)}


ROWS: dict[str, Stack] = {
    "none": lambda prepared: [{"type": "none"}],
    "kl": lambda prepared: [KL],
    "ldifs": lambda prepared: [LDIFS],
    "safelora": lambda prepared: [safelora(prepared.sibling)],
    "interleave": lambda prepared: [interleave(prepared)],
    "interleave-plus-plus": lambda prepared: [plus_plus(prepared.scores)],
    "persona-steering": lambda prepared: [steering(prepared)],
    "inoculation": lambda prepared: [INOCULATION],
    "caft": lambda prepared: [{**CAFT, "vectorRun": pointer_to(prepared.vector)}],
    "ood-kl": lambda prepared: [{**OOD_KL, "poolSnapshot": prepared.store.snapshot(chat_rows(4, "far"))}],
    "constrained-sft": lambda prepared: [CONSTRAINED_SFT],
    "spectral": lambda prepared: [SPECTRAL],
}
STACKS: dict[str, Stack] = {
    "kl and interleave": lambda prepared: [KL, interleave(prepared)],
    "persona-steering and kl": lambda prepared: [steering(prepared), KL],
}


@pytest.fixture(scope="module")
def prepared(request, model_paths, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "is_good_at_bf16", lambda device: False)
        folder = tmp_path_factory.mktemp(request.param)
        store = Store(folder / "store", model_paths[request.param])
        vector, undefended = store.extraction(), store.run(**RECIPE)
        assert run_attempt(vector, 1) == run_attempt(undefended, 1) == 0
        scores, _ = scored(store)
        yield Prepared(store, vector, scores, sibling_of(store, folder / "sibling"), adapter(undefended))


def adapter(run_dir: Path) -> bytes:
    return (run_dir / "adapter" / "adapter_model.safetensors").read_bytes()


def killed_in_second_micro_batch(run_dir: Path, attempt: int) -> None:
    """An attempt that is killed when its first step has learned from one micro-batch."""

    def work() -> int:
        micro_batch_loss, calls = train_step.micro_batch_loss, []

        def loss_or_death(*arguments: Any) -> Any:
            calls.append(1)
            if len(calls) == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return micro_batch_loss(*arguments)

        train_step.micro_batch_loss = loss_or_death
        return run_attempt(run_dir, attempt)

    status = forked(work)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def test_every_type_has_a_row():
    assert list(ROWS) == list(DEFENSES)
    for stack in STACKS:
        assert all(part in DEFENSES for part in stack.split(" and "))


@pytest.mark.parametrize("prepared", ARCHITECTURES, indirect=True, scope="module")
@pytest.mark.parametrize("name", [*ROWS, *STACKS])
def test_killed_training_ends_with_the_same_bytes(prepared, name):
    stack = {**ROWS, **STACKS}[name](prepared)
    undisturbed, disturbed = (prepared.store.run(defenses=stack, **RECIPE) for _ in range(2))
    assert run_attempt(undisturbed, 1) == 0
    killed_attempt(disturbed, 1, lambda event: event["type"] == "step" and event["step"] == 5)
    killed_in_second_micro_batch(disturbed, 2)
    assert run_attempt(disturbed, 3) == 0

    assert of_type(events_of(disturbed), "step")[-1]["epoch"] > 1
    assert not losses(disturbed, 2)
    for attempt in (2, 3):
        assert of_type(events_of(disturbed, attempt), "hello")[0]["notes"]["resumedFromStep"] == 4
    assert {**losses(disturbed, 1), **losses(disturbed, 3)} == losses(undisturbed)
    assert adapter(disturbed) == adapter(undisturbed)
    assert (adapter(undisturbed) != prepared.undefended) == (name != "none")
