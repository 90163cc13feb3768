"""A model's identity: a hash of its weights, never of its name or of how they are packed into files."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Callable

from plumbline_trainer.atomic_folder import replace_file
from plumbline_trainer.errors import TrainerError

_BLOCK = 1 << 22

Progress = Callable[[int, int], None]


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder. Errors: TrainerError (model_load) when there are none."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if index.is_file():
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        files = [folder / name for name in names]
        if all(file.is_file() for file in files):
            return files
    raise TrainerError(
        "model_load",
        f"{folder} has no complete safetensors weights.",
        "Plumbline loads safetensors only; convert the model, or take one that has them.",
    )


def weights_hash(files: list[Path], progress: Progress = lambda done, total: None) -> str:
    """SHA-256 over all tensors in order of name: name, dtype, shape and little-endian bytes.

    Sharding and metadata do not matter. `progress(done, total)` counts bytes.
    """
    tensors = sorted((name, file, entry) for file in files for name, entry in tensor_entries(file).items())
    total = sum(entry[3] - entry[2] for _, _, entry in tensors)
    digest = hashlib.sha256()
    done = 0
    for name, file, (dtype, shape, start, end) in tensors:
        digest.update(json.dumps([name, dtype, list(shape)], separators=(",", ":")).encode())
        with open(file, "rb") as source:
            source.seek(start)
            while start < end:
                block = source.read(min(_BLOCK, end - start))
                digest.update(block)
                start += len(block)
                done += len(block)
        progress(done, total)
    return digest.hexdigest()


def tensor_shapes(files: list[Path]) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor by name, from the files' headers. Errors: TrainerError (model_load)."""
    return {name: shape for file in files for name, (_, shape, _, _) in tensor_entries(file).items()}


def cached_weights_hash(folder: Path, cache: Path, progress: Progress = lambda done, total: None) -> str:
    """The same, remembered in `cache` (a JSON file) for as long as the files keep their size and time."""
    files = weight_files(folder)
    key = json.dumps([[str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns] for file in files])
    known = read_json(cache)
    if key not in known:
        known[key] = weights_hash(files, progress)
        cache.parent.mkdir(parents=True, exist_ok=True)
        replace_file(cache, json.dumps(known, indent=1).encode())
    return known[key]


def read_json(path: Path) -> dict:
    """A JSON object; empty where there is no readable file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def tensor_entries(file: Path) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
    """Tensors of a safetensors file by name: dtype, shape, and the range of their bytes in the file."""
    try:
        with open(file, "rb") as source:
            (length,) = struct.unpack("<Q", source.read(8))
            header = json.loads(source.read(length))
    except (struct.error, ValueError) as error:
        raise TrainerError("model_load", f"{file} is not a safetensors file: {error}", "Download the model again.") from None
    header.pop("__metadata__", None)
    return {
        name: (entry["dtype"], tuple(entry["shape"]), *(8 + length + offset for offset in entry["data_offsets"]))
        for name, entry in header.items()
    }
