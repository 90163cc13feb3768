"""What decides whether two models fit together: sizes, tokenizer and shapes. Read from a model's files, without torch."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable

from plumbline_trainer.context import context_length
from plumbline_trainer.weights_hash import read_json, tensor_shapes, weight_files

# A weight's name from the index of its block on: the prefix may differ between checkpoints of one model.
_IN_BLOCK = re.compile(r"(?:^|\.)(\d+\..+)$")


@dataclass(frozen=True)
class ModelFacts:
    """None where it is not known. `contextLength`, `vocabulary`: in tokens. `hiddenSize`: width of the hidden states.

    `tokenizerHash`: SHA-256 of what each token id stands for; equal where two models mean the same by the same ids.
    `blockShapes`: SHA-256 of names and shapes of all matrices in blocks.
    """

    contextLength: int | None
    blocks: int | None
    hiddenSize: int | None
    vocabulary: int | None
    tokenizerHash: str | None
    blockShapes: str | None


def model_facts(folder: Path) -> ModelFacts:
    """Reads config.json, the tokenizer's files and the headers of the weights. Errors: TrainerError (model_load)."""
    config = _Settings(read_json(folder / "config.json"))
    return ModelFacts(
        contextLength=context_length(config),
        blocks=config.first("num_hidden_layers", "n_layer", "num_layers"),
        hiddenSize=config.first("hidden_size", "n_embd", "d_model"),
        vocabulary=config.first("vocab_size"),
        tokenizerHash=tokenizer_hash(folder),
        blockShapes=_block_shapes(folder),
    )


def tokenizer_hash(folder: Path) -> str | None:
    """Of the tokens and their ids alone: how text is cut into tokens, and chat templates, are left out."""
    tokens = dict(_tokens(folder))
    if tokens:
        return _sha256(sorted([number, token] for token, number in tokens.items()))
    for model in sorted(folder.glob("*.model")):
        return hashlib.sha256(model.read_bytes()).hexdigest()
    return None


def _tokens(folder: Path) -> Iterable[tuple[str, int]]:
    whole = read_json(folder / "tokenizer.json")
    if not whole:
        yield from read_json(folder / "vocab.json").items()
        yield from read_json(folder / "added_tokens.json").items()
        return
    vocabulary = whole.get("model", {}).get("vocab", {})
    if isinstance(vocabulary, dict):
        yield from vocabulary.items()
    else:  # A unigram model lists [token, score].
        yield from ((entry[0], number) for number, entry in enumerate(vocabulary))
    yield from ((token["content"], token["id"]) for token in whole.get("added_tokens") or ())


def _block_shapes(folder: Path) -> str | None:
    shapes = [
        [found[1], list(shape)]
        for name, shape in tensor_shapes(weight_files(folder)).items()
        if len(shape) == 2 and (found := _IN_BLOCK.search(name))
    ]
    return _sha256(sorted(shapes)) if shapes else None


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()


class _Settings:
    """config.json as attributes: reading it so takes no transformers."""

    def __init__(self, values: dict[str, Any]):
        self.__dict__.update(values.get("text_config") or {}, **values)

    def first(self, *names: str) -> int | None:
        """The first of these settings that is a number."""
        values = (self.__dict__.get(name) for name in names)
        return next((value for value in values if isinstance(value, int)), None)
