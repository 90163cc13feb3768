"""Folders that exist whole or not at all, also after a kill or a power cut."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

_PARTIAL = ".partial"


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yields an empty temporary folder beside `target`; on a clean exit it is flushed to disk and becomes `target`.

    Errors: FileExistsError when `target` came to exist meanwhile; OSError of the file system. Nothing stays behind then.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}{_PARTIAL}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        for path in temporary.rglob("*"):
            if path.is_file():
                _flush(path)
        _flush_folder(temporary)
        if target.exists():
            raise FileExistsError(f"{target} exists already")
        os.replace(temporary, target)
        _flush_folder(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_partial_folders(parent: Path) -> None:
    """Removes what killed processes left. Call it only where no other process writes."""
    for path in parent.glob(f".*{_PARTIAL}"):
        shutil.rmtree(path, ignore_errors=True)


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file that is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _flush(path: Path) -> None:
    # Windows flushes only descriptors that may write.
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(path: Path) -> None:
    if os.name == "nt":  # Windows cannot open folders; NTFS journals renames itself.
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
