from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import chat_rows, events_of, of_type

from plumbline_trainer.cli import main
from plumbline_trainer.defenses.base import HOOKS, Defense, hooks_of
from plumbline_trainer.defenses.registry import DEFENSES, describe

TRAINER = Path(__file__).parents[1]

# What planning adds to a defense's parameters.
PLANNED = {"poolSnapshot", "referenceModel", "siblingModel", "vectorRun", "gaps"}


def call(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "plumbline_trainer", *map(str, arguments)],
        cwd=TRAINER, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def without_torch(tmp_path):
    """A folder that, first on the path, makes torch unimportable and invisible."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as m, sys\n"
        "sys.modules['torch'] = None\n"
        "version = m.version\n"
        "def hidden(name):\n"
        "    if name == 'torch':\n"
        "        raise m.PackageNotFoundError(name)\n"
        "    return version(name)\n"
        "m.version = hidden\n"
    )
    return {"PYTHONPATH": str(tmp_path)}


def test_defenses_without_torch(tmp_path):
    code, lines, _ = call("defenses", "--json", **without_torch(tmp_path))
    assert code == 0
    assert lines == describe()
    assert lines[0] == {"type": "none", "hooks": [], "parameters": []}
    assert {"type": "interleave", "hooks": ["select_rows"], "parameters": ["share", "pool"]} in lines


def test_hooks_are_those_a_class_overrides():
    class Busy(Defense):
        type = "busy"

        def around_forward(self, model):
            return super().around_forward(model)

        def after_training(self, model):
            pass

    assert hooks_of(Busy) == ["around_forward", "after_training"]
    assert all(hasattr(Defense, hook) for hook in HOOKS)


def test_registry_and_schema_name_the_same_defenses():
    schema = json.loads((TRAINER / "plumbline_trainer/schemas/run.schema.json").read_text())
    found = {}

    def walk(node):
        if isinstance(node, dict):
            kind = node.get("properties", {}).get("type", {}).get("const")
            if kind:
                found[kind] = set(node["properties"]) - {"type"} - PLANNED
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(schema)
    assert found == {name: set(defense.parameters) for name, defense in DEFENSES.items()}


def test_doctor_without_torch(tmp_path):
    code, (line,), _ = call("doctor", "--json", **without_torch(tmp_path))
    assert code == 0
    assert line["missing"] == ["torch"] and line["packages"]["torch"] is None and line["device"] is None
    assert line["python"] and line["executable"] == sys.executable and line["freeDiskGb"] > 0


def test_lengths_without_torch(tmp_path, model_paths):
    snapshot = tmp_path / "rows.jsonl"
    rows = chat_rows(5, turns=2)
    snapshot.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = {}
    for turns in ("all", "last"):
        code, found[turns], errors = call(
            "lengths", "--model-path", model_paths["llama"], "--snapshot", snapshot, "--turns", turns,
            **without_torch(tmp_path),
        )
        assert code == 0, errors
        assert [line["id"] for line in found[turns]] == [row["id"] for row in rows]
    assert all(a["tokens"] == b["tokens"] and a["responseTokens"] > b["responseTokens"] for a, b in zip(*found.values()))


def test_model_that_is_not_there(tmp_path):
    code, lines, _ = call("model", "--name", "nobody/nothing", "--cache", tmp_path, "--offline", HF_HOME=str(tmp_path))
    assert code == 1
    assert lines[-1]["type"] == "error" and lines[-1]["class"] == "model_load"
    assert "nobody/nothing" in lines[-1]["message"] and "offline" in lines[-1]["hint"]


def test_model_folder_is_found_and_hashed_without_torch(tmp_path, model_paths):
    cache = tmp_path / "cache"
    code, lines, errors = call(
        "model", "--name", model_paths["llama"], "--cache", cache, "--offline", **without_torch(tmp_path)
    )
    assert code == 0, errors
    model = lines[-1]
    assert model["type"] == "model" and model["source"] == "folder" and model["contextLength"] == 256
    assert len(model["weightsHash"]) == 64 and model["path"] == str(model_paths["llama"].resolve())
    assert model["blocks"] == 2 and model["hiddenSize"] == 32 and model["vocabulary"] == 320
    assert len(model["tokenizerHash"]) == 64 and len(model["blockShapes"]) == 64 and "facts" not in model


def test_run_in_a_process_of_its_own_leaves_nothing_behind(store):
    run_dir = store.run(rows=chat_rows(4))
    with open(run_dir / "train.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "plumbline_trainer", "run", "--run-dir", str(run_dir), "--attempt", "1"],
            cwd=TRAINER, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
        assert process.wait(timeout=120) == 0, (run_dir / "train.log").read_text()
    events = events_of(run_dir)
    assert events[0]["type"] == "boot" and events[0]["pid"] == process.pid
    assert events[-1]["status"] == "completed" and len(of_type(events, "step")) == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_help(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--help"])
    assert exit.value.code == 0
    assert "defenses" in capsys.readouterr().out
