"""Every loss against a plain reference in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from conftest import ARCHITECTURES, KL, chat_rows
from torch.nn.functional import log_softmax

from plumbline_trainer.batches import pad_rows
from plumbline_trainer.defenses.registry import build_defenses
from plumbline_trainer.lora import add_lora, set_training_mode, trainable_parameters
from plumbline_trainer.losses import weighted_loss
from plumbline_trainer.models import load_base_model
from plumbline_trainer.response_logits import OutputHead, final_hidden_states
from plumbline_trainer.tokenization import encode_rows, load_tokenizer
from plumbline_trainer.train import _tokens_in_step, loss_terms, micro_batch_loss

LORA = {"rank": 4, "alpha": 8, "dropout": 0.0, "rankStabilized": True}


def adapted(path, *, moved: bool = True):
    """A model with adapters; `moved`: away from the reference, as after some training."""
    torch.manual_seed(0)
    model = add_lora(load_base_model(path, torch.float32, "cpu"), LORA, "tiny/model")
    set_training_mode(model)
    if moved:
        for name, parameter in trainable_parameters(model).items():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.3)
    return model


def encoded(path, count=4):
    return encode_rows(load_tokenizer(path), chat_rows(count, turns=2))


def gradients(model, micro_batches, defenses):
    """The step's loss, its terms and the gradients of the adapters."""
    head = OutputHead(model)
    batches = [pad_rows(rows, "cpu") for rows in micro_batches]
    terms_of = [loss_terms(batch, defenses) for batch in batches]
    tokens_of = _tokens_in_step(terms_of)
    model.zero_grad()
    total, parts = 0.0, dict.fromkeys(tokens_of, 0.0)
    for batch, terms in zip(batches, terms_of):
        loss, values = micro_batch_loss(model, head, batch, terms, tokens_of, defenses)
        loss.backward()
        total += float(loss.detach())
        for term, value in zip(terms, values):
            parts[term.name] += value
    return total, parts, {name: parameter.grad.clone() for name, parameter in trainable_parameters(model).items()}


def plain_float64(model, rows, weight=0.0, direction="trained||reference", tokens="all"):
    """Cross-entropy and KL row by row, over full logits, without padding, in float64."""
    model = copy.deepcopy(model).double()
    cross_entropies, divergences = [], []
    for row in rows:
        ids = torch.tensor([row.tokens])
        trained = log_softmax(model(ids).logits[0], -1)
        with torch.no_grad(), model.disable_adapter():
            reference = log_softmax(model(ids).logits[0], -1)
        left, right = (trained, reference) if direction == "trained||reference" else (reference, trained)
        for position in range(len(row.tokens)):
            predicts_response = position + 1 < len(row.tokens) and row.response[position + 1]
            if predicts_response:
                cross_entropies.append(-trained[position, row.tokens[position + 1]])
            if tokens == "all" or predicts_response:
                divergences.append(sum_over_vocabulary(left[position], right[position]))
    cross_entropy, divergence = torch.stack(cross_entropies).mean(), torch.stack(divergences).mean()
    loss = cross_entropy + weight * divergence
    loss.backward()
    found = {name: parameter.grad for name, parameter in trainable_parameters(model).items()}
    return loss.item(), cross_entropy.item(), divergence.item(), found


def sum_over_vocabulary(left, right):
    return (left.exp() * (left - right)).sum()


def assert_same_gradients(found, expected, tolerance=1e-5):
    scale = max(float(value.abs().max()) for value in expected.values())
    for name, value in expected.items():
        assert torch.allclose(found[name].double(), value.double(), rtol=tolerance, atol=tolerance * scale), name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_cross_entropy_equals_reference(model_paths, architecture):
    model, rows = adapted(model_paths[architecture]), encoded(model_paths[architecture])
    loss, parts, found = gradients(model, [rows], [])
    expected, cross_entropy, _, reference = plain_float64(model, rows)
    assert loss == pytest.approx(expected, rel=1e-6)
    assert parts["cross_entropy"] == pytest.approx(cross_entropy, rel=1e-6)
    assert_same_gradients(found, reference)


