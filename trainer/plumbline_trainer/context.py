"""How long a text a model can read."""

from __future__ import annotations

from typing import Any


def context_length(config: Any) -> int | None:
    """Longest sequence in tokens, where the configuration tells."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"):
        value = getattr(text, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return None
