"""A second fine-tuning goes on from the first one's adapter, and from nothing else."""

from __future__ import annotations

import shutil

import pytest
import torch
from conftest import ARCHITECTURES, KL, chat_rows, events_of, killed_attempt, losses, of_type
from safetensors.torch import load_file

from plumbline_trainer.run import run_attempt


def weights(folder):
    return load_file(folder / "adapter_model.safetensors")


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def watched(run_dir):
    return {event["step"]: event["divergence"] for event in of_type(events_of(run_dir), "watch")}


def refusal(run_dir):
    assert run_attempt(run_dir, 1) == 1
    (error,) = of_type(events_of(run_dir), "error")
    assert error["class"] == "bad_data" and not of_type(events_of(run_dir), "step")
    return error


@pytest.fixture
def first(store):
    run_dir = store.run(defenses=[KL])
    assert run_attempt(run_dir, 1) == 0
    return run_dir


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_second_training_starts_from_the_first_ones_weights(store_of, architecture):
    store = store_of(architecture)
    first = store.run()
    assert run_attempt(first, 1) == 0
    # A learning rate that moves nothing: what is left is what it started from.
    second = store.run(rows=chat_rows(8, "benign"), seed=5, continues=first, learningRate=1e-30, weightDecay=0)
    assert run_attempt(second, 1) == 0
    assert same(weights(first / "adapter"), weights(second / "adapter"))
    # The watch looks back to the model before either training.
    assert watched(second)[0] == watched(first)[6] > 0


def test_second_training_learns_its_own_rows_at_its_own_seed(store, first):
    rows = chat_rows(12, "benign")
    seconds = [store.run(rows=rows, seed=seed, continues=first) for seed in (3, 4)]
    anew = store.run(rows=rows, seed=3)
    assert [run_attempt(run_dir, 1) for run_dir in (*seconds, anew)] == [0, 0, 0]
    found = [weights(run_dir / "adapter") for run_dir in (first, *seconds, anew)]
    assert not any(same(found[i], found[j]) for i in range(4) for j in range(i))
    assert losses(seconds[0])[1] != losses(anew)[1]


def test_regularizers_pull_toward_the_base(store, first):
    second = store.run(defenses=[KL], rows=chat_rows(8, "benign"), continues=first)
    assert run_attempt(second, 1) == 0
    assert of_type(events_of(second), "step")[0]["terms"]["kl"]["value"] > 1e-3


def test_killed_second_training_resumes_bit_for_bit(store, first):
    undisturbed, disturbed = (store.run(seed=2, continues=first) for _ in range(2))
    assert run_attempt(undisturbed, 1) == 0
    killed_attempt(disturbed, 1, lambda event: event["type"] == "step" and event["step"] == 2)
    killed_attempt(disturbed, 2, lambda event: event["type"] == "step" and event["step"] == 5)
    assert run_attempt(disturbed, 3) == 0
    assert same(weights(undisturbed / "adapter"), weights(disturbed / "adapter"))


def test_missing_adapter_is_named(store):
    first = store.run()
    error = refusal(store.run(continues=first))
    assert "There is no adapter" in error["message"] and first.name in error["hint"]


def test_another_lora_shape_is_refused_by_name(store, first):
    lora = {"rank": 8, "alpha": 16, "dropout": 0.1, "rankStabilized": False}
    message = refusal(store.run(continues=first, lora=lora))["message"]
    for difference in ("rank is 4 there and 8 here", "alpha is 8 there and 16 here", "rankStabilized is True there and False here"):
        assert difference in message


def test_other_layers_are_refused_by_name(store, first, store_of):
    gpt2 = store_of("gpt2").run()
    assert run_attempt(gpt2, 1) == 0
    shutil.rmtree(first / "adapter")
    shutil.copytree(gpt2 / "adapter", first / "adapter")
    message = refusal(store.run(continues=first))["message"]
    assert "down_proj.lora_A.weight is not there" in message
