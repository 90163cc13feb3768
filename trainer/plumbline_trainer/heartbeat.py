"""A thread that says every few seconds that the trainer lives, and what it is doing."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from plumbline_trainer.events import EventWriter

INTERVAL_SECONDS = 10.0


@dataclass
class Activity:
    """What the trainer is doing right now. Written by the main thread, read by the heartbeat."""

    phase: str = "load"
    step: int = 0


class Heartbeat:
    """Emits a `heartbeat` event every interval until stopped."""

    def __init__(self, events: EventWriter, activity: Activity, interval: float = INTERVAL_SECONDS):
        self._events = events
        self._activity = activity
        self._interval = interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._events.emit(
                    "heartbeat", phase=self._activity.phase, step=self._activity.step, rssMb=resident_megabytes()
                )
            except OSError:
                # A full disk is reported by the main thread, at its next write.
                continue


def resident_megabytes() -> float:
    """Resident memory of this process in MiB."""
    import psutil

    return round(psutil.Process().memory_info().rss / 2**20, 1)
