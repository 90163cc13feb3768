"""Sampled answers in batches that are a function of the evaluation alone, so that they can be had again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Sequence

import torch

# Answers in one batch. Part of what an answer depends on (through rounding and the sampler's stream): never adapted.
BATCH_ANSWERS = 48


@dataclass(frozen=True)
class Prompt:
    """What is to be answered; `key` is unique within an evaluation."""

    key: str
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """`finish` is 'stop' (end of turn) or 'length'; `tokens` counts the end of turn."""

    text: str
    tokens: int
    finish: str


@dataclass(frozen=True)
class Sampling:
    """temperature 0 is greedy. `top_p`: mass of the nucleus. `max_tokens`: longest answer."""

    temperature: float
    top_p: float
    max_tokens: int


def batches_of(prompts: Sequence[Prompt]) -> list[list[Prompt]]:
    """Prompts of like length together."""
    ordered = sorted(prompts, key=lambda prompt: (len(prompt.tokens), prompt.key))
    return [ordered[start : start + BATCH_ANSWERS] for start in range(0, len(ordered), BATCH_ANSWERS)]


def batch_seed(seed: int, batch: Sequence[Prompt]) -> int:
    """The seed of a batch: from the sampler's seed and the keys in it."""
    text = "\n".join([str(seed), *(prompt.key for prompt in batch)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def stop_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer: the tokenizer's end of sequence and those the model names."""
    named = getattr(model.generation_config, "eos_token_id", None)
    named = [named] if isinstance(named, int) else list(named or [])
    return sorted({tokenizer.eos_token_id, *named})


def generate(
    model: Any, tokenizer: Any, prompts: Sequence[Prompt], sampling: Sampling, seed: int, device: str
) -> list[Answer]:
    """Answers to one batch, in its order. The surrounding random state is left as it was."""
    from transformers import GenerationConfig

    stops = stop_tokens(model, tokenizer)
    longest = max(len(prompt.tokens) for prompt in prompts)
    input_ids = torch.full((len(prompts), longest), stops[0], dtype=torch.long)
    mask = torch.zeros_like(input_ids)
    for index, prompt in enumerate(prompts):
        input_ids[index, longest - len(prompt.tokens):] = torch.tensor(prompt.tokens)
        mask[index, longest - len(prompt.tokens):] = 1
    with torch.inference_mode(), torch.random.fork_rng(devices=_cuda_devices(device)):
        torch.manual_seed(seed)
        sequences = model.generate(
            input_ids=input_ids.to(device),
            attention_mask=mask.to(device),
            generation_config=GenerationConfig(**_settings(sampling), eos_token_id=stops, pad_token_id=stops[0]),
        )
    return [_answer(tokenizer, sequence, set(stops)) for sequence in sequences[:, longest:].tolist()]


def _settings(sampling: Sampling) -> dict[str, Any]:
    settings: dict[str, Any] = {"max_new_tokens": sampling.max_tokens, "do_sample": sampling.temperature > 0}
    if sampling.temperature > 0:
        settings |= {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    return settings


def _answer(tokenizer: Any, sequence: list[int], stops: set[int]) -> Answer:
    end = next((index for index, token in enumerate(sequence) if token in stops), None)
    said = sequence if end is None else sequence[:end]
    return Answer(
        text=tokenizer.decode(said, skip_special_tokens=True).strip(),
        tokens=len(said) + (end is not None),
        finish="length" if end is None else "stop",
    )


def _cuda_devices(device: str) -> list[int]:
    return [torch.cuda.current_device()] if device.startswith("cuda") else []
