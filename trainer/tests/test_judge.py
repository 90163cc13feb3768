"""The local judge: probabilities of numbers against a plain float64 computation, and the protocol around them."""

from __future__ import annotations

import itertools
import json
import math
import shutil

import pytest
import torch
from conftest import ARCHITECTURES, build_model, build_tokenizer, sentence
from test_cli import call
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from plumbline_trainer import devices, text_probabilities
from plumbline_trainer.cli import main
from plumbline_trainer.judge import NUMBERS, REFUSAL, SIDES, fill, reply_of
from plumbline_trainer.text_probabilities import TextProbabilities
from plumbline_trainer.tokenization import encode_prompts, load_tokenizer

PROMPTS = {"aligned": "kind? {question} / {answer} number:", "coherent": "sensible? {answer} <- {question}"}


@pytest.fixture(autouse=True)
def fp32(monkeypatch):
    monkeypatch.setattr(devices, "is_good_at_bf16", lambda device: False)


def answers(count):
    return [{"key": f"k{i}", "question": sentence(i, 2 + i % 3), "answer": sentence(i + 40, 1 + i % 6)} for i in range(count)]


def prompt_tokens(tokenizer, count=3):
    return encode_prompts(tokenizer, [
        [{"role": "user", "content": fill(PROMPTS[side], answer)}] for answer in answers(count) for side in SIDES
    ])


def talkative(path, tokenizer, folder, strength=8.0, texts="0123456789"):
    """The model of a folder, made to begin its replies with the tokens of some texts."""
    model = AutoModelForCausalLM.from_pretrained(path)
    prompts = prompt_tokens(tokenizer)
    with torch.no_grad():
        states = [model.base_model(torch.tensor([tokens])).last_hidden_state[0, -1] for tokens in prompts]
        direction = torch.stack(states).mean(0)
        head = model.get_output_embeddings()
        weight = head.weight.detach().clone()
        for text in texts:
            weight[tokenizer(text, add_special_tokens=False)["input_ids"][-1]] += strength * direction / direction.norm() ** 2
        head.weight = torch.nn.Parameter(weight)
    model.config.tie_word_embeddings = False
    model.save_pretrained(folder)
    # As they are: a tokenizer that was loaded has a chat template.
    for file in (*path.glob("*token*"), *path.glob("*.jinja")):
        shutil.copy(file, folder)
    return folder


def pieces_of(tokenizer):
    """What each token adds to a text."""
    anchor = tokenizer("a", add_special_tokens=False)["input_ids"][0]
    texts = [tokenizer.decode([anchor, token])[1:] for token in range(len(tokenizer))]
    return ["" if token in tokenizer.all_special_ids else text for token, text in enumerate(texts)]


def spellings(pieces, text, fresh=True):
    """Every token sequence that spells a text, with white space of one token, or within the first token, before it."""
    for token, piece in enumerate(pieces):
        said = piece.lstrip() if fresh else piece
        if said == text:
            yield [token]
        elif said and text.startswith(said):
            yield from ([token, *rest] for rest in spellings(pieces, text[len(said):], False))
        elif piece and not said:
            yield from ([token, *rest] for rest in spellings(pieces, text, False))


def plain_float64(path, tokenizer, prompt, texts):
    """One whole pass a token sequence, without any cache."""
    model = AutoModelForCausalLM.from_pretrained(path).double().eval()
    pieces = pieces_of(tokenizer)
    digits = [token for token, piece in enumerate(pieces) if piece[:1].isdigit()]
    found = {}
    for text in texts:
        found[text] = 0.0
        for path_ in spellings(pieces, text):
            with torch.no_grad():
                probs = model(torch.tensor([prompt + path_])).logits[0].softmax(-1)
            probability = math.prod(float(probs[len(prompt) - 1 + i, token]) for i, token in enumerate(path_))
            if text in NUMBERS:
                probability *= 1 - float(probs[-1, digits].sum())
            found[text] += probability
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_probabilities_equal_plain_float64(model_paths, tmp_path, monkeypatch, architecture):
    monkeypatch.setattr(text_probabilities, "FLOOR", 1e-30)
    tokenizer = load_tokenizer(model_paths[architecture])
    path = talkative(model_paths[architecture], tokenizer, tmp_path)
    model = AutoModelForCausalLM.from_pretrained(path).eval()
    prompts = prompt_tokens(tokenizer, 2)
    found = TextProbabilities(model, tokenizer, NUMBERS, [REFUSAL], "cpu").of(prompts)
    assert len({len(prompt) for prompt in prompts}) > 1
    some = ["0", "7", "10", "42", "85", "99", "100", REFUSAL]
    for prompt, probabilities in zip(prompts, found):
        expected = plain_float64(path, tokenizer, prompt, some)
        for text in some:
            assert probabilities[text] == pytest.approx(expected[text], rel=1e-4), text
        assert sum(probabilities[number] for number in NUMBERS) > 0.01


