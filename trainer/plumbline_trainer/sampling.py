"""Choosing the next token: greedy, or by temperature and nucleus (top-p, arXiv 1904.09751), from given random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from plumbline_trainer.devices import widest_float

# Sorting a whole vocabulary for every token costs more than a small model's forward pass. The nucleus nearly always
# lies within so many likeliest tokens; rows where it does not are sorted whole, so the result is exact.
_CANDIDATES = 512


@dataclass(frozen=True)
class Sampling:
    """temperature 0 is greedy. `top_p`: mass of the nucleus, 1 for all. `max_tokens`: longest answer."""

    temperature: float
    top_p: float
    max_tokens: int


def next_tokens(logits: torch.Tensor, sampling: Sampling, uniform: torch.Tensor) -> torch.Tensor:
    """Token ids [n] from logits [n, vocabulary] and numbers in [0, 1) [n] (the place in each row's distribution)."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    probabilities = (logits.float() / sampling.temperature).softmax(-1)
    if sampling.top_p >= 1:
        return _inverse(probabilities, uniform)
    values, tokens = probabilities.topk(min(_CANDIDATES, probabilities.shape[-1]))
    chosen = _from_nucleus(values, tokens, sampling.top_p, uniform)
    beyond = values.sum(-1) < sampling.top_p
    if beyond.any():
        values, tokens = probabilities[beyond].sort(-1, descending=True)
        chosen[beyond] = _from_nucleus(values, tokens, sampling.top_p, uniform[beyond])
    return chosen


def _from_nucleus(values: torch.Tensor, tokens: torch.Tensor, top_p: float, uniform: torch.Tensor) -> torch.Tensor:
    """Draws from the likeliest tokens up to and with the one that reaches the mass. `values` fall along each row."""
    before = values.cumsum(-1) - values
    kept = values * (before < top_p)
    return tokens.gather(1, _inverse(kept, uniform)[:, None])[:, 0]


def _inverse(weights: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Index where the running sum of weights [n, m] passes `uniform` times their total. Weights need not sum to 1."""
    wide = widest_float(weights.device.type)
    sums = weights.to(wide).cumsum(-1)
    goal = uniform.to(wide)[:, None] * sums[:, -1:]
    index = torch.searchsorted(sums, goal, right=True)[:, 0]
    last = (weights > 0).long().cumsum(-1).argmax(-1)
    return torch.minimum(index, last)
