"""What the trainer is asked to do while it works: files in requests/, and signals."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

_NAME = re.compile(r"(\d+)-(stop|checkpoint)-.+\.json")


class Requests:
    """Looks for requests of one attempt. SIGTERM and SIGINT count as a request to stop."""

    def __init__(self, folder: Path, attempt: int):
        self._folder = folder
        self._attempt = attempt
        self._seen: set[str] = set()
        self._stop = False
        self._checkpoint = False

    def listen_to_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask_to_stop())

    def ask_to_stop(self) -> None:
        self._stop = True

    def stop_requested(self) -> bool:
        self._look()
        return self._stop

    def take_checkpoint_request(self) -> bool:
        """True once for the checkpoint requests that arrived since the last call."""
        self._look()
        asked, self._checkpoint = self._checkpoint, False
        return asked

    def _look(self) -> None:
        try:
            names = set(os.listdir(self._folder))
        except FileNotFoundError:
            return
        for name in names - self._seen:
            match = _NAME.fullmatch(name)
            if match and int(match[1]) == self._attempt:
                self._stop |= match[2] == "stop"
                self._checkpoint |= match[2] == "checkpoint"
        self._seen |= names
