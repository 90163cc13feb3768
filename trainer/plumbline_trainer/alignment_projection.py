"""SafeLoRA's arithmetic (arXiv 2405.16833): an update against its projection onto the direction of alignment. In float64.

With V = W_aligned - W_unaligned [out, in] of a layer, and its update B A: `published` is C B with C = V V^T / ||V||_F;
`exact` is the orthogonal projection of B onto the columns of V, V (V^T V)^-1 V^T B. Neither forms the [out, out] matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import torch

# The code of SafeLoRA's authors rounds cosines to so many digits before it compares them.
COSINE_DIGITS = 5


@dataclass(frozen=True)
class Comparison:
    """A layer's update against its projection. `projected`: B projected [out, rank]. `cosine` of the flattened products
    with A, rounded; 0 where one of them is zero. `norm_ratio`: ||projected B A|| / ||B A||. `distance`: ||projected - B||."""

    projected: torch.Tensor
    cosine: float
    norm_ratio: float
    distance: float


def compare(a: torch.Tensor, b: torch.Tensor, difference: torch.Tensor, projector: str) -> Comparison | None:
    """`a` [rank, in], `b` [out, rank], `difference` V [out, in]. None where V is zero: there is no direction then."""
    a, b, difference = a.double(), b.double(), difference.double()
    if not bool(difference.any()):
        return None
    projected = _published(difference, b) if projector == "published" else _exact(difference, b)
    # <P A, B A> = sum of (P^T B) * (A A^T): the products [out, in] need not be formed.
    gram = a @ a.T
    squared, projected_squared, inner = (
        float(((left.T @ right) * gram).sum()) for left, right in ((b, b), (projected, projected), (projected, b))
    )
    squared, projected_squared = max(squared, 0.0), max(projected_squared, 0.0)
    norms = (squared * projected_squared) ** 0.5
    return Comparison(
        projected=projected,
        cosine=round(inner / norms, COSINE_DIGITS) if norms > 0 else 0.0,
        norm_ratio=(projected_squared / squared) ** 0.5 if squared > 0 else 0.0,
        distance=float((projected - b).norm()),
    )


def threshold_for(cosines: Sequence[float], count: int) -> float:
    """The threshold at or below which the `count` smallest cosines lie; equal ones come along, as in the authors' code."""
    return sorted(cosines)[:count][-1]


def _published(difference: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return difference @ (difference.T @ b) / difference.norm()


def _exact(difference: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """V (V^T V)^-1 V^T = U U^T over the left singular vectors of V that are not zero in fp32, the weights' precision."""
    vectors, values, _ = torch.linalg.svd(difference, full_matrices=False)
    tolerance = values[0] * max(difference.shape) * torch.finfo(torch.float32).eps
    basis = vectors[:, values > tolerance]
    return basis @ (basis.T @ b)
