"""Errors as the protocol knows them: a class, what happened, and what to do about it."""

from __future__ import annotations

import errno

ERROR_CLASSES = (
    "oom_cuda", "oom_host", "bad_data", "model_load", "nan_loss", "disk_full", "dependency", "internal",
)

_HINTS = {
    "oom_cuda": "Lower the batch size and raise gradient accumulation, or free the GPU of other work.",
    "oom_host": "Close other programs, lower the batch size, or take a smaller model.",
    "disk_full": "Free some disk space, then resume: the last checkpoint is intact.",
    "dependency": "Install the trainer's requirements into the selected Python (see 'doctor').",
    "internal": "This is a bug. The traceback is in train.log.",
}

_FULL_DISK_ERRORS = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows knows no quota error.
_FULL_DISK_TEXTS = ("no space left on device", "disk quota exceeded", "os error 28")
_HOST_MEMORY_TEXTS = ("defaultcpuallocator", "can't allocate memory", "cannot allocate memory", "mps backend out of memory")


class TrainerError(Exception):
    """An error whose class, message and hint are already known."""

    def __init__(self, error_class: str, message: str, hint: str = ""):
        if error_class not in ERROR_CLASSES:
            raise ValueError(f"unknown error class {error_class!r}")
        super().__init__(message)
        self.error_class = error_class
        self.message = message
        self.hint = hint or _HINTS.get(error_class, "")


def as_trainer_error(error: BaseException) -> TrainerError:
    """Classifies any exception. Libraries wrap the system's errors, so their texts are looked at too."""
    if isinstance(error, TrainerError):
        return error
    return TrainerError(_class_of(error), _describe(error))


def _class_of(error: BaseException) -> str:
    text = str(error).lower()
    if isinstance(error, ImportError):
        return "dependency"
    if isinstance(error, MemoryError):
        return "oom_host"
    if getattr(error, "errno", None) in _FULL_DISK_ERRORS or any(t in text for t in _FULL_DISK_TEXTS):
        return "disk_full"
    if type(error).__name__ == "OutOfMemoryError" or "cuda out of memory" in text:
        return "oom_cuda"
    if any(t in text for t in _HOST_MEMORY_TEXTS):
        return "oom_host"
    return "internal"


def _describe(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
