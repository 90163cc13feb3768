"""Train, kill, resume, reload: on three families of models, bit for bit."""

from __future__ import annotations

import os
import signal

import pytest
import torch
from conftest import ARCHITECTURES, KL, chat_rows, events_of, forked, killed_attempt, losses, of_type
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from plumbline_trainer.run import run_attempt


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_killed_run_resumes_bit_for_bit_and_reloads_with_peft_alone(store_of, architecture):
    store = store_of(architecture)
    stack = [KL, store.interleave(0.2, chat_rows(9, "safe"))]
    undisturbed = store.run(defenses=stack)
    disturbed = store.run(defenses=stack)

    assert run_attempt(undisturbed, 1) == 0
    killed_attempt(disturbed, 1, lambda event: event["type"] == "step" and event["step"] == 5)
    assert run_attempt(disturbed, 2) == 0

    expected = losses(undisturbed)
    assert len(expected) == 6
    resumed = losses(disturbed, 2)
    assert sorted(resumed) == [4, 5, 6]
    assert {**losses(disturbed, 1), **resumed} == expected
    assert of_type(events_of(disturbed, 2), "hello")[0]["notes"]["resumedFromStep"] == 3
    weights = load_file(undisturbed / "adapter" / "adapter_model.safetensors")
    again = load_file(disturbed / "adapter" / "adapter_model.safetensors")
    assert weights.keys() == again.keys()
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert any(value.abs().sum() > 0 for name, value in weights.items() if "lora_B" in name)

    _same_logits_with_peft_alone(store.model_path, undisturbed / "adapter", weights)


def _same_logits_with_peft_alone(model_path, adapter, weights):
    tokens = torch.tensor([[5, 17, 42, 8, 99, 3]])
    base = AutoModelForCausalLM.from_pretrained(model_path)
    with torch.no_grad():
        untrained = base(tokens).logits
        loaded = PeftModel.from_pretrained(base, str(adapter))
        trained = loaded(tokens).logits
    assert not torch.allclose(untrained, trained, atol=1e-3)
    config = loaded.peft_config["default"]
    scaling = config.lora_alpha / config.r**0.5
    by_hand = AutoModelForCausalLM.from_pretrained(model_path)
    modules = dict(by_hand.named_modules())
    with torch.no_grad():
        for name in (name for name in weights if name.endswith("lora_A.weight")):
            module = modules[name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")]
            update = scaling * weights[name.replace("lora_A", "lora_B")] @ weights[name]
            module.weight += update.T if config.fan_in_fan_out else update
        assert torch.allclose(by_hand(tokens).logits, trained, atol=1e-5)


def test_every_linear_layer_but_the_head_is_adapted(store_of):
    expected = {
        "llama": {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"},
        "qwen2": {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"},
        "gpt2": {"c_attn", "c_proj", "c_fc"},
    }
    from plumbline_trainer.lora import target_modules

    for architecture, names in expected.items():
        model = AutoModelForCausalLM.from_pretrained(store_of(architecture).model_path)
        assert set(target_modules(model)) == names


def test_kill_while_a_checkpoint_is_written_leaves_the_older_one(store):
    run_dir = store.run(checkpointEverySteps=2)

    def work() -> int:
        from plumbline_trainer import checkpoint

        save_file = checkpoint.save_file

        def save_and_die(tensors, path):
            save_file(tensors, path)
            if "step-000004" in str(path):
                os.kill(os.getpid(), signal.SIGKILL)

        checkpoint.save_file = save_and_die
        return run_attempt(run_dir, 1)

    assert os.WIFSIGNALED(forked(work))
    assert [path.name for path in run_dir.glob("checkpoints/step-*")] == ["step-000002"]
    assert list(run_dir.glob("checkpoints/.step-000004*"))
    assert run_attempt(run_dir, 2) == 0
    assert sorted(losses(run_dir, 2)) == [3, 4, 5, 6]


def test_damaged_checkpoint_is_passed_over(store):
    run_dir = store.run(checkpointEverySteps=2)
    killed_attempt(run_dir, 1, lambda event: event["type"] == "step" and event["step"] == 5)
    newest = run_dir / "checkpoints" / "step-000004"
    weights = newest / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + b"\0" * 8)
    assert run_attempt(run_dir, 2) == 0
    assert sorted(losses(run_dir, 2)) == [3, 4, 5, 6]
    assert not newest.exists()


def test_checkpoints_keep_the_newest_two_and_load_as_peft_folders(store):
    run_dir = store.run(checkpointEverySteps=1)
    killed_attempt(run_dir, 1, lambda event: event["type"] == "checkpoint" and event["step"] == 4)
    assert sorted(path.name for path in run_dir.glob("checkpoints/*")) == ["step-000003", "step-000004"]
    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(store.model_path), str(run_dir / "checkpoints/step-000004"))
    assert not list(run_dir.rglob("*.bin")) + list(run_dir.rglob("*.pt")) + list(run_dir.rglob("*.pkl"))


def test_fraction_of_an_epoch(store):
    run_dir = store.run(epochs=1.5)
    assert run_attempt(run_dir, 1) == 0
    steps = of_type(events_of(run_dir), "step")
    assert len(steps) == 6 + 3
    assert steps[-1]["epoch"] == 1.5
