"""Forward passes of a micro-batch, and only what the losses need of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

import torch

from plumbline_trainer.blocks import block_outputs
from plumbline_trainer.response_logits import OutputHead, final_hidden_states


@dataclass(frozen=True)
class Request:
    """What a pass is to leave behind: the hidden states that enter the output head at `tokens`, and the outputs of
    `blocks` at `features`. Both are masks [rows, length]; None stands for no position."""

    tokens: torch.Tensor | None = None
    features: torch.Tensor | None = None
    blocks: frozenset[int] = frozenset()

    def __or__(self, other: Request) -> Request:
        return Request(_union(self.tokens, other.tokens), _union(self.features, other.features), self.blocks | other.blocks)

    @property
    def rows(self) -> torch.Tensor:
        """Mask [rows] of the rows that anything is asked of."""
        return _union(self.tokens, self.features).any(1)

    def of_rows(self, rows: torch.Tensor) -> Request:
        """The same, asked of some rows alone."""
        tokens, features = (None if mask is None else mask[rows] for mask in (self.tokens, self.features))
        return replace(self, tokens=tokens, features=features)


@dataclass(frozen=True)
class Reading:
    """What a pass left behind, row by row: `hidden` [tokens, hidden], which enters `head`, and the `features` of each
    block, [features, hidden]. `request` says where."""

    request: Request
    head: OutputHead
    hidden: torch.Tensor
    features: Mapping[int, torch.Tensor]

    def features_at(self, block: int, positions: torch.Tensor) -> torch.Tensor:
        """A block's output [n, hidden] at positions that were asked for."""
        return self.features[block][positions[self.request.features]]


@dataclass(frozen=True)
class Passes:
    """All that is known of a micro-batch: the trained model, its reading, and those of the references by key."""

    model: Any
    trained: Reading
    references: Mapping[str, Reading]


def read(model: Any, head: OutputHead, input_ids: torch.Tensor, request: Request) -> Reading:
    """One forward pass of `input_ids` [rows, length], padded on the right."""
    nowhere = torch.zeros_like(input_ids, dtype=torch.bool)
    with block_outputs(model, request.blocks, request.features) as features:
        hidden = final_hidden_states(model, head, input_ids, nowhere if request.tokens is None else request.tokens)
    return Reading(request, head, hidden, features)


def _union(left: torch.Tensor | None, right: torch.Tensor | None) -> torch.Tensor | None:
    if left is None or right is None:
        return right if left is None else left
    return left | right
