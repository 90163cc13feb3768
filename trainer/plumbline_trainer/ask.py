"""The verb `ask`: a model that stays loaded and answers prompts as they come, by the base and by adapters of it.

JSON lines on stdin: `{id, models: [{name, adapter}], messages, samples, sampler: {temperature, topP, maxTokens, seed}}`,
`adapter` being a PEFT folder, or null for the base; `{cancel: id}` stops a question between two batches. On stdout:
`{type: ready, device}`, then for each answer `{type: answer, id, model, sample, seed, answer, finish, tokens}`, and at the end
of a question `{type: done, id, cancelled}` or `{type: error, id, class, message, hint}`. The end of stdin ends the process.
"""

from __future__ import annotations

import json
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Callable, Iterable, Mapping

from plumbline_trainer.context import context_length
from plumbline_trainer.devices import attention_for, choose_device
from plumbline_trainer.errors import TrainerError, as_trainer_error
from plumbline_trainer.generate import BATCH_ANSWERS, Answer, Prompt, answer_seed, generate
from plumbline_trainer.models import load_base_model
from plumbline_trainer.sampling import Sampling
from plumbline_trainer.tokenization import encode_prompts, load_tokenizer

Say = Callable[[dict[str, Any]], None]


class Respondents:
    """One network, asked as it is or with an adapter on; an adapter is loaded when it is asked first, and stays."""

    def __init__(self, model_path: Path):
        """Errors: TrainerError (model_load, oom_*)."""
        self.device = choose_device("auto")
        self.tokenizer = load_tokenizer(model_path)
        self._base = load_base_model(model_path, self.device.dtype, self.device.device, attention_for(self.device.device, 0))
        self._adapted: Any = None
        # PEFT takes no dots in a name, and folders have them.
        self._names: dict[Path, str] = {}

    def batch(self, adapter: Path | None, prompts: list[Prompt], sampling: Sampling) -> list[Answer]:
        """Answers to one batch. Errors: TrainerError (bad_data) for a prompt beyond the model's context, or no adapter there."""
        limit = context_length(self._base.config)
        longest = max(len(prompt.tokens) for prompt in prompts) + sampling.max_tokens
        if limit is not None and longest > limit:
            raise TrainerError(
                "bad_data", f"Prompt and answer take {longest} tokens; the model's context holds {limit}.",
                "Shorten the prompt, or the longest answer.",
            )
        with self._as(adapter):
            model = self._base if self._adapted is None else self._adapted
            return generate(model, self.tokenizer, prompts, sampling, self.device.device)

    def _as(self, adapter: Path | None) -> AbstractContextManager:
        if adapter is None:
            return nullcontext() if self._adapted is None else self._adapted.disable_adapter()
        if adapter not in self._names:
            self._load(adapter)
        self._adapted.set_adapter(self._names[adapter])
        return nullcontext()

    def _load(self, adapter: Path) -> None:
        from peft import PeftModel

        if not adapter.is_dir():
            raise TrainerError("bad_data", f"There is no adapter in {adapter}.", "Train the run first.")
        name = f"adapter{len(self._names)}"
        if self._adapted is None:
            self._adapted = PeftModel.from_pretrained(self._base, str(adapter), adapter_name=name).eval()
        else:
            self._adapted.load_adapter(str(adapter), adapter_name=name)
        self._names[adapter] = name


class Questions:
    """Reads questions on a thread of its own, so that a cancellation is heard while an answer is being written."""

    def __init__(self, lines: Iterable[str]):
        self._waiting: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._cancelled: set[str] = set()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """The next question; None at the end."""
        return self._waiting.get()

    def is_cancelled(self, question_id: str) -> bool:
        return question_id in self._cancelled

    def _read(self, lines: Iterable[str]) -> None:
        for line in lines:
            if not line.strip():
                continue
            message = json.loads(line)
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self._waiting.put(message)
        self._waiting.put(None)


def ask(model_path: Path, lines: Iterable[str], say: Say) -> None:
    """Answers until there are no more lines. An error in one question ends that question alone."""
    respondents = Respondents(model_path)
    questions = Questions(lines)
    say({"type": "ready", "device": respondents.device.device_name})
    while (question := questions.next()) is not None:
        try:
            cancelled = _answer(respondents, question, questions, say)
            say({"type": "done", "id": question["id"], "cancelled": cancelled})
        except Exception as problem:
            error = as_trainer_error(problem)
            about = {"class": error.error_class, "message": error.message, "hint": error.hint}
            say({"type": "error", "id": question["id"], **about})


def _answer(respondents: Respondents, question: Mapping[str, Any], questions: Questions, say: Say) -> bool:
    """Says every answer; returns whether it was cancelled."""
    sampler = question["sampler"]
    sampling = Sampling(sampler["temperature"], sampler["topP"], sampler["maxTokens"])
    [tokens] = encode_prompts(respondents.tokenizer, [question["messages"]])
    # As in an evaluation, every model draws the same random numbers for the same sample.
    prompts = [
        Prompt(str(sample), tuple(tokens), answer_seed(sampler["seed"], f"{question['id']}/{sample}"))
        for sample in range(question["samples"])
    ]
    for model in question["models"]:
        adapter = Path(model["adapter"]) if model["adapter"] else None
        for start in range(0, len(prompts), BATCH_ANSWERS):
            if questions.is_cancelled(question["id"]):
                return True
            batch = prompts[start : start + BATCH_ANSWERS]
            for prompt, answer in zip(batch, respondents.batch(adapter, batch, sampling)):
                say({
                    "type": "answer", "id": question["id"], "model": model["name"], "sample": int(prompt.key), "seed": prompt.seed,
                    "answer": answer.text, "finish": answer.finish, "tokens": answer.tokens,
                })
    return False
