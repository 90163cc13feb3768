"""The encoded rows of a run by source and id: its dataset and the pools of its defenses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Sequence

from plumbline_trainer.errors import TrainerError
from plumbline_trainer.jsonl import read_lines
from plumbline_trainer.tokenization import EncodedRow, Messages, check_lengths, encode_rows, some


class RowTable:
    """Encodes snapshots once and hands out their rows. `limit`: longest row in tokens."""

    def __init__(self, tokenizer: Any, turns: str, limit: int):
        self._tokenizer = tokenizer
        self._turns = turns
        self._limit = limit
        self._rows: dict[tuple[str, str], EncodedRow] = {}
        self._messages: dict[tuple[str, str], Messages] = {}

    def add(self, snapshot: Path, source: str, what: str) -> list[str]:
        """Reads a snapshot; returns its row ids in file order. Errors: TrainerError (bad_data)."""
        return self.add_rows(list(read_lines(snapshot)), source, what)

    def add_rows(self, rows: Sequence[dict[str, Any]], source: str, what: str) -> list[str]:
        """The same for rows `{id, messages}` that are read already."""
        encoded = encode_rows(self._tokenizer, rows, self._turns)
        check_lengths(encoded, self._limit, what)
        self._keep(source, rows, encoded)
        return [row["id"] for row in rows]

    def rewrite(self, source: str, change: Callable[[Messages], Messages], cause: str) -> int:
        """Encodes a source's rows anew, from changed messages; returns by how many tokens they grew in all.

        `cause`: what makes them longer, for the error. Errors: TrainerError (bad_data) naming the rows that no longer fit.
        """
        ids = [row_id for of, row_id in self._rows if of == source]
        rows = [{"id": row_id, "messages": change(self._messages[source, row_id])} for row_id in ids]
        encoded = encode_rows(self._tokenizer, rows, self._turns)
        long = [
            f"{row.id} ({len(row.tokens)} tokens, {len(self._rows[source, row.id].tokens)} without)"
            for row in encoded if len(row.tokens) > self._limit
        ]
        if long:
            raise TrainerError(
                "bad_data",
                f"{len(long)} rows are longer than {self._limit} tokens because of {cause}: {some(long)}",
                "Shorten it, leave these rows out, or raise the maximum length up to the model's context.",
            )
        grown = sum(len(row.tokens) - len(self._rows[source, row.id].tokens) for row in encoded)
        self._keep(source, rows, encoded)
        return grown

    def longest(self, source: str) -> int:
        """Tokens of a source's longest row."""
        return max(len(row.tokens) for (of, _), row in self._rows.items() if of == source)

    def row(self, source: str, row_id: str) -> EncodedRow:
        return self._rows[source, row_id]

    def messages(self, source: str, row_id: str) -> Messages:
        return self._messages[source, row_id]

    def _keep(self, source: str, rows: Sequence[dict[str, Any]], encoded: Sequence[EncodedRow]) -> None:
        for row, encoded_row in zip(rows, encoded):
            self._rows[source, row["id"]] = encoded_row
            self._messages[source, row["id"]] = row["messages"]
