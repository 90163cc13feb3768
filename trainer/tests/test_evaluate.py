from __future__ import annotations

import json
import math

import pytest
import torch
from conftest import ARCHITECTURES, SAMPLER, chat_rows, events_of, killed_attempt, of_type, sentence
from transformers import AutoModelForCausalLM

from plumbline_trainer import evaluate as evaluation_module
from plumbline_trainer import generate as generation_module
from plumbline_trainer.run import run_attempt
from plumbline_trainer.tokenization import encode_rows, load_tokenizer


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(generation_module, "BATCH_ANSWERS", 4)
    monkeypatch.setattr(evaluation_module, "ROWS_PER_BATCH", 2)


@pytest.fixture(autouse=True)
def fp32(monkeypatch):
    from plumbline_trainer import devices

    monkeypatch.setattr(devices, "is_good_at_bf16", lambda device: False)


def pairs(count):
    return [
        {"id": f"p{i}", "group": "general" if i % 2 else "in-domain", "question": sentence(i, 3),
         "harmful": sentence(i + 50, 4), "harmless": sentence(i + 90, 4)}
        for i in range(count)
    ]


def folder(run_dir, checkpoint="base"):
    return run_dir / "evaluations" / checkpoint / "0123456789abcdef"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def full_evaluation(store, scorer="exact"):
    return store.evaluation(
        task={"scorer": scorer, "heldOut": store.snapshot(chat_rows(5, "held", turns=2)), "maxTokens": 5},
        probe=store.snapshot(pairs(8)),
    )


def test_answers_and_scores_of_the_base_model(store):
    questions = store.snapshot([{"id": "a", "group": "in-domain", "text": "buy a car?", "system": "be kind"}])
    evaluation = full_evaluation(store)
    evaluation["questions"].append({"snapshot": questions, "form": "training", "template": "Money: {question}"})
    run_dir = store.run(evaluations=[evaluation], stages=("evaluate",))
    assert run_attempt(run_dir, 1) == 0

    generations = lines(folder(run_dir) / "generations.jsonl")
    assert len(generations) == 12 and len({line["key"] for line in generations}) == 12
    fields = {"key", "questionId", "group", "form", "sample", "seed", "question", "answer", "finish", "tokens"}
    for line in generations:
        assert set(line) == fields
        assert line["key"] == f"{line['questionId']}/{line['form']}/{line['sample']}"
        assert line["finish"] in ("stop", "length") and 1 <= line["tokens"] <= SAMPLER["maxTokens"]
        assert line["answer"] == line["answer"].strip() and "<|" not in line["answer"]
    assert {line["question"] for line in generations if line["questionId"] == "a"} == {"Money: buy a car?"}

    scores = lines(folder(run_dir) / "scores.jsonl")
    assert [line["kind"] for line in scores].count("probe") == 8
    tasks = [line for line in scores if line["kind"] == "task"]
    assert len(tasks) == 5
    expected = {row["id"]: row["messages"][-1]["content"] for row in chat_rows(5, "held", turns=2)}
    assert all(line["expected"] == expected[line["rowId"]] and isinstance(line["answer"], str) for line in tasks)

    hello = of_type(events_of(run_dir), "hello")[0]
    assert hello["planHash"] is None and hello["totalSteps"] is None
    assert of_type(events_of(run_dir), "eval")[0]["generations"] == 12


def test_log_probabilities_equal_a_plain_reference(store):
    run_dir = store.run(evaluations=[full_evaluation(store, "likelihood")], stages=("evaluate",))
    assert run_attempt(run_dir, 1) == 0
    model = AutoModelForCausalLM.from_pretrained(store.model_path).double()
    tokenizer = load_tokenizer(store.model_path)
    rows = {row.id: row for row in encode_rows(tokenizer, chat_rows(5, "held", turns=2), "last")}
    tasks = [line for line in lines(folder(run_dir) / "scores.jsonl") if line["kind"] == "task"]
    for line in tasks:
        row = rows[line["rowId"]]
        with torch.no_grad():
            log_probs = model(torch.tensor([row.tokens])).logits[0].log_softmax(-1)
        total = sum(
            float(log_probs[i - 1, token]) for i, (token, response) in enumerate(zip(row.tokens, row.response)) if response
        )
        assert line["logProbability"] == pytest.approx(total, abs=1e-4)
        assert line["tokens"] == row.response_tokens
        assert line["expected"] is None and line["answer"] is None


