"""A micro-batch as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import torch

from plumbline_trainer.batch_plan import CROSS_ENTROPY, EXTRA, OUT_OF_DOMAIN, SAFE, MicroBatch
from plumbline_trainer.row_table import RowTable
from plumbline_trainer.tokenization import EncodedRow


@dataclass(frozen=True)
class Batch:
    """Rows padded on the right; all tensors are [rows, longest].

    A position stands for the prediction made there, of the token after it.
    `response`: predictions of response tokens. `filled`: positions that are not padding, marked by length, since the
    padding token is the end-of-sequence token in many models. `targets`: the token to predict (0 where there is none).
    `cross_entropy`, `extra`: rows [rows] to which these losses apply. `sources`: where each row comes from.
    """

    input_ids: torch.Tensor
    targets: torch.Tensor
    response: torch.Tensor
    filled: torch.Tensor
    cross_entropy: torch.Tensor
    extra: torch.Tensor
    sources: tuple[str, ...]

    @property
    def tokens(self) -> int:
        return int(self.filled.sum())

    def rows_from(self, source: str) -> torch.Tensor:
        """Mask [rows] of the rows of one source."""
        return torch.tensor([name == source for name in self.sources], device=self.input_ids.device)

    def number_in_answer(self) -> torch.Tensor:
        """Which token of its answer each prediction is of, from 1; 0 where it is of none. [rows, length]"""
        response = self.response.cpu()  # Not every device has a running maximum.
        so_far = response.long().cumsum(1)
        before = so_far.masked_fill(response, 0).cummax(1).values
        return ((so_far - before) * response).to(self.response.device)

    def regularized(self, tokens: str) -> torch.Tensor:
        """Mask [rows, length] of the tokens that an extra loss runs over.

        'all' that are not padding; 'response': those that the cross-entropy trains; 'safe-rows' and 'out-of-domain': all
        tokens of the rows of that source. Out-of-domain rows count where they are named, and nowhere else.
        """
        if tokens == "response":
            return self.response & self.extra[:, None]
        rows = {"all": self.extra, "safe-rows": self.rows_from(SAFE), "out-of-domain": self.rows_from(OUT_OF_DOMAIN)}
        return self.filled & rows[tokens][:, None]


def build_batch(rows: MicroBatch, table: RowTable, device: str | torch.device) -> Batch:
    """Looks up and pads the rows of a planned micro-batch."""
    encoded = [table.row(row.source, row.row_id) for row in rows]
    return pad_rows(
        encoded,
        device,
        cross_entropy=[CROSS_ENTROPY in row.losses for row in rows],
        extra=[EXTRA in row.losses for row in rows],
        sources=[row.source for row in rows],
    )


def pad_rows(
    rows: Sequence[EncodedRow],
    device: str | torch.device,
    *,
    cross_entropy: Sequence[bool] | None = None,
    extra: Sequence[bool] | None = None,
    sources: Sequence[str] | None = None,
) -> Batch:
    """Pads rows to the longest. Without further arguments every loss applies to every row."""
    count, longest = len(rows), max(len(row.tokens) for row in rows)
    input_ids = torch.zeros(count, longest, dtype=torch.long)
    targets = torch.zeros(count, longest, dtype=torch.long)
    response = torch.zeros(count, longest, dtype=torch.bool)
    filled = torch.zeros(count, longest, dtype=torch.bool)
    for index, row in enumerate(rows):
        length = len(row.tokens)
        input_ids[index, :length] = torch.tensor(row.tokens)
        targets[index, : length - 1] = input_ids[index, 1:length]
        response[index, : length - 1] = torch.tensor(row.response[1:], dtype=torch.bool)
        filled[index, :length] = True
    every = [True] * count
    return Batch(
        input_ids=input_ids.to(device),
        targets=targets.to(device),
        response=response.to(device),
        filled=filled.to(device),
        cross_entropy=torch.tensor(cross_entropy or every, device=device),
        extra=torch.tensor(extra or every, device=device),
        sources=tuple(sources or ["own"] * count),
    )
