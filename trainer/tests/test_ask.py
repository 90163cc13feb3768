"""The model that stays loaded: answers of the base and of adapters, alike to those of an evaluation; cancelling; errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import chat_rows
from plumbline_trainer import ask as ask_module
from plumbline_trainer.ask import Questions, Respondents, ask
from plumbline_trainer.devices import choose_device
from plumbline_trainer.generate import Prompt, answer_seed, generate
from plumbline_trainer.models import load_evaluation_model
from plumbline_trainer.run import run_attempt
from plumbline_trainer.sampling import Sampling
from plumbline_trainer.tokenization import encode_prompts

SAMPLER = {"temperature": 0.9, "topP": 0.9, "maxTokens": 6, "seed": 3}
BASE = {"name": "base", "adapter": None}
MESSAGES = [{"role": "user", "content": "save money every month"}]


def question(**changes: Any) -> dict[str, Any]:
    return {"id": "one", "models": [BASE], "messages": MESSAGES, "samples": 2, "sampler": SAMPLER, **changes}


def asked(model_path: Path, *questions: dict[str, Any]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    ask(model_path, [json.dumps(line) + "\n" for line in questions], said.append)
    return said


@pytest.fixture(autouse=True)
def in_fp32(monkeypatch):
    """An evaluation merges adapters: the same but for rounding, which in bf16 changes what tiny models say."""
    monkeypatch.setattr(ask_module, "choose_device", lambda _: choose_device("fp32"))


@pytest.fixture
def adapters(store) -> dict[str, Path]:
    runs = {"first": store.run(rows=chat_rows(12)), "second": store.run(rows=chat_rows(12), seed=1, learningRate=0.05)}
    assert [run_attempt(run, 1) for run in runs.values()] == [0, 0]
    return {name: run / "adapter" for name, run in runs.items()}


def test_answers_are_those_of_an_evaluation_of_each_model(store, adapters):
    models = [BASE, *({"name": name, "adapter": str(path)} for name, path in adapters.items()), BASE]
    said = asked(store.model_path, question(models=models))
    assert said[0]["type"] == "ready" and said[-1] == {"type": "done", "id": "one", "cancelled": False}
    answers = [line for line in said if line["type"] == "answer"]
    assert [(line["model"], line["sample"]) for line in answers] == [
        ("base", 0), ("base", 1), ("first", 0), ("first", 1), ("second", 0), ("second", 1), ("base", 0), ("base", 1),
    ]
    assert [line["answer"] for line in answers[:2]] == [line["answer"] for line in answers[6:]]

    respondents = Respondents(store.model_path)
    [tokens] = encode_prompts(respondents.tokenizer, [MESSAGES])
    prompts = [Prompt(str(i), tuple(tokens), answer_seed(3, f"one/{i}")) for i in range(2)]
    for name, start in (("base", 0), ("second", 4)):
        model = load_evaluation_model(store.model_path, adapters.get(name), respondents.device, 32)
        alone = generate(model, respondents.tokenizer, prompts, Sampling(0.9, 0.9, 6), "cpu")
        assert [answer.text for answer in alone] == [line["answer"] for line in answers[start : start + 2]]


def test_an_error_ends_one_question_and_not_the_next(store):
    gone = question(models=[{"name": "gone", "adapter": "/nowhere/adapter"}])
    said = asked(store.model_path, gone, question(id="long", sampler={**SAMPLER, "maxTokens": 5000}), question(id="two"))
    errors = {line["id"]: line for line in said if line["type"] == "error"}
    assert "There is no adapter in /nowhere/adapter" in errors["one"]["message"] and errors["one"]["hint"]
    assert "context" in errors["long"]["message"]
    assert [line["id"] for line in said if line["type"] == "answer"] == ["two", "two"]


def test_a_cancelled_question_is_left_between_batches(store):
    said = asked(store.model_path, {"cancel": "one"}, question(), question(id="two", samples=1))
    assert said[1] == {"type": "done", "id": "one", "cancelled": True}
    assert [line["id"] for line in said if line["type"] == "answer"] == ["two"]


def test_lines_are_read_while_an_answer_is_written():
    def lines():
        yield json.dumps(question()) + "\n"
        yield "\n"
        yield json.dumps({"cancel": "one"})

    questions = Questions(lines())
    assert questions.next()["id"] == "one"
    assert questions.next() is None
    assert questions.is_cancelled("one") and not questions.is_cancelled("two")

