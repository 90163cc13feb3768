"""JSON lines: strict on writing, tolerant of a half-written last line on reading."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, Iterable, Iterator


def finite(value: Any) -> Any:
    """`value` with every NaN and infinity replaced by None: JSON has neither."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


def to_line(value: Any) -> bytes:
    """One JSON line, ASCII only."""
    text = json.dumps(finite(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def read_lines(path: Path) -> Iterator[Any]:
    """The values of a file's complete lines. A last line without a line break is left out."""
    with open(path, "rb") as file:
        for line in file:
            if line.endswith(b"\n") and line.strip():
                yield json.loads(line)


def open_for_append(path: Path) -> int:
    """A descriptor at the end of the last complete line: what a killed process left half-written is cut off."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    content = b""
    size = os.fstat(descriptor).st_size
    if size:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read()
    keep = content.rfind(b"\n") + 1
    if keep != size:
        os.ftruncate(descriptor, keep)
    os.lseek(descriptor, keep, os.SEEK_SET)
    return descriptor


def append_lines(path: Path, values: Iterable[Any]) -> None:
    """Appends the values and waits until they are on disk. Errors: OSError, as when the disk is full."""
    descriptor = open_for_append(path)
    try:
        write_all(descriptor, b"".join(to_line(value) for value in values))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Writes all of `data`; in the usual case with one system call."""
    while data:
        data = data[os.write(descriptor, data):]
