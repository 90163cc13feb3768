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
    """The conversation as the one text that the model reads. A system turn that the template does not know is put before
    the first user turn's text."""
    if messages and messages[0]["role"] == "system" and not takes_system_turns(tokenizer):
        messages = _folded(messages)
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)


def takes_system_turns(tokenizer: Any) -> bool:
    """Whether the template writes system turns: some refuse them, some drop them without a word."""
    known = getattr(tokenizer, "plumbline_takes_system_turns", None)
    if known is None:
        known = tokenizer.plumbline_takes_system_turns = _writes_system_turns(tokenizer)
    return known


def _writes_system_turns(tokenizer: Any) -> bool:
    from jinja2 import TemplateError

    messages = [{"role": "system", "content": "plumbline"}, {"role": "user", "content": "question"}]
    try:
        return "plumbline" in tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except TemplateError:
        return False


def _folded(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    system, *rest = messages
    if not rest or rest[0]["role"] != "user":
        return [{**system, "role": "user"}, *rest]
    return [{**rest[0], "content": f"{system['content']}\n\n{rest[0]['content']}"}, *rest[1:]]
