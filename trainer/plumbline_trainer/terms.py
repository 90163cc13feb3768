"""What a loss is made of: a weighted sum of terms, each a mean over the items of the *whole optimizer step*.

An item is a token, a row, or the micro-batch itself. Each micro-batch's sum is divided by the step's number of items, so
that 1 x 16 and 4 x 4 rows give the same gradient.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Mapping, Protocol, Sequence

import torch

from plumbline_trainer.passes import Passes, Request


class Term(Protocol):
    """`weight` x mean over `items` of something. `request`: what it reads of the trained model and, where `reference`
    names one by its key, of that model too; None: no forward pass."""

    name: str
    weight: float

    @property
    def items(self) -> int: ...

    @property
    def reference(self) -> str | None: ...

    @property
    def request(self) -> Request | None: ...


class SummedTerm(Term, Protocol):
    """A term that is computed by itself."""

    def total(self, passes: Passes) -> torch.Tensor:
        """The sum over the micro-batch's items, with gradient. Scalar."""


def items_in_step(terms_of: Sequence[Sequence[Term]]) -> dict[str, int]:
    """Items of each term over the micro-batches of a step. Terms without any are left out."""
    counts: dict[str, int] = {}
    for terms in terms_of:
        for term in terms:
            counts[term.name] = counts.get(term.name, 0) + term.items
    return {name: count for name, count in counts.items() if count > 0}


def request_of(terms: Sequence[Term]) -> Request:
    """All that the terms read."""
    return reduce(or_, (term.request for term in terms if term.request is not None), Request())


def by_reference(terms: Sequence[Term]) -> dict[str, list[Term]]:
    """Terms that read a reference, by its key."""
    found: dict[str, list[Term]] = {}
    for term in terms:
        if term.reference is not None and term.items > 0:
            found.setdefault(term.reference, []).append(term)
    return found


def add_terms(
    loss: torch.Tensor, terms: Sequence[SummedTerm], items_of: Mapping[str, int], passes: Passes
) -> tuple[torch.Tensor, dict[str, float]]:
    """The loss with further terms, and each term's unweighted part of its mean."""
    parts = {}
    for term in terms:
        if term.items > 0:
            part = term.total(passes) / items_of[term.name]
            loss = loss + term.weight * part
            parts[term.name] = float(part.detach())
    return loss, parts
