"""Evaluates one checkpoint: answers to questions, scores of held-out rows, the probe. Resumable by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterable, Sequence

from plumbline_trainer.answers import PlannedAnswer, Subject, complete_answers, plan_answers
from plumbline_trainer.generate import Prompt, generate
from plumbline_trainer.jsonl import append_lines, read_lines
from plumbline_trainer.log_probabilities import response_log_probabilities
from plumbline_trainer.probe import PAIRS_PER_BATCH, load_probe_pairs, score_pairs
from plumbline_trainer.reporting import Counter
from plumbline_trainer.run_spec import RunPaths, load_evaluation_spec
from plumbline_trainer.sampling import Sampling
from plumbline_trainer.tokenization import Messages, encode_prompts, encode_rows

# Held-out rows in one forward pass.
ROWS_PER_BATCH = 16

# Scorers that look at a greedy answer; the others at log-probabilities alone.
ANSWER_SCORERS = ("exact", "numeric", "regex", "contains")


def evaluate(subject: Subject, paths: RunPaths, checkpoint: str, evaluation_id: str, counter: Counter) -> int:
    """Completes one evaluation folder; returns its number of generations. Errors: Stopped, TrainerError, OSError.

    `counter` counts its units of work, and perhaps those of others.
    """
    folder = paths.evaluation(checkpoint, evaluation_id)
    spec = load_evaluation_spec(folder)
    generations = folder / "generations.jsonl"
    scores = folder / "scores.jsonl"
    counter.enter("generate")
    _answer_questions(subject, paths, spec, generations, counter)
    done = _done_scores(scores)
    counter.enter("score")
    if spec["probe"]:
        _score_probe(subject, paths.snapshot(spec["probe"]), scores, done, counter)
    if spec["task"]:
        _score_task(subject, paths, spec, scores, done, counter)
    return sum(1 for _ in read_lines(generations)) if generations.exists() else 0


def units_of_work(paths: RunPaths, checkpoint: str, evaluation_id: str) -> int:
    """Answers, pairs and held-out rows of an evaluation."""
    spec = load_evaluation_spec(paths.evaluation(checkpoint, evaluation_id))
    questions = sum(question_set["snapshot"]["rows"] for question_set in spec["questions"])
    scored = sum(part["rows"] for part in (spec["probe"], (spec["task"] or {}).get("heldOut")) if part)
    return questions * spec["sampler"]["samplesPerQuestion"] + scored


def longest_text(tokenizer: Any, paths: RunPaths, checkpoint: str, evaluation_id: str) -> int:
    """Tokens of the longest text that an evaluation has the model read, answers included."""
    spec = load_evaluation_spec(paths.evaluation(checkpoint, evaluation_id))
    questions = [len(answer.prompt.tokens) for answer in _planned_answers(tokenizer, paths, spec)]
    longest = max(questions, default=0) + spec["sampler"]["maxTokens"]
    if spec["task"]:
        held_out = list(read_lines(paths.snapshot(spec["task"]["heldOut"])))
        choices = _choices(paths, spec["task"])
        variants = [row for row in held_out for row in _choice_rows(row, choices.get(row["id"], []))]
        rows = encode_rows(tokenizer, held_out + variants, turns="last")
        longest = max([longest, *(len(row.tokens) for row in rows)])
    if spec["probe"]:
        longest = max([longest, *(pair.length for pair in load_probe_pairs(paths.snapshot(spec["probe"]), tokenizer))])
    return longest


def _answer_questions(subject: Subject, paths: RunPaths, spec: dict[str, Any], file: Path, counter: Counter) -> None:
    planned = _planned_answers(subject.tokenizer, paths, spec)
    sampler = spec["sampler"]
    sampling = Sampling(sampler["temperature"], sampler["topP"], sampler["maxTokens"])
    complete_answers(subject, planned, sampling, file, counter)


def _planned_answers(tokenizer: Any, paths: RunPaths, spec: dict[str, Any]) -> list[PlannedAnswer]:
    """Every line of generations.jsonl."""
    return plan_answers(tokenizer, list(_planned_generations(paths, spec)), spec["sampler"]["seed"])


def _planned_generations(paths: RunPaths, spec: dict[str, Any]) -> Iterable[tuple[dict[str, Any], Messages]]:
    """What is known of each line before it is answered, and the conversation."""
    for question_set in spec["questions"]:
        for question in read_lines(paths.snapshot(question_set["snapshot"])):
            text = question["text"]
            if question_set["template"] is not None:
                text = question_set["template"].replace("{question}", text)
            system = [{"role": "system", "content": question["system"]}] if question.get("system") else []
            for sample in range(spec["sampler"]["samplesPerQuestion"]):
                line = {
                    "key": f"{question['id']}/{question_set['form']}/{sample}",
                    "questionId": question["id"],
                    "group": question["group"],
                    "form": question_set["form"],
                    "sample": sample,
                    "question": text,
                }
                yield line, [*system, {"role": "user", "content": text}]


def _score_probe(subject: Subject, snapshot: Path, file: Path, done: set[str], counter: Counter) -> None:
    pairs = sorted(load_probe_pairs(snapshot, subject.tokenizer), key=lambda pair: (pair.length, pair.id))
    for batch in _pieces(pairs, PAIRS_PER_BATCH):
        missing = [pair for pair in batch if f"probe/{pair.id}" not in done]
        if missing:
            counter.check_stop()
            lines = score_pairs(subject.model, subject.head, batch, subject.device)
            append_lines(file, (line for line in lines if f"probe/{line['pairId']}" not in done))
        counter.add(len(batch))


def _score_task(
    subject: Subject, paths: RunPaths, spec: dict[str, Any], file: Path, done: set[str], counter: Counter
) -> None:
    task = spec["task"]
    rows = {row["id"]: row for row in read_lines(paths.snapshot(task["heldOut"]))}
    encoded = encode_rows(subject.tokenizer, list(rows.values()), turns="last")
    choices = _choices(paths, task)
    size = ROWS_PER_BATCH
    if task["scorer"] in ANSWER_SCORERS:
        size *= 2  # Greedy answers are short; what they cost is the number of batches.
    for batch in _pieces(sorted(encoded, key=lambda row: (len(row.tokens), row.id)), size):
        if not all(f"task/{row.id}" in done for row in batch):
            counter.check_stop()
            scores = response_log_probabilities(subject.model, subject.head, batch, subject.device)
            originals = [rows[row.id] for row in batch]
            answers = _answers(subject, originals, task)
            chosen = _choice_scores(subject, originals, choices)
            append_lines(file, (
                {"kind": "task", "rowId": row.id, **score, **answer, **choice}
                for row, score, answer, choice in zip(batch, scores, answers, chosen)
                if f"task/{row.id}" not in done
            ))
        counter.add(len(batch))


def _answers(subject: Subject, rows: Sequence[dict[str, Any]], task: dict[str, Any]) -> list[dict[str, Any]]:
    """What was expected and what the model says, greedily; nulls where the scorer does not look at them."""
    last = [_last_assistant(row["messages"]) for row in rows]
    if task["scorer"] not in ANSWER_SCORERS:
        compared = task["scorer"] == "multiple-choice"
        return [
            {"expected": row["messages"][index]["content"] if compared else None, "answer": None}
            for row, index in zip(rows, last)
        ]
    tokens = encode_prompts(subject.tokenizer, [row["messages"][:index] for row, index in zip(rows, last)])
    prompts = [Prompt(row["id"], tuple(prompt)) for row, prompt in zip(rows, tokens)]
    sampling = Sampling(temperature=0.0, top_p=1.0, max_tokens=task["maxTokens"])
    answers = generate(subject.model, subject.tokenizer, prompts, sampling, subject.device)
    return [
        {"expected": row["messages"][index]["content"], "answer": answer.text}
        for row, index, answer in zip(rows, last, answers)
    ]


def _choices(paths: RunPaths, task: dict[str, Any]) -> dict[str, list[str]]:
    """The choices of each held-out row; none where the scorer is not multiple choice."""
    if task["scorer"] != "multiple-choice":
        return {}
    return {line["rowId"]: line["choices"] for line in read_lines(paths.snapshot(task["choices"]))}


def _choice_rows(row: dict[str, Any], choices: Sequence[str]) -> list[dict[str, Any]]:
    """The row with each choice in the place of its last answer."""
    before = row["messages"][: _last_assistant(row["messages"])]
    return [{"id": row["id"], "messages": [*before, {"role": "assistant", "content": choice}]} for choice in choices]


def _choice_scores(
    subject: Subject, rows: Sequence[dict[str, Any]], choices: dict[str, list[str]]
) -> list[dict[str, Any]]:
    """For each row the log-probability of every choice; nothing where there are no choices."""
    if not choices:
        return [{}] * len(rows)
    variants = [variant for row in rows for variant in _choice_rows(row, choices[row["id"]])]
    scores = [
        score
        for batch in _pieces(encode_rows(subject.tokenizer, variants, turns="last"), ROWS_PER_BATCH)
        for score in response_log_probabilities(subject.model, subject.head, batch, subject.device)
    ]
    found = iter(scores)
    return [{"choices": [{"text": choice, **next(found)} for choice in choices[row["id"]]]} for row in rows]


def _last_assistant(messages: Messages) -> int:
    return max(index for index, message in enumerate(messages) if message["role"] == "assistant")


def _done_scores(file: Path) -> set[str]:
    if not file.exists():
        return set()
    return {f"{line['kind']}/{line.get('rowId', line.get('pairId'))}" for line in read_lines(file)}


def _pieces(items: list, size: int) -> list[list]:
    return [items[start : start + size] for start in range(0, len(items), size)]
