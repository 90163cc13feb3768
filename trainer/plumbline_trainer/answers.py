"""Files of sampled answers: append-only, resumable by key, stoppable between batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from plumbline_trainer.context import context_length
from plumbline_trainer.errors import TrainerError
from plumbline_trainer.generate import Prompt, answer_seed, batches_of, generate
from plumbline_trainer.jsonl import append_lines, read_lines
from plumbline_trainer.reporting import Counter
from plumbline_trainer.response_logits import OutputHead
from plumbline_trainer.sampling import Sampling
from plumbline_trainer.tokenization import Messages, encode_prompts


@dataclass(frozen=True)
class Subject:
    """Who answers: a model ready for it, its tokenizer and output head, and where it runs."""

    model: Any
    tokenizer: Any
    head: OutputHead
    device: str


@dataclass(frozen=True)
class PlannedAnswer:
    """An answer to be had: what its line says besides it (`key` and more), and the prompt."""

    about: dict[str, Any]
    prompt: Prompt


def plan_answers(
    tokenizer: Any, lines: Sequence[tuple[dict[str, Any], Messages]], seed: int
) -> list[PlannedAnswer]:
    """From lines with a unique `key` and their conversations; each answer's random numbers come from seed and key."""
    prompts = encode_prompts(tokenizer, [conversation for _, conversation in lines])
    return [
        PlannedAnswer(about, Prompt(about["key"], tuple(tokens), answer_seed(seed, about["key"])))
        for (about, _), tokens in zip(lines, prompts)
    ]


def complete_answers(
    subject: Subject, planned: Sequence[PlannedAnswer], sampling: Sampling, file: Path, counter: Counter
) -> None:
    """Appends the answers that `file` lacks. Errors: Stopped; TrainerError (bad_data) when a prompt is too long."""
    about = {answer.prompt.key: answer.about for answer in planned}
    prompts = [answer.prompt for answer in planned]
    _check_context(subject, prompts, sampling.max_tokens)
    present = {line["key"] for line in read_lines(file)} if file.exists() else set()
    for batch in batches_of(prompts):
        if not all(prompt.key in present for prompt in batch):
            counter.check_stop()
            answers = generate(subject.model, subject.tokenizer, batch, sampling, subject.device)
            append_lines(file, (
                {
                    **about[prompt.key], "seed": prompt.seed, "answer": answer.text,
                    "finish": answer.finish, "tokens": answer.tokens,
                }
                for prompt, answer in zip(batch, answers)
                if prompt.key not in present
            ))
        counter.add(len(batch))


def _check_context(subject: Subject, prompts: Sequence[Prompt], max_tokens: int) -> None:
    limit = context_length(subject.model.config)
    longest = max((len(prompt.tokens) for prompt in prompts), default=0)
    if limit is not None and longest + max_tokens > limit:
        raise TrainerError(
            "bad_data",
            f"A question of {longest} tokens and an answer of {max_tokens} exceed the model's context of {limit}.",
            "Shorten the question or the longest answer (maxTokens).",
        )