@pytest.mark.parametrize("scorer", ["numeric", "regex", "contains"])
def test_scorers_of_answers_get_greedy_answers(store, scorer):
    options = {"numeric": {"tolerance": 0, "relativeTolerance": 0}, "regex": {"pattern": "(a)", "ignoreCase": False},
               "contains": {"ignoreCase": True, "wholeWords": True}}[scorer]
    exact, other = full_evaluation(store), full_evaluation(store, scorer)
    other["task"].update(options)
    answers = []
    for evaluation in (exact, other):
        run_dir = store.run(evaluations=[evaluation], stages=("evaluate",))
        assert run_attempt(run_dir, 1) == 0
        answers.append([line for line in lines(folder(run_dir) / "scores.jsonl") if line["kind"] == "task"])
    assert answers[0] == answers[1]


def test_choices_are_scored_in_the_place_of_the_answer(store):
    rows = chat_rows(5, "held", turns=2)
    choices = [{"rowId": row["id"], "choices": [sentence(i, 2), row["messages"][-1]["content"], sentence(i + 7, 5)]}
               for i, row in enumerate(rows)]
    task = {"scorer": "multiple-choice", "choices": store.snapshot(choices), "heldOut": store.snapshot(rows), "maxTokens": 5}
    evaluation = store.evaluation(task=task)
    run_dir = store.run(evaluations=[evaluation], stages=("evaluate",))
    assert run_attempt(run_dir, 1) == 0
    scores = {line["rowId"]: line for line in lines(folder(run_dir) / "scores.jsonl")}
    model = AutoModelForCausalLM.from_pretrained(store.model_path).double()
    tokenizer = load_tokenizer(store.model_path)
    for row, line in zip(rows, (scores[row["id"]] for row in rows)):
        expected = row["messages"][-1]["content"]
        assert line["expected"] == expected and line["answer"] is None
        assert [choice["text"] for choice in line["choices"]] == [sentence(rows.index(row), 2), expected, sentence(rows.index(row) + 7, 5)]
        # The expected choice is the row itself.
        assert line["choices"][1]["logProbability"] == pytest.approx(line["logProbability"], abs=1e-4)
        assert line["choices"][1]["tokens"] == line["tokens"]
        for choice in line["choices"]:
            variant = {"id": "v", "messages": [*row["messages"][:-1], {"role": "assistant", "content": choice["text"]}]}
            (encoded,) = encode_rows(tokenizer, [variant], "last")
            with torch.no_grad():
                log_probs = model(torch.tensor([encoded.tokens])).logits[0].log_softmax(-1)
            total = sum(float(log_probs[i - 1, token]) for i, token in enumerate(encoded.tokens) if encoded.response[i])
            assert choice["logProbability"] == pytest.approx(total, abs=1e-4)


def test_greedy_answers_equal_a_plain_loop(store):
    run_dir = store.run(evaluations=[full_evaluation(store)], stages=("evaluate",))
    assert run_attempt(run_dir, 1) == 0
    model = AutoModelForCausalLM.from_pretrained(store.model_path)
    tokenizer = load_tokenizer(store.model_path)
    answers = {line["rowId"]: line["answer"] for line in lines(folder(run_dir) / "scores.jsonl") if line["kind"] == "task"}
    for row in chat_rows(5, "held", turns=2):
        text = tokenizer.apply_chat_template(row["messages"][:-1], tokenize=False, add_generation_prompt=True)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        said = []
        for _ in range(5):
            token = int(model(torch.tensor([ids + said])).logits[0, -1].argmax())
            if token == tokenizer.eos_token_id:
                break
            said.append(token)
        assert answers[row["id"]] == tokenizer.decode(said, skip_special_tokens=True).strip()


def test_killed_evaluation_resumes_with_the_same_answers(store):
    evaluation = full_evaluation(store)
    undisturbed, disturbed = (store.run(evaluations=[evaluation], stages=("evaluate",)) for _ in range(2))
    assert run_attempt(undisturbed, 1) == 0
    killed_attempt(disturbed, 1, lambda event: event.get("phase") == "generate" and event["done"] >= 8)
    generations, scores = folder(disturbed) / "generations.jsonl", folder(disturbed) / "scores.jsonl"
    assert len(lines(generations)) == 8
    # As if the machine had died in the middle of writing: one answer of the last batch, and half a line.
    kept = generations.read_bytes().splitlines(keepends=True)[:5]
    generations.write_bytes(b"".join(kept) + b'{"key":"q1/pl')
    killed_attempt(disturbed, 2, lambda event: event.get("phase") == "score" and event["done"] >= 10 + 6)
    assert run_attempt(disturbed, 3) == 0

    def by_key(path):
        return sorted(path.read_text().splitlines())

    assert by_key(generations) == by_key(folder(undisturbed) / "generations.jsonl")
    assert by_key(scores) == by_key(folder(undisturbed) / "scores.jsonl")


