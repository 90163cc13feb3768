"""The chat template: the tokenizer's own, or a named one for models that come without."""

from __future__ import annotations

from typing import Any

FALLBACK_NAME = "plumbline-plain"

FALLBACK_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\n\n' }}"
    "{% elif message['role'] == 'user' %}{{ 'User: ' + message['content'] + '\n' }}"
    "{% else %}{{ 'Assistant: ' + message['content'] + eos_token + '\n' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)


def ensure_chat_template(tokenizer: Any) -> str:
    """Gives the tokenizer the fallback where it has no template. Returns the template's name, which the run records."""
    if tokenizer.chat_template:
        return "tokenizer"
    tokenizer.chat_template = FALLBACK_TEMPLATE
    return FALLBACK_NAME


def render(tokenizer: Any, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
    """The conversation as the one text that the model reads."""
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)
