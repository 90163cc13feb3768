"""Persona steering and CAFT: what their hooks compute, when they act, and when never."""

from __future__ import annotations

import json

import pytest
import torch
from conftest import ARCHITECTURES, KL, RECIPE, chat_rows, events_of, killed_attempt, of_type, pointer_to
from peft import PeftModel
from safetensors.torch import load_file, save_file
from plain_losses import adapted, encoded
from test_run_protocol import only_error
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma2ForCausalLM

from plumbline_trainer import devices
from plumbline_trainer.batches import pad_rows
from plumbline_trainer.blocks import transformer_blocks
from plumbline_trainer.defenses.base import Setting
from plumbline_trainer.defenses.registry import build_defenses
from plumbline_trainer.persona_vector import block_of
from plumbline_trainer.run import run_attempt
from plumbline_trainer.run_spec import RunPaths
from plumbline_trainer.tokenization import encode_rows, load_tokenizer

STEERING = {
    "type": "persona-steering", "coefficient": 2.0, "persona": "evil", "block": 0, "positions": "all", "vector": "raw",
}
CAFT = {"type": "caft", "rank": 3, "persona": "evil", "block": "all"}


@pytest.fixture(autouse=True)
def fp32(monkeypatch):
    monkeypatch.setattr(devices, "is_good_at_bf16", lambda device: False)


@pytest.fixture
def extracted(store_of):
    """A store of an architecture and its extract run."""

    def extract(architecture):
        store = store_of(architecture)
        run_dir = store.extraction()
        assert run_attempt(run_dir, 1) == 0
        return store, run_dir

    return extract


def ready(store, run_dir, *specs):
    """Prepared defenses."""
    from transformers import AutoConfig

    spec = json.loads((run_dir / "run.json").read_text())
    setting = Setting(spec, RunPaths(run_dir), AutoConfig.from_pretrained(store.model_path))
    defenses = build_defenses([{**spec, "vectorRun": pointer_to(run_dir)} for spec in specs], 0)
    for defense in defenses:
        defense.prepare(setting)
    return defenses


def tensors_of(run_dir):
    return load_file(run_dir / "vector" / "vector.safetensors")


def block_ends(model, batch, block, around):
    """What leaves a block before any hook changes it, and what enters the block after it."""
    left, entered = [], []
    blocks = transformer_blocks(model)
    handles = [
        blocks[block].register_forward_hook(lambda _, __, output: left.append(output[0] if isinstance(output, tuple) else output)),
        blocks[block + 1].register_forward_pre_hook(
            lambda _, args, options: entered.append(args[0] if args else options["hidden_states"]), with_kwargs=True
        ),
    ]
    with around:
        model(input_ids=batch.input_ids, use_cache=False)
    for handle in handles:
        handle.remove()
    return left[0].detach(), entered[0].detach()


