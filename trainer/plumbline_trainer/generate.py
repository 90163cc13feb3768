"""Sampled answers, in batches that are a function of the evaluation alone, so that they can be had again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Sequence

import torch

from plumbline_trainer.decoding import next_token_pass, pad_left
from plumbline_trainer.devices import widest_float
from plumbline_trainer.sampling import Sampling, next_tokens

# Answers in one batch. Through rounding, part of what an answer depends on: never adapted to a machine.
BATCH_ANSWERS = 48

# Finished answers leave the batch when so few are still being written; leaving costs a copy of the cache.
_COMPACT_BELOW = 0.75


@dataclass(frozen=True)
class Prompt:
    """What is to be answered; `key` is unique within an evaluation, `seed` decides the answer's random numbers."""

    key: str
    tokens: tuple[int, ...]
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """`finish` is 'stop' (end of turn) or 'length'; `tokens` counts the end of turn."""

    text: str
    tokens: int
    finish: str


def batches_of(prompts: Sequence[Prompt]) -> list[list[Prompt]]:
    """Prompts of like length together."""
    ordered = sorted(prompts, key=lambda prompt: (len(prompt.tokens), prompt.key))
    return [ordered[start : start + BATCH_ANSWERS] for start in range(0, len(ordered), BATCH_ANSWERS)]


def answer_seed(seed: int, key: str) -> int:
    """The seed of one answer, from the sampler's: every arm draws the same numbers for the same question and sample."""
    return int.from_bytes(hashlib.sha256(f"{seed}\n{key}".encode()).digest()[:4], "big")


def stop_tokens(model: Any, tokenizer: Any) -> set[int]:
    """Tokens that end an answer: the tokenizer's end of sequence and those the model names."""
    named = getattr(model.generation_config, "eos_token_id", None)
    named = [named] if isinstance(named, int) else list(named or [])
    return {tokenizer.eos_token_id, *named}


def generate(
    model: Any, tokenizer: Any, prompts: Sequence[Prompt], sampling: Sampling, device: str
) -> list[Answer]:
    """Answers to one batch, in its order. Neither uses nor changes torch's global random state."""
    stops = stop_tokens(model, tokenizer)
    said = _decode(model, prompts, sampling, stops, device)
    return [_answer(tokenizer, tokens, stops) for tokens in said]


def _decode(
    model: Any, prompts: Sequence[Prompt], sampling: Sampling, stops: set[int], device: str
) -> list[list[int]]:
    """Tokens of each answer, its end of turn included."""
    stop_ids = torch.tensor(sorted(stops), device=device)
    uniform = _uniform_numbers(prompts, sampling.max_tokens).to(widest_float(torch.device(device).type)).to(device)
    tokens, mask = pad_left([prompt.tokens for prompt in prompts], device)
    rows = torch.arange(len(prompts), device=device)
    writing = torch.ones(len(prompts), dtype=torch.bool, device=device)
    said: list[list[int]] = [[] for _ in prompts]
    cache = None
    with torch.inference_mode():
        for position in range(sampling.max_tokens):
            output = next_token_pass(model, tokens, mask, cache)
            cache = output.past_key_values
            chosen = next_tokens(output.logits[:, -1], sampling, uniform[rows, position])
            for row, token, is_writing in zip(rows.tolist(), chosen.tolist(), writing.tolist()):
                if is_writing:
                    said[row].append(token)
            writing = writing & ~torch.isin(chosen, stop_ids)
            left = int(writing.sum())
            if left == 0:
                break
            if left < _COMPACT_BELOW * len(rows):
                cache.batch_select_indices(writing.nonzero()[:, 0])
                chosen, mask, rows, writing = chosen[writing], mask[writing], rows[writing], writing[writing]
            tokens = chosen[:, None]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
    return said


def _uniform_numbers(prompts: Sequence[Prompt], count: int) -> torch.Tensor:
    """Numbers in [0, 1) [n, count], each row from its prompt's seed; drawn on the CPU, so alike on every device."""
    return torch.stack([
        torch.rand(count, generator=torch.Generator().manual_seed(prompt.seed), dtype=torch.float64) for prompt in prompts
    ])


def _answer(tokenizer: Any, tokens: list[int], stops: set[int]) -> Answer:
    stopped = tokens[-1] in stops
    text = tokenizer.decode(tokens[:-1] if stopped else tokens, skip_special_tokens=True).strip()
    return Answer(text, len(tokens), "stop" if stopped else "length")
