"""Where and how precisely to compute."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_PLAIN_ATTENTION_TOKENS = 512


@dataclass(frozen=True)
class DeviceChoice:
    """A torch device type, its name, the dtype of the base weights ('fp32' or 'bf16') and the CPU threads."""

    device: str
    device_name: str
    precision: str
    threads: int

    @property
    def dtype(self) -> torch.dtype:
        import torch

        return torch.bfloat16 if self.precision == "bf16" else torch.float32


def choose_device(precision: str = "auto") -> DeviceChoice:
    """Takes CUDA, then MPS, then the CPU; PLUMBLINE_DEVICE overrides. Sets the number of CPU threads."""
    import torch

    device = os.environ.get("PLUMBLINE_DEVICE") or best_device()
    threads = cpu_threads()
    torch.set_num_threads(threads)
    if precision == "auto":
        precision = "bf16" if is_good_at_bf16(device) else "fp32"
    return DeviceChoice(device, device_name(device), precision, threads)


def best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def is_good_at_bf16(device: str) -> bool:
    """bf16 is faster than fp32 only with hardware for it; without, a CPU is slower than in fp32."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device != "cpu":
        return False
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def attention_for(device: str, longest: int) -> str | None:
    """transformers' name of the attention to use, None for its default. `longest`: tokens of the longest text.

    PyTorch's fused attention is slow on CPUs for short texts and for one query at a time; the plain one needs memory
    that grows with the square of the length.
    """
    return "eager" if device == "cpu" and longest <= _PLAIN_ATTENTION_TOKENS else None


def widest_float(device: str) -> torch.dtype:
    """The widest float that a device type computes in: Apple's MPS has no float64."""
    import torch

    return torch.float32 if device == "mps" else torch.float64


def device_name(device: str) -> str:
    import platform

    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return _cpu_model() or platform.processor() or platform.machine()


def cpu_threads() -> int:
    """Physical cores this process may use, less one for the editor where there are more than two."""
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(psutil.cpu_count(logical=False) or allowed, allowed)
    return cores - 1 if cores > 2 else max(cores, 1)


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""