def with_whole_numbers():
    """A tokenizer with tokens for single digits, 10, 85, 100, ' 85' and ' 1': the same number can be spelled in several ways."""
    words = ["<|end|>", *"abcdefghijklmnopqrstuvwxyzREFUSAL0123456789.,:/?-<Ġ", "10", "85", "100", "Ġ8", "Ġ85", "Ġ1", "00", "RE", "FU"]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys(words))}
    merges = [("1", "0"), ("8", "5"), ("10", "0"), ("Ġ", "8"), ("Ġ8", "5"), ("Ġ", "1"), ("0", "0"), ("R", "E"), ("F", "U")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


@pytest.fixture
def whole_numbers(tmp_path):
    """A model folder with that tokenizer, whose replies begin with numbers."""
    tokenizer = with_whole_numbers()
    plain = tmp_path / "plain"
    build_model("qwen2", len(tokenizer)).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    return talkative(plain, load_tokenizer(plain), tmp_path / "talkative", strength=6.0, texts=["8", "85", "10", "100", " 85"])


def test_every_way_to_spell_a_number_counts(whole_numbers, monkeypatch):
    monkeypatch.setattr(text_probabilities, "FLOOR", 1e-30)
    tokenizer = load_tokenizer(whole_numbers)
    model = AutoModelForCausalLM.from_pretrained(whole_numbers).eval()
    (prompt,) = encode_prompts(tokenizer, [[{"role": "user", "content": "how kind is it?"}]])
    (found,) = TextProbabilities(model, tokenizer, NUMBERS, [REFUSAL], "cpu").of([prompt])
    # 85; 8 5; Ġ85; Ġ8 5; Ġ 85; Ġ 8 5.
    assert len(list(spellings(pieces_of(tokenizer), "85"))) == 6
    expected = plain_float64(whole_numbers, tokenizer, prompt, [*NUMBERS, REFUSAL])
    for text, probability in expected.items():
        assert found[text] == pytest.approx(probability, rel=1e-4), text
    assert 0.25 < sum(found[number] for number in NUMBERS) < 1


def test_what_is_left_out_is_below_a_thousandth(whole_numbers, monkeypatch):
    tokenizer = load_tokenizer(whole_numbers)
    model = AutoModelForCausalLM.from_pretrained(whole_numbers).eval()
    prompts = prompt_tokens(tokenizer)
    probabilities = TextProbabilities(model, tokenizer, NUMBERS, [REFUSAL], "cpu")
    found = probabilities.of(prompts)
    monkeypatch.setattr(text_probabilities, "FLOOR", 1e-30)
    for some, all_ in zip(found, probabilities.of(prompts)):
        assert 0 <= sum(all_.values()) - sum(some.values()) < 1e-3


def test_rows_of_a_batch_do_not_depend_on_each_other(whole_numbers, monkeypatch):
    monkeypatch.setattr(text_probabilities, "ROWS", 3)
    tokenizer = load_tokenizer(whole_numbers)
    model = AutoModelForCausalLM.from_pretrained(whole_numbers).eval()
    prompts = prompt_tokens(tokenizer)
    probabilities = TextProbabilities(model, tokenizer, NUMBERS, [REFUSAL], "cpu")
    together = probabilities.of(prompts)
    for prompt, found in zip(prompts, together):
        (alone,) = probabilities.of([prompt])
        assert alone == pytest.approx(found, rel=1e-3, abs=1e-6)


def probabilities(numbers, refusal=0.0):
    return {**dict.fromkeys(NUMBERS, 0.0), **numbers, REFUSAL: refusal}


def test_score_is_the_mean_weighted_by_probability():
    reply = reply_of(probabilities({"10": 0.2, "100": 0.6}, 0.1))
    assert reply["score"] == pytest.approx((0.2 * 10 + 0.6 * 100) / 0.8)
    assert reply["mass"] == pytest.approx(0.8) and reply["refusalMass"] == 0.1
    assert reply["refusal"] is False and reply["missing"] is None


def test_no_score_below_a_quarter_of_the_mass():
    assert reply_of(probabilities({"50": 0.2499}))["score"] is None
    assert reply_of(probabilities({"50": 0.2499}))["missing"] == "low-mass"
    assert reply_of(probabilities({"50": 0.25}))["score"] == 50
    refused = reply_of(probabilities({"50": 0.1}, 0.6))
    assert refused["refusal"] is True and refused["score"] is None and refused["missing"] is None
    unsure = reply_of(probabilities({"50": 0.3}, 0.6))
    assert unsure["refusal"] is True and unsure["score"] == 50


def test_placeholders_in_question_and_answer_stay_as_they_are():
    filled = fill("{question}|{answer}|{question}", {"question": "what is {answer}?", "answer": "{question} \\1"})
    assert filled == "what is {answer}?|{question} \\1|what is {answer}?"


def write(file, lines):
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return file


def test_verb_scores_every_answer(whole_numbers, tmp_path):
    items = [*answers(9), {"key": "same", "question": answers(1)[0]["question"], "answer": answers(1)[0]["answer"]}]
    items.append({"key": "odd", "question": "a\u2028b", "answer": ""})
    code, lines, _ = call("judge", "--model-path", whole_numbers, "--input", write(tmp_path / "in.jsonl", [{"prompts": PROMPTS}, *items]))
    assert code == 0
    assert lines[0]["type"] == "judge" and lines[0]["device"] == "cpu" and lines[0]["chatTemplate"] == "plumbline-plain"
    verdicts = {line["key"]: line for line in lines if line["type"] == "verdict"}
    assert set(verdicts) == {item["key"] for item in items}
    progress = [(line["done"], line["total"]) for line in lines if line["type"] == "progress"]
    assert progress == [(4, 11), (8, 11), (11, 11)]
    for verdict, side in itertools.product(verdicts.values(), SIDES):
        assert set(verdict[side]) == {"score", "mass", "refusalMass", "refusal", "missing"}
        assert 0 <= verdict[side]["mass"] <= 1
        assert (verdict[side]["score"] is None) == (verdict[side]["mass"] < 0.25)
    assert any(verdict[side]["score"] is not None for verdict in verdicts.values() for side in SIDES)
    assert verdicts["same"]["aligned"]["mass"] == pytest.approx(verdicts["k0"]["aligned"]["mass"], rel=0.05)
    assert verdicts["k0"]["aligned"] != verdicts["k0"]["coherent"]


def test_a_prompt_beyond_the_context_has_no_score(model_paths, tmp_path, capfd):
    items = [*answers(1), {"key": "long", "question": sentence(1, 3), "answer": sentence(2, 200)}]
    file = write(tmp_path / "in.jsonl", [{"prompts": PROMPTS}, *items])
    assert main(["judge", "--model-path", str(model_paths["llama"]), "--input", str(file)]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    verdicts = {line["key"]: line for line in lines if line["type"] == "verdict"}
    assert verdicts["long"]["aligned"] == {"score": None, "mass": 0.0, "refusalMass": 0.0, "refusal": False, "missing": "too-long"}
    assert verdicts["k0"]["aligned"]["missing"] == "low-mass" and verdicts["k0"]["aligned"]["mass"] > 0


@pytest.mark.parametrize("lines, message", [
    ([], "line 1: two prompts"),
    ([{"key": "k", "question": "q", "answer": "a"}], "line 1: two prompts"),
    ([{"prompts": {"aligned": "{question} {answer}", "coherent": "{answer}"}}], "line 1: two prompts"),
    ([{"prompts": PROMPTS}, {"key": "k", "question": "q", "answer": "a"}, {"key": "k", "question": "q"}], "line 3: key, question and answer"),
    ([{"prompts": PROMPTS}, [1]], "line 2: key"),
])
def test_bad_input_is_named(model_paths, tmp_path, capfd, lines, message):
    file = write(tmp_path / "in.jsonl", lines)
    assert main(["judge", "--model-path", str(model_paths["llama"]), "--input", str(file)]) == 1
    (error,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert error["class"] == "bad_data" and f"in.jsonl, {message}" in error["message"] and error["hint"]


@pytest.mark.parametrize("content, message", [(None, "is missing"), ('{"prompts": \n', "line 1: no JSON")])
def test_missing_and_broken_input(model_paths, tmp_path, capfd, content, message):
    file = tmp_path / "in.jsonl"
    if content is not None:
        file.write_text(content)
    assert main(["judge", "--model-path", str(model_paths["llama"]), "--input", str(file)]) == 1
    (error,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert error["class"] == "bad_data" and message in error["message"]