@pytest.mark.parametrize("direction", ["trained||reference", "reference||trained"])
@pytest.mark.parametrize("tokens", ["all", "response"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_kl_equals_reference(model_paths, architecture, tokens, direction):
    model, rows = adapted(model_paths[architecture]), encoded(model_paths[architecture])
    defense = build_defenses([{**KL, "weight": 2.0, "direction": direction, "tokens": tokens}], 0)
    loss, parts, found = gradients(model, [rows], defense)
    expected, _, divergence, reference = plain_float64(model, rows, 2.0, direction, tokens)
    assert divergence > 0.01
    assert parts["kl"] == pytest.approx(divergence, rel=1e-5)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert_same_gradients(found, reference)


@pytest.mark.parametrize("direction", ["trained||reference", "reference||trained"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_kl_is_zero_before_the_first_step(model_paths, architecture, direction):
    model, rows = adapted(model_paths[architecture], moved=False), encoded(model_paths[architecture])
    _, parts, with_kl = gradients(model, [rows], build_defenses([{**KL, "direction": direction}], 0))
    _, _, without = gradients(model, [rows], [])
    assert parts["kl"] == 0.0
    assert_same_gradients(with_kl, without)


def test_gradient_does_not_depend_on_accumulation(model_paths):
    path = model_paths["llama"]
    model, rows = adapted(path), encoded(path, 16)
    defenses = build_defenses([KL], 0)
    whole = gradients(model, [rows], defenses)
    split = gradients(model, [rows[i : i + 4] for i in range(0, 16, 4)], defenses)
    assert split[0] == pytest.approx(whole[0], rel=1e-6)
    assert split[1] == pytest.approx(whole[1], rel=1e-5)
    assert_same_gradients(split[2], whole[2])


def test_padding_never_counts(model_paths):
    path = model_paths["llama"]
    model, rows = adapted(path), encoded(path, 3)
    defenses = build_defenses([KL], 0)
    long = encode_rows(load_tokenizer(path), chat_rows(1, "long", turns=6))
    together = gradients(model, [rows + long], defenses)
    apart = gradients(model, [[row] for row in rows + long], defenses)
    assert together[0] == pytest.approx(apart[0], rel=1e-6)
    assert_same_gradients(together[2], apart[2])
    batch = pad_rows(rows + long, "cpu")
    assert batch.tokens == sum(len(row.tokens) for row in rows + long)
    assert int(batch.response.sum()) == sum(row.response_tokens for row in rows + long)


def test_chunks_do_not_change_the_result(model_paths):
    path = model_paths["qwen2"]
    model, batch = adapted(path), pad_rows(encoded(path), "cpu")
    head, results = OutputHead(model), []
    terms = loss_terms(batch, build_defenses([KL], 0))
    counts = [term.tokens for term in terms]
    selected = torch.stack([term.positions for term in terms]).any(0)
    for chunk in (3, 7, 10_000):
        model.zero_grad()
        hidden = final_hidden_states(model, head, batch.input_ids, selected)
        reference = hidden.detach() * 0.9
        loss, _ = weighted_loss(terms, counts, hidden, reference, batch.targets, selected, head, chunk)
        loss.backward()
        results.append((loss.item(), {name: p.grad.clone() for name, p in trainable_parameters(model).items()}))
    for loss, found in results[:2]:
        assert loss == pytest.approx(results[2][0], rel=1e-6)
        assert_same_gradients(found, results[2][1])


def test_only_the_adapters_dropout_is_on(model_paths):
    model = add_lora(load_base_model(model_paths["gpt2"], torch.float32, "cpu"), {**LORA, "dropout": 0.2}, "tiny/model")
    set_training_mode(model)
    on = [name for name, module in model.named_modules() if module.training]
    assert on and all(".lora_dropout." in name for name in on)


def test_head_knows_capped_and_scaled_logits(model_paths):
    from transformers import Gemma2Config, Gemma2ForCausalLM, GraniteConfig, GraniteForCausalLM

    sizes = dict(vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
                 num_key_value_heads=1, max_position_embeddings=64)
    capped = Gemma2ForCausalLM(Gemma2Config(**sizes, head_dim=8, final_logit_softcapping=0.05)).eval()
    scaled = GraniteForCausalLM(GraniteConfig(**sizes, logits_scaling=8.0)).eval()
    for model in (capped, scaled):
        OutputHead(model)  # compares itself with the model's own logits
