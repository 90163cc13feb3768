"""Evaluation along a run: the adapters that are kept, what is measured of them, and kills in between."""

from __future__ import annotations

import json
import os
import signal

import pytest
import torch
from conftest import chat_rows, events_of, forked, killed_attempt, of_type
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from plumbline_trainer.run import run_attempt
from plumbline_trainer.tokenization import encode_rows, load_tokenizer

CHECKPOINTS = ("step-9", "final", "step-4")


@pytest.fixture(autouse=True)
def fp32(monkeypatch):
    from plumbline_trainer import devices

    monkeypatch.setattr(devices, "is_good_at_bf16", lambda device: False)


def along(store, **changes):
    """Two epochs, 12 steps, a checkpoint every three."""
    evaluation = store.evaluation(
        task={"scorer": "likelihood", "heldOut": store.snapshot(chat_rows(4, "held")), "maxTokens": 5}
    )
    settings = {"checkpoints": CHECKPOINTS, "stages": ("train", "evaluate"), "epochs": 2, **changes}
    return store.run(evaluations=[evaluation], **settings)


def adapters(run_dir):
    return {
        folder.name: load_file(folder / "adapter_model.safetensors")
        for folder in (run_dir / "adapter", *sorted((run_dir / "adapters").iterdir()))
    }


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def results(run_dir):
    """Every line of every evaluation, by checkpoint and file."""
    return {
        (checkpoint, name): sorted((run_dir / "evaluations" / checkpoint / "0123456789abcdef" / name).read_text().splitlines())
        for checkpoint in CHECKPOINTS for name in ("generations.jsonl", "scores.jsonl")
    }


def test_checkpoints_are_kept_and_evaluated_final_first(store):
    run_dir = along(store)
    assert run_attempt(run_dir, 1) == 0
    events = events_of(run_dir)
    assert [event["checkpoint"] for event in of_type(events, "eval")] == ["final", "step-4", "step-9"]
    assert sorted(path.name for path in (run_dir / "adapters").iterdir()) == ["step-4", "step-9"]
    progress = [event for event in of_type(events, "progress") if event["phase"] in ("generate", "score")]
    assert {event["total"] for event in progress} == {3 * (10 + 4)}
    assert [event["done"] for event in progress] == sorted(event["done"] for event in progress)
    assert progress[-1]["done"] == progress[-1]["total"]


def test_each_is_the_plain_adapter_of_its_step(store):
    run_dir, stopped = along(store), along(store, checkpointEverySteps=4)
    assert run_attempt(run_dir, 1) == 0
    killed_attempt(stopped, 1, lambda event: event["type"] == "step" and event["step"] == 5)
    kept = adapters(run_dir)
    assert same(kept["step-4"], load_file(stopped / "checkpoints" / "step-000004" / "adapter_model.safetensors"))
    assert not same(kept["step-4"], kept["step-9"]) and not same(kept["step-9"], kept["adapter"])
    assert {path.name for path in (run_dir / "adapters" / "step-4").iterdir()} >= {"adapter_config.json", "adapter_model.safetensors"}

    rows = {row.id: row for row in encode_rows(load_tokenizer(store.model_path), chat_rows(4, "held"), "last")}
    for checkpoint in ("step-4", "step-9"):
        base = AutoModelForCausalLM.from_pretrained(store.model_path)
        model = PeftModel.from_pretrained(base, str(run_dir / "adapters" / checkpoint)).eval().double()
        for line in map(json.loads, results(run_dir)[checkpoint, "scores.jsonl"]):
            row = rows[line["rowId"]]
            with torch.no_grad():
                log_probs = model(torch.tensor([row.tokens])).logits[0].log_softmax(-1)
            expected = sum(float(log_probs[i - 1, row.tokens[i]]) for i, said in enumerate(row.response) if said)
            assert line["logProbability"] == pytest.approx(expected, abs=1e-4)


def killed_while_keeping(run_dir, attempt, step):
    """An attempt that is killed while the adapter of a step is written."""

    def work() -> int:
        from plumbline_trainer import train

        save_adapter = train.save_adapter

        def save_and_die(model, folder):
            save_adapter(model, folder)
            if f"step-{step}." in folder:
                os.kill(os.getpid(), signal.SIGKILL)

        train.save_adapter = save_and_die
        return run_attempt(run_dir, attempt)

    assert os.WTERMSIG(forked(work)) == signal.SIGKILL


def test_kills_at_every_turn_lose_nothing(store):
    undisturbed, disturbed = along(store), along(store)
    assert run_attempt(undisturbed, 1) == 0
    killed_while_keeping(disturbed, 1, 4)
    assert list((disturbed / "adapters").glob(".step-4*")) and not (disturbed / "adapters" / "step-4").exists()
    killed_attempt(disturbed, 2, lambda event: event["type"] == "step" and event["step"] == 5)  # behind step-4, resumes at 3
    killed_attempt(disturbed, 3, lambda event: event["type"] == "checkpoint" and event["step"] == 9)
    killed_attempt(disturbed, 4, lambda event: event["type"] == "eval" and event["checkpoint"] == "final")
    killed_attempt(disturbed, 5, lambda event: event.get("phase") == "score" and event["done"] > 14)
    assert run_attempt(disturbed, 6) == 0
    assert not list((disturbed / "adapters").glob(".*"))
    expected, found = adapters(undisturbed), adapters(disturbed)
    assert expected.keys() == found.keys() and all(same(found[name], expected[name]) for name in expected)
    assert results(disturbed) == results(undisturbed)


def test_stop_between_checkpoints(store):
    run_dir = along(store)
    killed_attempt(run_dir, 1, lambda event: event["type"] == "eval")
    (run_dir / "requests" / "2-stop-1.json").write_text("{}")
    assert run_attempt(run_dir, 2) == 3
    assert [event["checkpoint"] for event in of_type(events_of(run_dir, 2), "eval")] == ["final"]
    assert run_attempt(run_dir, 3) == 0
    assert [event["checkpoint"] for event in of_type(events_of(run_dir, 3), "eval")] == ["final", "step-4", "step-9"]


def test_the_last_step_may_be_named_and_no_later_one(store):
    last = along(store, checkpoints=("final", "step-12"))
    assert run_attempt(last, 1) == 0
    assert same(adapters(last)["adapter"], adapters(last)["step-12"])
    beyond = along(store, checkpoints=("step-0", "final", "step-4", "step-13"))
    assert run_attempt(beyond, 1) == 1
    (error,) = of_type(events_of(beyond), "error")
    assert error["class"] == "bad_data" and "step-0, step-13" in error["message"] and "1 to 12" in error["message"]
    assert not of_type(events_of(beyond), "step")


def test_missing_adapter_of_a_step_is_named_before_anything_is_asked(store):
    run_dir = along(store)
    killed_attempt(run_dir, 1, lambda event: event["type"] == "checkpoint" and event["path"] == "adapter")
    (run_dir / "adapters" / "step-9").rename(run_dir / "elsewhere")
    assert run_attempt(run_dir, 2) == 1
    (error,) = of_type(events_of(run_dir, 2), "error")
    assert error["class"] == "bad_data" and "step-9" in error["message"]
    assert not list(run_dir.rglob("generations.jsonl"))
