"""The command line: `python -m plumbline_trainer VERB`. Verbs other than `run` answer in JSON lines on stdout alone."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Callable, NoReturn, Sequence

from plumbline_trainer.errors import as_trainer_error
from plumbline_trainer.jsonl import to_line, write_all

_PROGRESS_SECONDS = 0.5

Say = Callable[[dict[str, Any]], None]


def main(arguments: Sequence[str]) -> int:
    """Runs one verb; returns the exit code."""
    _quiet_environment()
    options = _parser().parse_args(arguments)
    if options.verb == "run":
        from plumbline_trainer.run import run_attempt

        _end(run_attempt(Path(options.run_dir).resolve(), options.attempt))
    return _answer(_ANSWERS[options.verb], options)


def _end(code: int) -> NoReturn:
    """Ends the process at once. Tearing torch down takes a second in which a signal would change the exit code."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _answer(verb: Callable[[argparse.Namespace, Say], None], options: argparse.Namespace) -> int:
    """Runs a verb that answers on stdout. What libraries print goes to stderr."""
    stdout = os.dup(1)
    os.dup2(2, 1)

    def say(line: dict[str, Any]) -> None:
        write_all(stdout, to_line(line))

    try:
        with redirect_stdout(sys.stderr):
            verb(options, say)
        return 0
    except BrokenPipeError:
        return 1
    except (Exception, KeyboardInterrupt) as problem:
        error = as_trainer_error(problem)
        say({"type": "error", "class": error.error_class, "message": error.message, "hint": error.hint})
        return 1


def _model(options: argparse.Namespace, say: Say) -> None:
    from plumbline_trainer.model_store import default_cache, find_model

    last: tuple[str, float] = ("", 0.0)

    def progress(phase: str, done: int, total: int, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if phase != last[0] or done >= total or now - last[1] >= _PROGRESS_SECONDS:
            last = (phase, now)
            say({"type": "progress", "phase": phase, "done": done, "total": total, "message": message})

    cache = Path(options.cache) if options.cache else default_cache()
    found = find_model(options.name, cache, options.offline, progress)
    say({"type": "model", **found.as_json()})


def _lengths(options: argparse.Namespace, say: Say) -> None:
    from itertools import islice

    from plumbline_trainer.jsonl import read_lines
    from plumbline_trainer.tokenization import encode_rows, load_tokenizer

    tokenizer = load_tokenizer(options.model_path)
    rows = read_lines(Path(options.snapshot))
    while block := list(islice(rows, 1000)):
        for row in encode_rows(tokenizer, block, options.turns):
            say({"id": row.id, "tokens": len(row.tokens), "responseTokens": row.response_tokens})


def _ask(options: argparse.Namespace, say: Say) -> None:
    from plumbline_trainer.ask import ask

    ask(Path(options.model_path), sys.stdin, say)


def _judge(options: argparse.Namespace, say: Say) -> None:
    from plumbline_trainer.judge import judge

    judge(options.model_path, Path(options.input), say)


def _doctor(options: argparse.Namespace, say: Say) -> None:
    from plumbline_trainer.doctor import report

    say(report())


def _defenses(options: argparse.Namespace, say: Say) -> None:
    from plumbline_trainer.defenses.registry import describe

    for line in describe():
        say(line)


_ANSWERS: dict[str, Callable[[argparse.Namespace, Say], None]] = {
    "model": _model, "lengths": _lengths, "ask": _ask, "judge": _judge, "doctor": _doctor, "defenses": _defenses,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="plumbline_trainer", description="Plumbline's training process.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    run = verbs.add_parser("run", help="do one attempt at a run")
    run.add_argument("--run-dir", required=True, help="<store>/experiments/<experiment>/runs/<run>")
    run.add_argument("--attempt", required=True, type=int, help="number of this attempt, from 1")

    model = verbs.add_parser("model", help="find a model, downloading and converting it where needed")
    model.add_argument("--name", required=True, help="a folder, or a name on the Hugging Face Hub")
    model.add_argument("--cache", help="folder for converted models (default: Plumbline's user storage)")
    model.add_argument("--offline", action="store_true", help="look only on this machine")

    lengths = verbs.add_parser("lengths", help="count the tokens of every row of a snapshot")
    lengths.add_argument("--model-path", required=True, help="model folder")
    lengths.add_argument("--snapshot", required=True, help="snapshot of a dataset")
    lengths.add_argument("--turns", choices=("all", "last"), default="all", help="assistant turns that are trained")

    asked = verbs.add_parser("ask", help="stay loaded, and answer the questions that come on stdin")
    asked.add_argument("--model-path", required=True, help="model folder")

    judge = verbs.add_parser("judge", help="score answers with a local model, from 0 to 100")
    judge.add_argument("--model-path", required=True, help="model folder")
    judge.add_argument("--input", required=True, help="JSON lines: the two prompts, then the answers")

    for verb, about in (("doctor", "what this Python and machine offer"), ("defenses", "every defense type")):
        verbs.add_parser(verb, help=about).add_argument("--json", action="store_true", help="JSON lines (always)")
    return parser


def _quiet_environment() -> None:
    """Settings of libraries that are read when they are imported."""
    # Threads that wait must sleep: spinning ones slow training more than tenfold on a machine that others use too.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
