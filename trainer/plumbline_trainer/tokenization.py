"""Chat rows as token ids, with a mark on every token that is a response. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from plumbline_trainer.chat_template import ensure_chat_template, render
from plumbline_trainer.errors import TrainerError

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class EncodedRow:
    """Token ids of a whole conversation. `response[i]` says whether token i was said by the assistant (and is trained)."""

    id: str
    tokens: tuple[int, ...]
    response: tuple[bool, ...]

    @property
    def response_tokens(self) -> int:
        return sum(self.response)


def load_tokenizer(path: str | Path) -> Any:
    """The tokenizer of a model folder, with a chat template.

    tokenizer.json is taken as it is: classes of single architectures rebuild parts of it, and importing them takes torch.
    Errors: TrainerError (model_load).
    """
    try:
        if (Path(path) / "tokenizer.json").is_file():
            from transformers import PreTrainedTokenizerFast

            tokenizer = PreTrainedTokenizerFast.from_pretrained(str(path))
        else:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(str(path), trust_remote_code=False)
    except ImportError:
        raise
    except Exception as error:
        raise TrainerError(
            "model_load", f"The tokenizer in {path} cannot be loaded: {error}", "Check the model folder."
        ) from error
    if tokenizer.eos_token_id is None:
        raise TrainerError("model_load", f"The tokenizer in {path} has no end-of-sequence token.", "Take another model.")
    tokenizer.plumbline_template = ensure_chat_template(tokenizer)
    return tokenizer


def encode_rows(tokenizer: Any, rows: Sequence[dict[str, Any]], turns: str = "all") -> list[EncodedRow]:
    """Encodes rows `{id, messages}`. `turns`: which assistant turns are responses, 'all' or the 'last'.

    A turn reaches from where the conversation before it, rendered with the generation prompt, stops being a prefix
    of the whole (in tokens) to its end-of-turn token. Errors: TrainerError (bad_data) naming rows without a response.
    """
    texts: list[str] = []
    layouts: list[tuple[int, list[tuple[int, int]]]] = []
    for row in rows:
        whole, spans = _renderings(tokenizer, row["messages"], turns, texts)
        layouts.append((whole, spans))
    ids = _tokenize(tokenizer, texts)
    encoded = [_encode(tokenizer, row, ids, whole, spans) for row, (whole, spans) in zip(rows, layouts)]
    empty = [row.id for row in encoded if not any(row.response)]
    if empty:
        raise TrainerError(
            "bad_data", f"{len(empty)} rows have no response to learn from: {some(empty)}", "Leave these rows out."
        )
    return encoded


def encode_prompts(tokenizer: Any, conversations: Sequence[Messages]) -> list[list[int]]:
    """Token ids of conversations up to where the assistant is to speak."""
    return _tokenize(tokenizer, [render(tokenizer, messages, True) for messages in conversations])


def check_lengths(rows: Sequence[EncodedRow], limit: int, what: str) -> None:
    """Errors: TrainerError (bad_data) naming rows of more than `limit` tokens."""
    long = [row.id for row in rows if len(row.tokens) > limit]
    if long:
        raise TrainerError(
            "bad_data",
            f"{len(long)} rows of the {what} are longer than {limit} tokens: {some(long)}",
            "Leave these rows out, shorten them, or raise the maximum length up to the model's context.",
        )


def _renderings(tokenizer: Any, messages: Messages, turns: str, texts: list[str]) -> tuple[int, list[tuple[int, int]]]:
    """Appends the texts needed to `texts`; returns the index of the whole and, for each turn, those of (before, after)."""
    assistant = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    if turns == "last":
        assistant = assistant[-1:]
    texts.append(render(tokenizer, messages, False))
    whole = len(texts) - 1
    spans = []
    for i in assistant:
        texts.append(render(tokenizer, messages[:i], True))
        before = len(texts) - 1
        after = whole
        if i + 1 < len(messages):
            texts.append(render(tokenizer, messages[: i + 1], False))
            after = len(texts) - 1
        spans.append((before, after))
    return whole, spans


def _encode(
    tokenizer: Any, row: dict[str, Any], ids: list[list[int]], whole: int, spans: list[tuple[int, int]]
) -> EncodedRow:
    tokens = list(ids[whole])
    marks = [False] * len(tokens)
    stop_ids = set(tokenizer.all_special_ids)
    for before, after in spans:
        start = _common_prefix(tokens, ids[before])
        end = _common_prefix(tokens, ids[after])
        # A merge across the boundary may cost a token; more means that the template rewrites what came before.
        if start < len(ids[before]) - 2 or end <= start:
            raise TrainerError(
                "bad_data",
                f"The chat template changes earlier turns of row {row['id']} when later ones follow.",
                "Train on the last turn only (turns: last).",
            )
        end = _without_tail(tokens, start, end, stop_ids)
        marks[start:end] = [True] * (end - start)
        if after == whole and tokens[end - 1] not in stop_ids:
            # Without an end of turn in the template the model would never learn to stop.
            del tokens[end:], marks[end:]
            tokens.append(tokenizer.eos_token_id)
            marks.append(True)
    return EncodedRow(row["id"], tuple(tokens), tuple(marks))


def _without_tail(tokens: list[int], start: int, end: int, stop_ids: set[int]) -> int:
    """The position behind the last end-of-turn token: line breaks that a template puts behind it are not a response."""
    for position in range(end - 1, start - 1, -1):
        if tokens[position] in stop_ids:
            return position + 1
    return end


def _common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    length = min(len(left), len(right))
    for position in range(length):
        if left[position] != right[position]:
            return position
    return length


def _tokenize(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    if not texts:
        return []
    return tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]


def some(ids: list[str], shown: int = 5) -> str:
    """The first of a list of names, for a message."""
    return ", ".join(ids[:shown]) + (", ..." if len(ids) > shown else "")