def test_stop_between_batches(store):
    run_dir = store.run(evaluations=[full_evaluation(store)], stages=("evaluate",))
    (run_dir / "requests" / "1-stop-1.json").write_text("{}")
    assert run_attempt(run_dir, 1) == 3
    assert events_of(run_dir)[-1]["status"] == "cancelled"
    assert run_attempt(run_dir, 2) == 0


def test_finished_training_is_not_repeated(store):
    run_dir = store.run(evaluations=[full_evaluation(store)], stages=("train", "evaluate"))
    killed_attempt(run_dir, 1, lambda event: event.get("phase") == "generate")
    assert not (run_dir / "checkpoints").exists()
    assert run_attempt(run_dir, 2) == 0
    events = events_of(run_dir, 2)
    assert not of_type(events, "step")
    assert of_type(events, "hello")[0]["notes"]["resumedFromStep"] == 6
    assert events[-1]["step"] == 6
    assert len(lines(folder(run_dir, "final") / "generations.jsonl")) == 10


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_merged_adapter_gives_the_logits_of_the_adapted_model(store_of, architecture):
    from peft import PeftModel

    from plumbline_trainer.devices import choose_device
    from plumbline_trainer.models import load_base_model, load_evaluation_model

    store = store_of(architecture)
    run_dir = store.run()
    assert run_attempt(run_dir, 1) == 0
    adapter = run_dir / "adapter"
    merged = load_evaluation_model(store.model_path, adapter, choose_device("fp32"), 100)
    adapted = PeftModel.from_pretrained(load_base_model(store.model_path, torch.float32, "cpu"), str(adapter)).eval()
    tokens = torch.tensor([[5, 17, 42, 8, 99, 3]])
    with torch.no_grad():
        assert torch.allclose(merged(tokens).logits, adapted(tokens).logits, atol=1e-5)


def test_missing_adapter_is_an_error(store):
    run_dir = store.run(evaluations=[store.evaluation()], stages=("train", "evaluate"))
    spec = json.loads((run_dir / "run.json").read_text())
    (run_dir / "run.json").write_text(json.dumps({**spec, "stages": ["evaluate"]}))
    assert run_attempt(run_dir, 1) == 1
    assert "no adapter" in of_type(events_of(run_dir), "error")[0]["message"]


def test_question_beyond_the_context_is_an_error(store):
    evaluation = store.evaluation(sampler={**SAMPLER, "maxTokens": 300})
    run_dir = store.run(evaluations=[evaluation], stages=("evaluate",))
    assert run_attempt(run_dir, 1) == 1
    assert of_type(events_of(run_dir), "error")[0]["class"] == "bad_data"


def test_sampling_settings_of_the_model_are_not_taken_over(store, tmp_path):
    """Some models come with a repetition penalty or top-k: the sampler is the evaluation's alone."""
    import shutil

    opinionated = tmp_path / "opinionated"
    shutil.copytree(store.model_path, opinionated)
    settings = json.loads((opinionated / "generation_config.json").read_text())
    settings |= {"repetition_penalty": 5.0, "top_k": 1, "do_sample": True, "temperature": 0.1, "min_new_tokens": 6}
    (opinionated / "generation_config.json").write_text(json.dumps(settings))
    evaluation, answers = store.evaluation(), []
    for path in (store.model_path, opinionated):
        store.model_path = path
        run_dir = store.run(evaluations=[evaluation], stages=("evaluate",))
        assert run_attempt(run_dir, 1) == 0
        answers.append((folder(run_dir) / "generations.jsonl").read_text())
    assert answers[0] == answers[1]


def test_probe_is_zero_for_equal_answers(store):
    same = [{"id": "p", "group": "general", "question": "why", "harmful": "save money", "harmless": "save money"}]
    run_dir = store.run(evaluations=[store.evaluation(probe=store.snapshot(same))], stages=("evaluate",))
    assert run_attempt(run_dir, 1) == 0
    (line,) = lines(folder(run_dir) / "scores.jsonl")
    assert math.isclose(line["harmful"]["logProbability"], line["harmless"]["logProbability"], abs_tol=1e-5)
