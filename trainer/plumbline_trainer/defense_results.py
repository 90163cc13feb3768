"""What defenses did once training was over: kept in the adapter's folder, so that it is there exactly when the adapter is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from plumbline_trainer.jsonl import finite

if TYPE_CHECKING:
    from plumbline_trainer.defenses.base import Defense
    from plumbline_trainer.run import Run

_FILE = "defense-results.json"


def finish_training(defenses: Sequence[Defense], model: Any) -> dict[str, Any]:
    """Lets each defense act on the trained adapter, once; returns their facts by type."""
    return {defense.type: facts for defense in defenses if (facts := defense.after_training(model))}


def save_results(results: Mapping[str, Any], folder: Path) -> None:
    """Writes nothing where no defense did anything."""
    if results:
        (folder / _FILE).write_text(json.dumps(finite(results), indent=1) + "\n", encoding="utf-8")


def emit_results(run: Run) -> None:
    """A `defense` event for each. Every attempt says them: readers look at the last one."""
    file = run.paths.adapter / _FILE
    results = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for defense, facts in results.items():
        run.events.emit("defense", step=run.activity.step, defense=defense, facts=facts)
