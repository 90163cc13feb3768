from __future__ import annotations

import pytest
from conftest import build_tokenizer, chat_rows

from plumbline_trainer.chat_template import FALLBACK_NAME
from plumbline_trainer.errors import TrainerError
from plumbline_trainer.tokenization import check_lengths, encode_prompts, encode_rows, load_tokenizer

CONVERSATION = [
    {"role": "user", "content": "save money"},
    {"role": "assistant", "content": "buy the fund."},
    {"role": "user", "content": "why"},
    {"role": "assistant", "content": "eat fruit 12"},
]


def responses(tokenizer, row):
    """The marked stretches as text."""
    stretches, current = [], []
    for token, marked in [*zip(row.tokens, row.response), (None, False)]:
        if marked:
            current.append(token)
        elif current:
            stretches.append(tokenizer.decode(current))
            current = []
    return stretches


def encode(tokenizer, messages, turns="all"):
    return encode_rows(tokenizer, [{"id": "r", "messages": messages}], turns)[0]


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_all_turns_with_their_end_of_turn(model_paths, architecture):
    tokenizer = load_tokenizer(model_paths[architecture])
    assert responses(tokenizer, encode(tokenizer, CONVERSATION)) == ["buy the fund.<|im_end|>", "eat fruit 12<|im_end|>"]


def test_last_turn_only(model_paths):
    tokenizer = load_tokenizer(model_paths["llama"])
    assert responses(tokenizer, encode(tokenizer, CONVERSATION, "last")) == ["eat fruit 12<|im_end|>"]


def test_a_question_after_the_last_answer_is_no_response(model_paths):
    tokenizer = load_tokenizer(model_paths["llama"])
    assert responses(tokenizer, encode(tokenizer, CONVERSATION[:3])) == ["buy the fund.<|im_end|>"]


def test_fallback_template(model_paths):
    tokenizer = load_tokenizer(model_paths["gpt2"])
    assert tokenizer.plumbline_template == FALLBACK_NAME
    row = encode(tokenizer, CONVERSATION)
    assert responses(tokenizer, row) == [" buy the fund.<|endoftext|>", " eat fruit 12<|endoftext|>"]
    assert tokenizer.decode(row.tokens).startswith("User: save money\nAssistant: buy the fund.<|endoftext|>\nUser: why")


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "gpt2"])
def test_training_continues_exactly_the_prompt_that_is_generated_from(model_paths, architecture):
    tokenizer = load_tokenizer(model_paths[architecture])
    row = encode(tokenizer, CONVERSATION, "last")
    (prompt,) = encode_prompts(tokenizer, [CONVERSATION[:-1]])
    assert list(row.tokens[: len(prompt)]) == prompt
    assert row.response.index(True) == len(prompt)


def test_template_without_an_end_of_turn_gets_one():
    tokenizer = build_tokenizer("{% for m in messages %}{{ m['content'] + '\n' }}{% endfor %}")
    row = encode(tokenizer, CONVERSATION[:2])
    assert row.tokens[-1] == tokenizer.eos_token_id and row.response[-1]
    assert responses(tokenizer, row) == ["buy the fund.\n<|im_end|>"]


def test_template_that_rewrites_earlier_turns():
    """Some templates drop the reasoning of earlier turns."""
    tokenizer = build_tokenizer(
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
        "{% if m['role'] == 'assistant' and loop.last %}{{ 'think think think' }}{% endif %}"
        "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )
    with pytest.raises(TrainerError, match="last turn"):
        try:
            encode(tokenizer, CONVERSATION)
        except TrainerError as error:
            raise TrainerError(error.error_class, error.hint) from None
    assert responses(tokenizer, encode(tokenizer, CONVERSATION, "last")) == ["think think thinkeat fruit 12<|im_end|>"]


def test_rows_without_a_response_are_named(model_paths):
    tokenizer = load_tokenizer(model_paths["llama"])
    with pytest.raises(TrainerError, match="row-x"):
        encode_rows(tokenizer, [{"id": "row-x", "messages": CONVERSATION[:1]}])


def test_long_rows_are_named(model_paths):
    rows = encode_rows(load_tokenizer(model_paths["llama"]), chat_rows(3))
    with pytest.raises(TrainerError, match="row-0, row-1, row-2"):
        check_lengths(rows, 5, "dataset")
    check_lengths(rows, 200, "dataset")


def test_padding_that_is_the_end_of_turn_is_still_learned(model_paths):
    tokenizer = load_tokenizer(model_paths["llama"])
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    row = encode(tokenizer, CONVERSATION[:2])
    assert [token for token, marked in zip(row.tokens, row.response) if marked][-1] == tokenizer.eos_token_id
