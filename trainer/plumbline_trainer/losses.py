"""Losses that are means over tokens, and their gradient in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Mapping, Sequence

import torch
from torch import nn

from plumbline_trainer.batches import Batch
from plumbline_trainer.passes import Passes, Reading, Request

# Tokens whose logits exist at one time. 128 x 50,000 floats are 25 MB.
CHUNK_TOKENS = 128


@dataclass(frozen=True)
class TokenLogits:
    """What is known of n tokens: log-probabilities [n, vocabulary] of the trained model and, where a term asks for it,
    of the reference (no gradient), the tokens to predict [n], and their places [n] in the micro-batch (row x length +
    position)."""

    log_probs: torch.Tensor
    reference_log_probs: torch.Tensor | None
    targets: torch.Tensor
    places: torch.Tensor


PerToken = Callable[[TokenLogits], torch.Tensor]


@dataclass(frozen=True)
class TokenTerm:
    """weight x mean over `positions` (mask [rows, length]) of `per_token` (logits of n tokens -> losses [n]).

    `reference`: the key of the model that is compared with. `factor` (logits of n tokens -> [n], no gradient) multiplies
    each token's loss; the value that is reported leaves it out.
    """

    name: str
    weight: float
    positions: torch.Tensor
    per_token: PerToken
    reference: str | None = None
    factor: PerToken | None = None

    @property
    def items(self) -> int:
        return int(self.positions.sum())

    @property
    def request(self) -> Request:
        return Request(tokens=self.positions)


def cross_entropy(tokens: TokenLogits) -> torch.Tensor:
    """-log p(target), in nats. [n]"""
    return -tokens.log_probs.gather(1, tokens.targets[:, None])[:, 0]


def cross_entropy_term(batch: Batch) -> TokenTerm:
    """The cross-entropy of the response tokens."""
    return TokenTerm("cross_entropy", 1.0, batch.response & batch.cross_entropy[:, None], cross_entropy)


def kl_trained_reference(tokens: TokenLogits) -> torch.Tensor:
    """KL(trained || reference) = sum_v p (log p - log q), in nats. [n]

    arXiv 2508.06249, the KL regularizer; full vocabulary, temperature 1, as in the authors' code.
    """
    return (tokens.log_probs.exp() * (tokens.log_probs - tokens.reference_log_probs)).sum(-1)


def kl_reference_trained(tokens: TokenLogits) -> torch.Tensor:
    """KL(reference || trained) = sum_v q (log q - log p), in nats. [n]"""
    reference = tokens.reference_log_probs
    return (reference.exp() * (reference - tokens.log_probs)).sum(-1)


def token_loss(
    terms: Sequence[TokenTerm],
    items_of: Mapping[str, int],
    passes: Passes,
    targets: torch.Tensor,
    chunk: int = CHUNK_TOKENS,
) -> tuple[torch.Tensor, dict[str, float]]:
    """One micro-batch's part of the loss.

    `items_of`: tokens of each term in the whole step; `targets`: the tokens to predict [rows, length]. Returns the
    weighted sum (a scalar whose backward pass goes on into the trained hidden states) and each term's unweighted part.
    Softmax is computed in fp32 at least.
    """
    terms = [term for term in terms if term.items > 0]
    hidden, head, selected = passes.trained.hidden, passes.trained.head, passes.trained.request.tokens
    masks = [term.positions[selected] for term in terms]
    read_by = {term.reference: _hidden_at(passes.references[term.reference], selected) for term in terms if term.reference}
    targets, places = targets[selected], selected.flatten().nonzero()[:, 0]
    parts = dict.fromkeys((term.name for term in terms), 0.0)
    loss = torch.zeros((), dtype=_precise(hidden.dtype), device=hidden.device)
    gradients = []
    for start in range(0, len(hidden), chunk):
        rows = slice(start, start + chunk)
        piece = hidden[rows].detach().requires_grad_(hidden.requires_grad)
        with torch.set_grad_enabled(hidden.requires_grad):
            tokens = {None: TokenLogits(_log_softmax(head(piece)), None, targets[rows], places[rows])}
            objective = torch.zeros_like(loss)
            for term, mask in zip(terms, masks):
                if not mask[rows].any():
                    continue
                if (key := term.reference) not in tokens:
                    reference = _reference_log_probs(passes.references[key].head, read_by[key][rows])
                    tokens[key] = replace(tokens[None], reference_log_probs=reference)
                losses = term.per_token(tokens[key])
                part = losses[mask[rows]].sum() / items_of[term.name]
                parts[term.name] += float(part.detach())
                if term.factor is not None:
                    part = (_constant(term.factor, tokens[key]) * losses)[mask[rows]].sum() / items_of[term.name]
                objective = objective + term.weight * part
        loss = loss + objective.detach()
        if hidden.requires_grad:
            touched = objective.requires_grad
            gradients.append(torch.autograd.grad(objective, piece)[0] if touched else torch.zeros_like(piece))
    if hidden.requires_grad and gradients:
        loss = _KnownGradient.apply(hidden, loss, torch.cat(gradients))
    return loss, parts


class _KnownGradient(torch.autograd.Function):
    """A value whose gradient was computed on the way, chunk by chunk, so that all logits never exist at once."""

    @staticmethod
    def forward(ctx, hidden: torch.Tensor, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gradient)
        return value.clone()

    @staticmethod
    def backward(ctx, upstream: torch.Tensor):
        (gradient,) = ctx.saved_tensors
        return gradient * upstream.to(gradient.dtype), None, None


def _hidden_at(reading: Reading, selected: torch.Tensor) -> torch.Tensor:
    """A reading's hidden states [n, hidden] at the n selected positions; zeros where nothing was read."""
    asked = reading.request.tokens[selected]
    hidden = reading.hidden.new_zeros(len(asked), reading.hidden.shape[1])
    hidden[asked] = reading.hidden
    return hidden


def _constant(function: PerToken, tokens: TokenLogits) -> torch.Tensor:
    with torch.no_grad():
        return function(tokens)


def _reference_log_probs(head: Callable[[torch.Tensor], torch.Tensor], hidden: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return _log_softmax(head(hidden))


def _log_softmax(logits: torch.Tensor) -> torch.Tensor:
    return nn.functional.log_softmax(logits, dim=-1, dtype=_precise(logits.dtype))


def _precise(dtype: torch.dtype) -> torch.dtype:
    return dtype if dtype == torch.float64 else torch.float32
