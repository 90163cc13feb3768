"""Losses that compare hidden states with a reference's, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence

import torch
from torch.nn.functional import normalize

from plumbline_trainer.passes import Passes, Request

# Of one block: features [n, hidden] of the trained model and of the reference (no gradient), and how many of the n tokens
# each row has -> squared distances [items].
FeatureDistance = Callable[[torch.Tensor, torch.Tensor, Sequence[int]], torch.Tensor]


@dataclass(frozen=True)
class FeatureTerm:
    """weight x mean over `items` of the squared distance between features, summed over `blocks`.

    `positions`: mask [rows, length] of the tokens that are compared.
    """

    name: str
    weight: float
    reference: str
    blocks: tuple[int, ...]
    positions: torch.Tensor
    distance: FeatureDistance
    items: int

    @property
    def request(self) -> Request:
        return Request(features=self.positions, blocks=frozenset(self.blocks))

    def total(self, passes: Passes) -> torch.Tensor:
        reference = passes.references[self.reference]
        lengths = [length for length in self.positions.sum(1).tolist() if length > 0]
        distances = [
            self.distance(
                passes.trained.features_at(block, self.positions), reference.features_at(block, self.positions), lengths
            ).sum()
            for block in self.blocks
        ]
        return torch.stack(distances).sum()


def per_token_distance(trained: torch.Tensor, reference: torch.Tensor, _: Sequence[int]) -> torch.Tensor:
    """|| h/||h|| - h_0/||h_0|| ||^2 of each token; between 0 and 4. [n]

    After Mukhoti et al., LDIFS, whose features have length 1 at each position.
    """
    return (_unit(trained) - _unit(reference)).square().sum(-1)


def per_row_distance(trained: torch.Tensor, reference: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
    """The same of each row, with all its tokens' features as one vector of length 1; between 0 and 4. [rows]

    The reduction of the code of arXiv 2508.06249, without its padding.
    """
    pairs = zip(trained.split(list(lengths)), reference.split(list(lengths)))
    return torch.cat([per_token_distance(left.reshape(1, -1), right.reshape(1, -1), ()) for left, right in pairs])


def _unit(features: torch.Tensor) -> torch.Tensor:
    return normalize(features.to(torch.promote_types(features.dtype, torch.float32)), dim=-1)
