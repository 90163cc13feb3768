"""How a vocabulary can spell given texts at the beginning of a reply, whichever way it cuts them into tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

import torch

_DIGITS = frozenset("0123456789")


@dataclass(frozen=True)
class Spelled:
    """How far a reply has spelled a text. `fresh`: nothing was said yet, so white space may still come."""

    text: str = ""
    fresh: bool = False


START = Spelled(fresh=True)


@dataclass(frozen=True)
class Continuations:
    """Tokens [n] that go on spelling, and how far each leads."""

    tokens: torch.Tensor
    spelled: tuple[Spelled, ...]


class Spelling:
    """The token sequences that spell one of `texts`, behind white space of at most one token (or at a token's beginning)."""

    def __init__(self, tokenizer: Any, texts: Iterable[str], device: str):
        self._device = device
        self._pieces = _texts_of_tokens(tokenizer)
        self._beginnings = {text[:end] for text in texts for end in range(1, len(text) + 1)}
        self._known: dict[Spelled, Continuations] = {}
        digits = [token for token, piece in enumerate(self._pieces) if piece[:1] in _DIGITS]
        self.digits = torch.tensor(digits, dtype=torch.long, device=device)
        """Tokens that begin with a digit: after any other token a number is complete."""

    def continuations(self, spelled: Spelled) -> Continuations:
        """What may follow."""
        if spelled not in self._known:
            self._known[spelled] = self._find(spelled)
        return self._known[spelled]

    def _find(self, spelled: Spelled) -> Continuations:
        found = {}
        for token, piece in enumerate(self._pieces):
            said = piece.lstrip() if spelled.fresh else piece
            if said and spelled.text + said in self._beginnings:
                found[token] = Spelled(spelled.text + said)
            elif piece and not said:
                found[token] = Spelled()
        return Continuations(torch.tensor(list(found), dtype=torch.long, device=self._device), tuple(found.values()))


def _texts_of_tokens(tokenizer: Any) -> list[str]:
    """What each token adds to a text that another one begins; nothing for tokens that are no text of their own.

    Some tokenizers drop a space at the beginning of a text, so each is decoded behind an anchor.
    """
    (anchor,) = tokenizer("a", add_special_tokens=False)["input_ids"][-1:]
    before = tokenizer.decode([anchor], clean_up_tokenization_spaces=False)
    special = set(tokenizer.all_special_ids)
    pairs = [[anchor, token] for token in range(len(tokenizer))]
    decoded = tokenizer.batch_decode(pairs, clean_up_tokenization_spaces=False)
    return [
        text[len(before):] if text.startswith(before) and token not in special else ""
        for token, text in enumerate(decoded)
    ]
