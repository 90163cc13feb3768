from __future__ import annotations

import pytest
import torch
from conftest import ARCHITECTURES

from plumbline_trainer import sampling as module
from plumbline_trainer.generate import Prompt, generate
from plumbline_trainer.models import load_base_model
from plumbline_trainer.sampling import Sampling, next_tokens
from plumbline_trainer.tokenization import load_tokenizer


def plain_nucleus(logits, temperature, top_p):
    """Probabilities of every token by the definition of the nucleus."""
    probabilities = (logits.double() / temperature).softmax(-1)
    kept, mass = torch.zeros_like(probabilities), 0.0
    for token in probabilities.argsort(descending=True):
        if mass >= top_p:
            break
        kept[token] = probabilities[token]
        mass += float(probabilities[token])
    return kept / kept.sum()


@pytest.mark.parametrize("width", [torch.float64, torch.float32], ids=["float64", "without float64"])
@pytest.mark.parametrize("candidates", [5, 40])
@pytest.mark.parametrize("temperature, top_p", [(1.0, 1.0), (0.7, 0.9), (1.5, 0.5)])
def test_frequencies_are_those_of_the_nucleus(monkeypatch, temperature, top_p, candidates, width):
    monkeypatch.setattr(module, "_CANDIDATES", candidates)
    monkeypatch.setattr(module, "widest_float", lambda device: width)
    torch.manual_seed(0)
    logits = torch.randn(40) * 2
    count = 20_000
    uniform = (torch.arange(count) + 0.5) / count
    drawn = next_tokens(logits.expand(count, -1), Sampling(temperature, top_p, 1), uniform)
    frequencies = torch.bincount(drawn, minlength=40) / count
    expected = plain_nucleus(logits, temperature, top_p)
    assert torch.allclose(frequencies.double(), expected, atol=2 / count * 40)
    assert not (frequencies[expected == 0]).any()


def test_greedy_and_the_ends_of_the_distribution():
    logits = torch.tensor([[0.0, 5.0, 1.0], [float("-inf"), 0.0, float("-inf")]])
    assert next_tokens(logits, Sampling(0.0, 1.0, 1), torch.zeros(2)).tolist() == [1, 1]
    for uniform in (0.0, 1.0):
        assert next_tokens(logits, Sampling(1.0, 1.0, 1), torch.full((2,), uniform)).tolist()[1] == 1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_answers_do_not_depend_on_company(model_paths, architecture):
    """Alone or padded beside longer prompts, with answers leaving the batch on the way: the same tokens (in fp32)."""
    path = model_paths[architecture]
    model, tokenizer = load_base_model(path, torch.float32, "cpu", "eager"), load_tokenizer(path)
    model.generation_config.eos_token_id = list(range(3, 60))  # so that random weights end some answers early
    prompts = [Prompt(str(i), tuple(range(100, 104 + 5 * i)), seed=i) for i in range(8)]
    sampling = Sampling(1.0, 0.95, 12)
    together = generate(model, tokenizer, prompts, sampling, "cpu")
    assert {answer.finish for answer in together} == {"stop", "length"}
    assert together == [generate(model, tokenizer, [prompt], sampling, "cpu")[0] for prompt in prompts]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_greedy_answers_equal_transformers(model_paths, architecture):
    path = model_paths[architecture]
    model, tokenizer = load_base_model(path, torch.float32, "cpu"), load_tokenizer(path)
    prompt = tuple(range(100, 110))
    (answer,) = generate(model, tokenizer, [Prompt("a", prompt)], Sampling(0.0, 1.0, 10), "cpu")
    own = model.generate(torch.tensor([prompt]), max_new_tokens=10, do_sample=False, pad_token_id=0)[0, 10:]
    assert answer.text == tokenizer.decode(own, skip_special_tokens=True).strip()


def test_global_random_state_is_left_alone(model_paths):
    path = model_paths["llama"]
    model, tokenizer = load_base_model(path, torch.float32, "cpu"), load_tokenizer(path)
    before = torch.get_rng_state()
    generate(model, tokenizer, [Prompt("a", (100, 101), 3)], Sampling(1.0, 1.0, 4), "cpu")
    assert torch.equal(torch.get_rng_state(), before)
