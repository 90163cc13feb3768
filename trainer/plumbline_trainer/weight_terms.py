"""Losses of the adapters' weights alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, ClassVar

import torch

from plumbline_trainer.lora import adapted_layers
from plumbline_trainer.passes import Passes

# Frobenius norm of B A, unscaled, from which on an update counts in full: well below that of a trained one.
_SMALL_UPDATE = 1e-3


@dataclass(frozen=True)
class WeightTerm:
    """weight x `value` of the model (scalar, with gradient).

    Each micro-batch counts as one item. The value is the same in all of them, so that their mean, which is the term of the
    step, is that value once, however the step is split.
    """

    name: str
    weight: float
    value: Callable[[Any], torch.Tensor]

    items: ClassVar[int] = 1
    reference: ClassVar[None] = None
    request: ClassVar[None] = None

    def total(self, passes: Passes) -> torch.Tensor:
        return self.value(passes.model)


def mean_concentration(model: Any) -> torch.Tensor:
    """Mean over the adapted layers of `concentration`."""
    return torch.stack([concentration(layer.a, layer.b) for layer in adapted_layers(model)]).mean()


def concentration(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """1 - (sum s^2)^2 / (r sum s^4) over the singular values s of B A: 0 where all r are equal, 1 - 1/r where one stands alone.

    `a`: [rank, in], `b`: [out, rank]; r is the most singular values that B A can have. From traces of rank x rank matrices:
    sum s^2 = tr(A A' B' B), sum s^4 = tr((A A' B' B)^2). It does not depend on the size of B A, and so is undefined at B = 0,
    with a gradient that grows without bound beside it. Therefore an update below `_SMALL_UPDATE` counts less, by a factor
    that carries no gradient: 0 at B = 0, and nowhere a push toward smaller or larger updates.
    """
    most = min(*a.shape, b.shape[0])
    gram_a, gram_b = a @ a.T, b.T @ b
    product = gram_a @ gram_b
    squares = (gram_a * gram_b).sum()
    fourth_powers = (product * product.T).sum()
    flatness = squares.square() / (most * fourth_powers.clamp(min=torch.finfo(a.dtype).tiny))
    size = squares.detach()
    return size / (size + _SMALL_UPDATE**2) * (1 - flatness)