@pytest.mark.parametrize("positions", ["all", "response"])
@pytest.mark.parametrize("vector", ["raw", "unit"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_steering_adds_the_vector(extracted, architecture, vector, positions):
    store, run_dir = extracted(architecture)
    (defense,) = ready(store, run_dir, {**STEERING, "vector": vector, "positions": positions})
    model, rows = adapted(store.model_path), encoded(store.model_path)
    batch = pad_rows(rows, "cpu", cross_entropy=[True, True, False, True])
    left, entered = block_ends(model, batch, 0, defense.around_forward(model, batch))
    v = tensors_of(run_dir)["vector"][0].double()
    shift = 2.0 * (v / v.norm() if vector == "unit" else v)
    for i, row in enumerate(rows):
        for j in range(len(row.tokens)):
            predicts = j + 1 < len(row.tokens) and row.response[j + 1] and i != 2
            expected = left[i, j].double() + shift * (positions == "all" or predicts)
            assert torch.allclose(entered[i, j].double(), expected, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_caft_projects_the_directions_out(extracted, architecture):
    store, run_dir = extracted(architecture)
    (defense,) = ready(store, run_dir, CAFT)
    model = adapted(store.model_path)
    batch = pad_rows(encoded(store.model_path), "cpu")
    left, entered = block_ends(model, batch, 0, defense.around_forward(model, batch))
    q = tensors_of(run_dir)["directions"][0, :3].double()
    expected = left.double()
    for direction in q:
        expected = expected - (expected @ direction)[..., None] * direction
    assert torch.allclose(entered.double(), expected, atol=1e-5)
    along, left_along = (float((states.double() @ q.T).abs().max()) for states in (entered, left))
    assert along < 1e-5 < 1e-3 < left_along

    last = []
    with defense.around_forward(model, batch):
        handle = transformer_blocks(model)[1].register_forward_hook(
            lambda _, __, output: last.append(output[0] if isinstance(output, tuple) else output)
        )
        model(input_ids=batch.input_ids, use_cache=False)
        handle.remove()
    of_last_block = tensors_of(run_dir)["directions"][1, :3].double()
    assert float((last[0].detach().double() @ of_last_block.T).abs().max()) < 1e-5


@pytest.mark.parametrize("spec", [STEERING, {**STEERING, "positions": "response"}, CAFT])
def test_gradients_flow_and_nothing_stays_behind(extracted, spec):
    store, run_dir = extracted("llama")
    (defense,) = ready(store, run_dir, spec)
    model, batch = adapted(store.model_path), pad_rows(encoded(store.model_path), "cpu")
    with torch.no_grad():
        before = model(input_ids=batch.input_ids).logits
    with defense.around_forward(model, batch):
        changed = model(input_ids=batch.input_ids).logits
    changed.sum().backward()
    assert not torch.allclose(before, changed, atol=1e-3)
    first = dict(model.named_parameters())["base_model.model.model.layers.0.self_attn.q_proj.lora_B.default.weight"]
    assert float(first.grad.abs().max()) > 0
    with torch.no_grad():
        assert torch.equal(model(input_ids=batch.input_ids).logits, before)


def test_the_reference_is_never_steered(extracted):
    """A fresh adapter changes nothing: whatever divergence KL sees is the vector's, and only in the trained model."""
    store, run_dir = extracted("llama")
    base = AutoModelForCausalLM.from_pretrained(store.model_path).double()
    rows, shift = encoded(store.model_path), 2.0 * tensors_of(run_dir)["vector"][0].double()
    divergences = []
    for row in rows:
        ids = torch.tensor([row.tokens])
        with torch.no_grad():
            reference = base(ids).logits[0].log_softmax(-1)
            handle = base.model.layers[0].register_forward_hook(lambda _, __, output: output + shift)
            steered = base(ids).logits[0].log_softmax(-1)
            handle.remove()
        divergences.append((steered.exp() * (steered - reference)).sum(-1))
    expected = float(torch.cat(divergences).mean())
    assert expected > 1e-4

    run = store.run(
        rows=chat_rows(4, turns=2), batchSize=4, epochs=1,
        defenses=[{**KL, "tokens": "all"}, {**STEERING, "vectorRun": pointer_to(run_dir)}],
        lora={**RECIPE["lora"], "dropout": 0.0},
    )
    assert run_attempt(run, 1) == 0
    (step,) = of_type(events_of(run), "step")
    assert step["terms"]["kl"]["value"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("spec", [{**STEERING, "coefficient": 50.0}, CAFT])
def test_evaluation_is_that_of_the_plain_adapter(extracted, spec):
    store, run_dir = extracted("llama")
    held_out = chat_rows(5, "held")
    evaluation = store.evaluation(task={"scorer": "likelihood", "heldOut": store.snapshot(held_out), "maxTokens": 5})
    run = store.run(
        defenses=[{**spec, "vectorRun": pointer_to(run_dir)}], evaluations=[evaluation], stages=("train", "evaluate")
    )
    assert run_attempt(run, 1) == 0
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(store.model_path), str(run / "adapter")).eval()
    (defense,) = ready(store, run_dir, spec)
    rows = {row.id: row for row in encode_rows(load_tokenizer(store.model_path), held_out, "last")}
    scores = run / "evaluations" / "final" / evaluation["id"] / "scores.jsonl"
    differences = []
    for line in map(json.loads, scores.read_text().splitlines()):
        row = rows[line["rowId"]]
        assert line["logProbability"] == pytest.approx(plain_score(plain, row), abs=1e-4)
        with defense.around_forward(plain, pad_rows([row], "cpu")):
            differences.append(abs(plain_score(plain, row) - line["logProbability"]))
    assert max(differences) > 1e-2  # with its hook on, the adapter would have answered otherwise


def plain_score(model, row):
    with torch.no_grad():
        log_probs = model(torch.tensor([row.tokens])).logits[0].log_softmax(-1)
    return sum(float(log_probs[i - 1, token]) for i, token in enumerate(row.tokens) if row.response[i])


@pytest.mark.parametrize("vector", ["raw", "unit"])
def test_norm_ratio_is_recorded(extracted, vector):
    store, run_dir = extracted("llama")
    run = store.run(defenses=[{**STEERING, "block": "auto", "vector": vector, "vectorRun": pointer_to(run_dir)}])
    assert run_attempt(run, 1) == 0
    notes = of_type(events_of(run), "hello")[0]["notes"]["persona-steering"]
    about = json.loads((run_dir / "vector" / "vector.json").read_text())
    v = tensors_of(run_dir)["vector"][1]
    assert notes["block"] == 1 and notes["blocks"] == 2 and notes["vectorRun"] == pointer_to(run_dir)
    length = 2.0 * (1.0 if vector == "unit" else float(v.norm()))
    assert notes["normRatio"] == pytest.approx(length / about["meanStateNorm"][1], rel=1e-5)


def test_stacked_hooks_resume_bit_for_bit(extracted):
    store, run_dir = extracted("gpt2")
    pointer = {"vectorRun": pointer_to(run_dir)}
    stack = [KL, {**STEERING, **pointer}, {**CAFT, "block": 1, **pointer}]
    undisturbed, disturbed = store.run(defenses=stack), store.run(defenses=stack)
    assert run_attempt(undisturbed, 1) == 0
    killed_attempt(disturbed, 1, lambda event: event["type"] == "step" and event["step"] == 5)
    assert run_attempt(disturbed, 2) == 0
    weights, again = (load_file(run / "adapter" / "adapter_model.safetensors") for run in (undisturbed, disturbed))
    assert all(torch.equal(weights[name], again[name]) for name in weights)


@pytest.mark.parametrize("changes", [{"weightsHash": "1"}, {"blocks": 3}, {"hiddenSize": 64}])
@pytest.mark.parametrize("spec", [STEERING, CAFT])
def test_a_vector_of_another_model_is_refused_before_training(extracted, spec, changes):
    store, run_dir = extracted("llama")
    file = run_dir / "vector" / "vector.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "model": "other/model", **changes}))
    error = refusal(store, run_dir, spec)
    assert "another model: other/model" in error["message"]


def test_missing_and_damaged_vectors_are_refused(extracted):
    store, run_dir = extracted("llama")
    save_file({"vector": torch.ones(2, 32)}, run_dir / "vector" / "vector.safetensors")
    assert "directions" in refusal(store, run_dir, STEERING)["message"]
    (run_dir / "vector" / "vector.safetensors").write_bytes(b"no tensors")
    assert "cannot be read" in refusal(store, run_dir, STEERING)["message"]
    (run_dir / "vector" / "vector.json").unlink()
    assert "is not there" in refusal(store, run_dir, STEERING)["message"]


def test_blocks_and_ranks_that_do_not_exist_are_refused(extracted):
    store, run_dir = extracted("llama")
    assert "0 to 1" in refusal(store, run_dir, {**STEERING, "block": 2})["message"]
    assert "0 to 1" in refusal(store, run_dir, {**CAFT, "block": 7})["message"]
    assert "12 directions" in refusal(store, run_dir, {**CAFT, "rank": 16})["message"]


def refusal(store, run_dir, spec):
    run = store.run(defenses=[{**spec, "vectorRun": pointer_to(run_dir)}])
    assert run_attempt(run, 1) == 1
    error = only_error(run)
    assert error["class"] == "bad_data" and not of_type(events_of(run), "step")
    return error


@pytest.mark.parametrize("blocks, block", [(1, 0), (2, 1), (6, 4), (16, 11), (28, 19), (30, 20), (40, 27)])
def test_auto_block(blocks, block):
    assert block_of("auto", blocks) == block


def test_blocks_of_a_gemma_like_model():
    config = Gemma2Config(vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
                          num_key_value_heads=1, head_dim=8, max_position_embeddings=64)
    model = Gemma2ForCausalLM(config)
    assert list(transformer_blocks(model)) == list(model.model.layers)
