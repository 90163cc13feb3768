"""The encoded rows of a run by source and id: its dataset and the pools of its defenses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plumbline_trainer.jsonl import read_lines
from plumbline_trainer.tokenization import EncodedRow, check_lengths, encode_rows


class RowTable:
    """Encodes snapshots once and hands out their rows. `limit`: longest row in tokens."""

    def __init__(self, tokenizer: Any, turns: str, limit: int):
        self._tokenizer = tokenizer
        self._turns = turns
        self._limit = limit
        self._rows: dict[tuple[str, str], EncodedRow] = {}
        self._messages: dict[tuple[str, str], list[dict[str, str]]] = {}

    def add(self, snapshot: Path, source: str, what: str) -> list[str]:
        """Reads a snapshot; returns its row ids in file order. Errors: TrainerError (bad_data)."""
        rows = list(read_lines(snapshot))
        encoded = encode_rows(self._tokenizer, rows, self._turns)
        check_lengths(encoded, self._limit, what)
        for row, encoded_row in zip(rows, encoded):
            self._rows[source, row["id"]] = encoded_row
            self._messages[source, row["id"]] = row["messages"]
        return [row["id"] for row in rows]

    def longest(self, source: str) -> int:
        """Tokens of a source's longest row."""
        return max(len(row.tokens) for (of, _), row in self._rows.items() if of == source)

    def row(self, source: str, row_id: str) -> EncodedRow:
        return self._rows[source, row_id]

    def messages(self, source: str, row_id: str) -> list[dict[str, str]]:
        return self._messages[source, row_id]
