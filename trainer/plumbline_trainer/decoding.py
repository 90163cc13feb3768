"""Reading on from a cache of keys and values: rows of different length, padded on the left."""

from __future__ import annotations

import inspect
from typing import Any, Sequence

import torch


def next_token_pass(model: Any, tokens: torch.Tensor, mask: torch.Tensor, cache: Any) -> Any:
    """The model's output at the last of `tokens` [n, new]; its cache goes on. `mask` [n, old + new] marks what is no padding."""
    positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -tokens.shape[1]:]
    known = inspect.signature(model.forward).parameters
    optional = {"position_ids": positions, "logits_to_keep": 1}
    return model(
        input_ids=tokens,
        attention_mask=mask,
        past_key_values=cache,
        use_cache=True,
        **{name: value for name, value in optional.items() if name in known},
    )


def pad_left(rows: Sequence[Sequence[int]], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask [n, longest]."""
    longest = max(len(row) for row in rows)
    tokens = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(tokens)
    for index, row in enumerate(rows):
        tokens[index, longest - len(row):] = torch.tensor(row)
        mask[index, longest - len(row):] = 1
    return tokens.to(device), mask.to(device)
