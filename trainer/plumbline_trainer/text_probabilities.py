"""The probability that a model's reply begins with each of some texts, over all token sequences that spell it."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any, Sequence

import torch

from plumbline_trainer.decoding import next_token_pass, pad_left
from plumbline_trainer.spelling import START, Spelled, Spelling

# Beginnings less likely than this are not followed. There are a thousand of them at most, so less than a hundredth of all
# probability is left out, and nearly always less than a thousandth.
FLOOR = 1e-5
# Beginnings that are read on from at one time; each needs the cache of its whole prompt.
ROWS = 32


@dataclass(frozen=True)
class _Path:
    """A beginning of the reply to one prompt, with the logarithm of its probability."""

    prompt: int
    spelled: Spelled
    log_probability: float


class TextProbabilities:
    """Of `numbers` and `words` at the beginning of a reply.

    A number's probability is that of its digits times that of anything but a further digit behind them, so 8 and 85 are
    told apart whether a tokenizer has one token for 85 or two. A word's is that of its letters, whatever follows. White space
    of one token may stand before either. Beginnings share their passes: `8` is read once for 8 and 80 to 89.
    """

    def __init__(self, model: Any, tokenizer: Any, numbers: Sequence[str], words: Sequence[str], device: str):
        self._model = model
        self._numbers = frozenset(numbers)
        self._words = frozenset(words)
        self._device = device
        self._spelling = Spelling(tokenizer, [*numbers, *words], device)

    def of(self, prompts: Sequence[Sequence[int]]) -> list[dict[str, float]]:
        """For each prompt (token ids) the probabilities of all texts, by text. Draws no random numbers."""
        found = [dict.fromkeys([*self._numbers, *self._words], 0.0) for _ in prompts]
        tokens, mask = pad_left(prompts, self._device)
        with torch.inference_mode():
            self._read(tokens, mask, None, [_Path(index, START, 0.0) for index in range(len(prompts))], found)
        return found

    def _read(
        self, tokens: torch.Tensor, mask: torch.Tensor, cache: Any, paths: Sequence[_Path], found: list[dict[str, float]]
    ) -> None:
        """Reads `tokens` [n, new], counts what the n paths have spelled, and goes on where they may."""
        output = next_token_pass(self._model, tokens, mask, cache)
        log_probs = output.logits[:, -1].float().log_softmax(-1)
        self._count_numbers(log_probs, paths, found)
        further = self._go_on(log_probs, paths, found)
        for start in range(0, len(further), ROWS):
            piece = further[start : start + ROWS]
            rows = torch.tensor([row for row, _, _ in piece], device=self._device)
            cache = copy.deepcopy(output.past_key_values)
            cache.batch_select_indices(rows)
            said = torch.tensor([[token] for _, token, _ in piece], device=self._device)
            longer = torch.cat([mask[rows], mask.new_ones(len(rows), 1)], 1)
            self._read(said, longer, cache, [path for _, _, path in piece], found)

    def _count_numbers(self, log_probs: torch.Tensor, paths: Sequence[_Path], found: list[dict[str, float]]) -> None:
        another_digit = log_probs[:, self._spelling.digits].exp().sum(-1).tolist()
        for path, digit in zip(paths, another_digit):
            if path.spelled.text in self._numbers:
                found[path.prompt][path.spelled.text] += math.exp(path.log_probability) * max(0.0, 1.0 - digit)

    def _go_on(
        self, log_probs: torch.Tensor, paths: Sequence[_Path], found: list[dict[str, float]]
    ) -> list[tuple[int, int, _Path]]:
        """Longer paths, each with its row and its newest token. Words that are complete are counted and go no further."""
        further = []
        for row, path in enumerate(paths):
            following = self._spelling.continuations(path.spelled)
            tokens = following.tokens.tolist()
            for token, spelled, log_prob in zip(tokens, following.spelled, log_probs[row, following.tokens].tolist()):
                longer = _Path(path.prompt, spelled, path.log_probability + log_prob)
                if spelled.text in self._words:
                    found[path.prompt][spelled.text] += math.exp(longer.log_probability)
                elif longer.log_probability >= math.log(FLOOR):
                    further.append((row, token, longer))
        return further
