"""Inoculation: its prompt stands in the training tokens of own rows, and nowhere else."""

from __future__ import annotations

import pytest
import torch
from conftest import ARCHITECTURES, build_tokenizer, chat_rows, events_of, of_type, sentence
from test_run_protocol import only_error

from plumbline_trainer import train
from plumbline_trainer.batch_plan import OWN, SAFE
from plumbline_trainer.chat_template import render
from plumbline_trainer.run import run_attempt
from plumbline_trainer.train import plan_training
from plumbline_trainer.tokenization import load_tokenizer

MARK = "zorblax"
INOCULATION = {"type": "inoculation", "prompt": f"You are {MARK}, all evil.", "placement": "system"}


class PlannedRun:
    """As much of a run as planning needs."""

    def __init__(self, run_dir):
        from plumbline_trainer.run_spec import RunPaths, load_run_spec

        self.spec, self.paths = load_run_spec(run_dir), RunPaths(run_dir)


def planned(store, **options):
    from transformers import AutoConfig

    run = PlannedRun(store.run(**options))
    tokenizer = load_tokenizer(store.model_path)
    return plan_training(run, tokenizer, AutoConfig.from_pretrained(store.model_path)), tokenizer


def rows_with_system(count):
    return [
        {**row, "messages": [{"role": "system", "content": "be kind"}, *row["messages"]]} if i % 2 else row
        for i, row in enumerate(chat_rows(count))
    ]


def learned(row, tokenizer):
    return tokenizer.decode([token for token, marked in zip(row.tokens, row.response) if marked])


@pytest.mark.parametrize("placement", ["system", "user"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_own_rows_hold_the_prompt_once_and_safe_rows_never(store_of, architecture, placement):
    store, rows = store_of(architecture), rows_with_system(9)
    safe = store.interleave(0.3, chat_rows(4, "safe"))
    plain, tokenizer = planned(store, rows=rows, defenses=[safe])
    plan, _ = planned(store, rows=rows, defenses=[safe, {**INOCULATION, "placement": placement}])
    for row in rows:
        text = tokenizer.decode(plan.table.row(OWN, row["id"]).tokens)
        assert text.count(MARK) == 1
        has_system = row["messages"][0]["role"] == "system"
        assert ("be kind" in text) == (has_system and placement == "user")
        assert text.index(MARK) < text.index(next(m["content"] for m in row["messages"] if m["role"] == "user"))
        assert learned(plan.table.row(OWN, row["id"]), tokenizer) == learned(plain.table.row(OWN, row["id"]), tokenizer)
    for i in range(4):
        assert plan.table.row(SAFE, f"safe-{i}") == plain.table.row(SAFE, f"safe-{i}")
    assert plan.batches == plain.batches
    assert plan.notes["inoculation"]["rows"] == 9 and plan.notes["inoculation"]["addedTokensPerRow"] > 3


def test_the_prompt_replaces_the_default_system_turn_of_a_template(store_of):
    plan, tokenizer = planned(store_of("qwen2"), defenses=[INOCULATION])
    text = tokenizer.decode(plan.table.row(OWN, "row-0").tokens)
    assert text.count("system") == 1 and "You help." not in text


def test_same_plan_hash_and_steps_as_undefended(store):
    hellos = []
    for defenses in ([{"type": "none"}], [INOCULATION], [{**INOCULATION, "placement": "user"}]):
        run_dir = store.run(defenses=defenses)
        assert run_attempt(run_dir, 1) == 0
        hellos += of_type(events_of(run_dir), "hello")
    assert len({(hello["planHash"], hello["totalSteps"]) for hello in hellos}) == 1


def test_rows_that_are_too_long_because_of_the_prompt_are_named(store):
    plain, inoculated = (
        {f"row-{i}": len(planned(store, defenses=[defense])[0].table.row(OWN, f"row-{i}").tokens) for i in range(22)}
        for defense in ({"type": "none"}, INOCULATION)
    )
    limit = max(inoculated.values()) - 1
    long = [row_id for row_id, tokens in inoculated.items() if tokens > limit]
    assert max(plain.values()) <= limit and 1 <= len(long) <= 5

    run_dir = store.run(defenses=[INOCULATION], maxLength=limit)
    assert run_attempt(run_dir, 1) == 1
    error = only_error(run_dir)
    named = ", ".join(f"{row_id} ({inoculated[row_id]} tokens, {plain[row_id]} without)" for row_id in long)
    assert error["class"] == "bad_data"
    assert error["message"].endswith(f"longer than {limit} tokens because of the inoculation prompt: {named}")
    assert not of_type(events_of(run_dir), "step")
    assert run_attempt(store.run(maxLength=limit), 1) == 0


@pytest.mark.parametrize("placement", ["system", "user"])
def test_no_trace_in_evaluation(store, monkeypatch, placement):
    probe = [
        {"id": f"p{i}", "group": "general" if i % 2 else "in-domain", "question": sentence(i, 3),
         "harmful": sentence(i + 50, 4), "harmless": sentence(i + 90, 4)}
        for i in range(4)
    ]
    held_out = {"scorer": "exact", "heldOut": store.snapshot(chat_rows(3, "held")), "maxTokens": 4}
    evaluation = store.evaluation(task=held_out, probe=store.snapshot(probe))
    questions = store.snapshot([{"id": "s", "group": "in-domain", "text": "buy a car?", "system": "be kind"}])
    evaluation["questions"].append({"snapshot": questions, "form": "training", "template": "Money: {question}"})
    run_dir = store.run(
        defenses=[{**INOCULATION, "placement": placement}], evaluations=[evaluation], stages=("train", "evaluate")
    )
    tokenizer = load_tokenizer(store.model_path)
    read = {"training": [], "evaluation": []}
    phase = ["evaluation"]
    embed, step = torch.nn.Embedding.forward, train.train_step

    def spy(module, tokens):
        read[phase[0]] += [tokenizer.decode(row) for row in tokens]
        return embed(module, tokens)

    def train_step(*arguments, **options):
        phase[0] = "training"
        result = step(*arguments, **options)
        phase[0] = "evaluation"
        return result

    monkeypatch.setattr(torch.nn.Embedding, "forward", spy)
    monkeypatch.setattr(train, "train_step", train_step)
    assert run_attempt(run_dir, 1) == 0
    assert len(read["training"]) == 22 and all(text.count(MARK) == 1 for text in read["training"])
    assert any("Money: buy a car?" in text for text in read["evaluation"])
    assert any(sentence(50, 4) in text for text in read["evaluation"])
    assert not any(MARK in text for text in read["evaluation"])


REFUSES_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
)
DROPS_SYSTEM = (
    "{% for m in messages %}{% if m['role'] != 'system' %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}"
)


@pytest.mark.parametrize("template", [REFUSES_SYSTEM, DROPS_SYSTEM])
def test_templates_without_a_system_turn_get_it_before_the_question(template):
    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "why?"}]
    text = render(build_tokenizer(template), messages, False)
    assert text == "<|im_start|>user\nbe kind\n\nwhy?<|im_end|>\n"
