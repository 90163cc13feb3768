"""The transformer blocks of any causal model, and what leaves them. Imports torch only where there is a model."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterable, Iterator

from plumbline_trainer.errors import TrainerError

if TYPE_CHECKING:
    import torch
    from torch import nn


def number_of_blocks(config: Any) -> int:
    """Of a transformers configuration."""
    return config.get_text_config().num_hidden_layers


def transformer_blocks(model: Any) -> nn.ModuleList:
    """The model's blocks in order, found by their number. Errors: TrainerError (model_load) when there is no such list."""
    from torch import nn

    count = number_of_blocks(model.config)
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise TrainerError(
        "model_load", f"{type(model).__name__} does not keep its {count} blocks in one list.", "Take another model."
    )


@contextmanager
def block_outputs(model: Any, blocks: Iterable[int], positions: torch.Tensor | None) -> Iterator[dict[int, torch.Tensor]]:
    """Collects what leaves the blocks (from 0) in the forward pass inside, before any final norm.

    Yields a mapping that the pass fills: block -> [n, hidden] at the n `positions` (mask [rows, length]), row by row.
    """
    outputs: dict[int, torch.Tensor] = {}

    def keep(block: int):
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            outputs[block] = (output[0] if isinstance(output, tuple) else output)[positions]

        return hook

    wanted = sorted(blocks)
    every = transformer_blocks(model) if wanted else []
    handles = [every[block].register_forward_hook(keep(block)) for block in wanted]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()
