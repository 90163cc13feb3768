"""events.<attempt>.jsonl: what the trainer says. One writer, one line a system call."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from plumbline_trainer.errors import TrainerError
from plumbline_trainer.jsonl import to_line, write_all

EVENT_VERSION = 1


class EventWriter:
    """Appends events to the file of one attempt. Safe to use from several threads.

    Errors: TrainerError (internal) when the file exists: that attempt has a trainer already.
    """

    def __init__(self, path: Path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(path, flags, 0o644)
        except FileExistsError:
            raise TrainerError(
                "internal", f"{path.name} exists: this attempt was started before.", "Start a new attempt."
            ) from None
        self._lock = threading.Lock()
        self._sequence = 0
        self._size = 0

    def emit(self, event_type: str, **fields: Any) -> None:
        """Writes one event. NaN and infinity become null. Errors: OSError; no part of the line stays in the file then."""
        with self._lock:
            common = {"v": EVENT_VERSION, "seq": self._sequence, "time": _now(), "type": event_type}
            line = to_line({**common, **fields})
            try:
                write_all(self._descriptor, line)
            except OSError:
                os.ftruncate(self._descriptor, self._size)
                raise
            self._sequence += 1
            self._size += len(line)

    def close(self) -> None:
        with self._lock:
            os.fsync(self._descriptor)
            os.close(self._descriptor)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
