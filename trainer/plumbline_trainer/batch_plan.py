"""Which rows are learned from in which step: planned before training, from the dataset's own rows alone.

So every arm sees the same rows in the same order in the same number of steps; a data defense may only enlarge
micro-batches (`with_extra_rows`). The plan is a pure function of rows, recipe and seed.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Callable, Iterator, Mapping, Sequence

OWN = "own"
SAFE = "safe"
OUT_OF_DOMAIN = "out-of-domain"

CROSS_ENTROPY = "cross_entropy"
EXTRA = "extra"

# Rows are sorted by length within this many steps' worth of shuffled rows: little padding, and still well mixed.
_STEPS_IN_A_BUCKET = 16


@dataclass(frozen=True)
class PlannedRow:
    """A row's place in a batch: where it comes from ('own', 'safe', 'out-of-domain') and which losses apply to it.

    A loss that is made for one source alone takes its rows by that, not by `losses`.
    """

    row_id: str
    source: str = OWN
    losses: tuple[str, ...] = (CROSS_ENTROPY, EXTRA)


MicroBatch = tuple[PlannedRow, ...]
Step = tuple[MicroBatch, ...]


@dataclass(frozen=True)
class BatchPlan:
    """The steps in order; `own_rows` is the size of the dataset, one epoch."""

    steps: tuple[Step, ...]
    own_rows: int

    def hash(self) -> str:
        """SHA-256 of the whole order of own rows: the same in every arm, whatever a defense adds."""
        order = [
            [[row.row_id for row in micro_batch if row.source == OWN] for micro_batch in step] for step in self.steps
        ]
        return hashlib.sha256(json.dumps(order, separators=(",", ":")).encode()).hexdigest()

    def epochs_after(self, steps: int) -> float:
        """How often the dataset has been seen after so many steps."""
        return self._own_rows_seen[steps] / self.own_rows

    @cached_property
    def _own_rows_seen(self) -> list[int]:
        in_steps = (sum(row.source == OWN for batch in step for row in batch) for step in self.steps)
        return [0, *accumulate(in_steps)]

    @property
    def own_rows_read(self) -> int:
        """Own rows over all epochs."""
        return self._own_rows_seen[-1]

    def share_of(self, source: str) -> float:
        """Realized share of a source in all rows that are learned from."""
        rows = [row for step in self.steps for batch in step for row in batch if CROSS_ENTROPY in row.losses]
        return sum(row.source == source for row in rows) / len(rows)

    def has(self, source: str) -> bool:
        """Whether any planned row comes from there."""
        return any(row.source == source for step in self.steps for batch in step for row in batch)


def plan_batches(
    lengths: Mapping[str, int], *, batch_size: int, accumulation: int, epochs: float, seed: int
) -> BatchPlan:
    """Plans the run. `lengths`: tokens of each row by id, in dataset order; `epochs` may be a fraction.

    A step holds batch_size x accumulation rows (the last of an epoch: what is left), whichever way they are split
    into micro-batches, so 1 x 16 and 4 x 4 learn from the same rows in the same steps.
    """
    steps: list[Step] = []
    for epoch in range(math.ceil(epochs)):
        generator = random.Random(f"plumbline-plan:{seed}:{epoch}")
        order = list(lengths)
        generator.shuffle(order)
        share = min(1.0, epochs - epoch)
        order = order[: max(1, round(share * len(order)))]
        steps += _steps_of_epoch(order, lengths, batch_size, accumulation, generator)
    return BatchPlan(tuple(steps), len(lengths))


def with_extra_rows(plan: BatchPlan, share: float, next_row: Callable[[], PlannedRow]) -> BatchPlan:
    """Enlarges micro-batches so that extra rows are `share` of all rows.

    What rounding leaves over is carried to the next micro-batch: the realized share never strays by more than half a row.
    Rows that other defenses added do not count.
    """
    own = added = 0
    steps = []
    for step in plan.steps:
        enlarged = []
        for micro_batch in step:
            own += sum(row.source == OWN for row in micro_batch)
            missing = extra_rows(own, share) - added
            added += missing
            enlarged.append(micro_batch + tuple(next_row() for _ in range(missing)))
        steps.append(tuple(enlarged))
    return replace(plan, steps=tuple(steps))


def extra_rows(own: int, share: float) -> int:
    """How many rows beside so many own ones make up a share of both."""
    return math.floor(own * (share / (1 - share)) + 0.5)


def with_rows_in_each_step(plan: BatchPlan, count: int, next_row: Callable[[], PlannedRow]) -> BatchPlan:
    """Adds `count` rows to each step, spread evenly over its micro-batches: the same ones however the step is split."""
    return replace(plan, steps=tuple(tuple(_spread(step, count, next_row)) for step in plan.steps))


def endless(rows: Sequence[str], seed: str) -> Iterator[str]:
    """Every row once in random order, then all of them again in another."""
    generator = random.Random(f"plumbline-{seed}")
    while True:
        order = list(rows)
        generator.shuffle(order)
        yield from order


def _spread(step: Step, count: int, next_row: Callable[[], PlannedRow]) -> Iterator[MicroBatch]:
    for index, micro_batch in enumerate(step):
        missing = count * (index + 1) // len(step) - count * index // len(step)
        yield micro_batch + tuple(next_row() for _ in range(missing))


def _steps_of_epoch(
    order: list[str], lengths: Mapping[str, int], batch_size: int, accumulation: int, generator: random.Random
) -> list[Step]:
    rows_per_step = batch_size * accumulation
    steps = []
    for bucket in _pieces(order, rows_per_step * _STEPS_IN_A_BUCKET):
        bucket.sort(key=lambda row_id: lengths[row_id])
        for rows in _pieces(bucket, rows_per_step):
            micro_batches = _pieces([PlannedRow(row_id) for row_id in rows], batch_size)
            steps.append(tuple(tuple(rows) for rows in micro_batches))
    generator.shuffle(steps)
    return steps


def _pieces(items: list, size: int) -> list[list]:
    return [items[start : start + size] for start in range(0, len(items), size)]
