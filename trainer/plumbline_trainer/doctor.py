"""What this Python and this machine offer. Works without torch."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from typing import Any

PACKAGES = (
    "torch", "transformers", "peft", "accelerate", "safetensors", "gguf",
    "jsonschema", "psutil", "huggingface_hub", "tokenizers", "numpy",
)


def report() -> dict[str, Any]:
    packages = {name: _version(name) for name in PACKAGES}
    machine = _machine() if packages["torch"] and packages["psutil"] else _no_machine()
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "packages": packages,
        **machine,
        "freeDiskGb": round(shutil.disk_usage(".").free / 1e9, 1),
        "missing": [name for name, version in packages.items() if version is None],
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _no_machine() -> dict[str, Any]:
    return {"device": None, "deviceName": None, "cuda": False, "mps": False, "bf16": False, "threads": None}


def _machine() -> dict[str, Any]:
    try:
        import torch

        from plumbline_trainer import devices

        device = devices.best_device()
        return {
            "device": device,
            "deviceName": devices.device_name(device),
            "cuda": torch.cuda.is_available(),
            "mps": torch.backends.mps.is_available(),
            "bf16": devices.is_good_at_bf16(device),
            "threads": devices.cpu_threads(),
        }
    except Exception as error:  # A broken torch is what the doctor is there to tell of.
        return {**_no_machine(), "problem": f"{type(error).__name__}: {error}"}
