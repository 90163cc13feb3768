"""Logits at chosen positions only: the output head is the dearest layer of a small model with a large vocabulary."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from plumbline_trainer.errors import TrainerError


class OutputHead:
    """From final hidden states [n, hidden] to logits [n, vocabulary], as the model itself computes them.

    Some families scale or cap their logits behind the output embeddings. That is read from the configuration, and
    compared with the model's own logits once. Errors: TrainerError (model_load) when they differ.
    """

    def __init__(self, model: nn.Module):
        self._embeddings = model.get_output_embeddings()
        if self._embeddings is None:
            raise TrainerError("model_load", "The model has no output head.", "Take a causal language model.")
        config = model.config.get_text_config()
        self._cap = getattr(config, "final_logit_softcapping", None)
        self._factor = getattr(config, "logit_scale", None) or 1.0
        self._divisor = getattr(config, "logits_scaling", None) or 1.0
        self._check(model)

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        logits = self._embeddings(hidden)
        if self._factor != 1.0 or self._divisor != 1.0:
            logits = logits * (self._factor / self._divisor)
        if self._cap is not None:
            logits = torch.tanh(logits / self._cap) * self._cap
        return logits

    @property
    def module(self) -> nn.Module:
        return self._embeddings

    def _check(self, model: nn.Module) -> None:
        tokens = torch.arange(4, device=self._embeddings.weight.device)[None]
        everywhere = torch.ones_like(tokens, dtype=torch.bool)
        with torch.no_grad():
            own = model(input_ids=tokens, use_cache=False).logits[0].float()
            ours = self(final_hidden_states(model, self, tokens, everywhere)).float()
        if not torch.allclose(own, ours, rtol=0.02, atol=0.02 * float(own.abs().max())):
            raise TrainerError(
                "model_load",
                f"{type(model).__name__} transforms its logits in a way this trainer does not know.",
                "Take a model of another family, or report this one.",
            )


def final_hidden_states(
    model: nn.Module, head: OutputHead, input_ids: torch.Tensor, positions: torch.Tensor, cache: Any = None
) -> torch.Tensor:
    """Hidden states [n, hidden] that enter the output head at `positions` (mask [rows, length]), row by row.

    Rows are padded on the right and a causal model does not look ahead, so no attention mask is needed; attention
    without one is faster. The head itself runs on nothing here. `cache`: keys and values of what stands before each
    row, where something does; the rows are added to it.
    """
    kept: list[torch.Tensor] = []

    def keep(_: nn.Module, arguments: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        hidden = arguments[0]
        kept.append(hidden[positions])
        return (hidden[:, :0],)

    handle = head.module.register_forward_pre_hook(keep)
    try:
        before = {} if cache is None else {"past_key_values": cache}
        model(input_ids=input_ids, use_cache=cache is not None, **before)
    finally:
        handle.remove()
    return kept[0]

