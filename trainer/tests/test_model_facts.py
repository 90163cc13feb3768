from __future__ import annotations

import json
import shutil

from safetensors.torch import load_file, save_file

from plumbline_trainer.model_facts import model_facts, tokenizer_hash


def copy_of(model, target):
    shutil.copytree(model, target)
    return target


def test_sizes_under_every_architectures_names(model_paths):
    for architecture in model_paths.values():
        facts = model_facts(architecture)
        assert (facts.blocks, facts.hiddenSize, facts.contextLength) == (2, 32, 256)
        assert facts.vocabulary == 320


def test_same_shapes_whatever_the_prefix_and_the_values(model_paths, tmp_path):
    original = model_facts(model_paths["llama"])
    other = copy_of(model_paths["llama"], tmp_path / "other")
    tensors = load_file(other / "model.safetensors")
    save_file({f"wrapped.{name}": tensor + 1 for name, tensor in tensors.items()}, other / "model.safetensors")
    assert model_facts(other).blockShapes == original.blockShapes
    assert model_facts(model_paths["gpt2"]).blockShapes != original.blockShapes


def test_one_wider_matrix_is_another_shape(model_paths, tmp_path):
    other = copy_of(model_paths["llama"], tmp_path / "other")
    tensors = load_file(other / "model.safetensors")
    name = next(name for name in tensors if "down_proj" in name)
    tensors[name] = tensors[name].repeat(1, 2)
    save_file(tensors, other / "model.safetensors")
    assert model_facts(other).blockShapes != model_facts(model_paths["llama"]).blockShapes


def test_embeddings_do_not_count_among_the_blocks(model_paths, tmp_path):
    other = copy_of(model_paths["llama"], tmp_path / "other")
    tensors = load_file(other / "model.safetensors")
    tensors["model.embed_tokens.weight"] = tensors["model.embed_tokens.weight"].repeat(2, 1)
    save_file(tensors, other / "model.safetensors")
    assert model_facts(other).blockShapes == model_facts(model_paths["llama"]).blockShapes


def test_tokenizer_hash_is_of_the_ids_alone(model_paths, tmp_path):
    folder = model_paths["llama"]
    assert tokenizer_hash(folder) == tokenizer_hash(model_paths["gpt2"])  # Another template, the same tokens.
    whole = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = whole["model"]["vocab"]
    split = tmp_path / "split"
    split.mkdir()
    (split / "vocab.json").write_text(json.dumps(vocabulary))
    (split / "added_tokens.json").write_text(json.dumps({token["content"]: token["id"] for token in whole["added_tokens"]}))
    assert tokenizer_hash(split) == tokenizer_hash(folder)
    first, second = sorted(vocabulary, key=vocabulary.get)[10:12]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    (split / "vocab.json").write_text(json.dumps(vocabulary))
    assert tokenizer_hash(split) != tokenizer_hash(folder)


def test_unigram_and_sentencepiece_and_none(tmp_path):
    assert tokenizer_hash(tmp_path) is None
    (tmp_path / "spiece.model").write_bytes(b"pieces")
    assert len(tokenizer_hash(tmp_path)) == 64
    unigram = {"model": {"type": "Unigram", "vocab": [["a", -1.0], ["b", -2.0]]}, "added_tokens": []}
    (tmp_path / "tokenizer.json").write_text(json.dumps(unigram))
    first = tokenizer_hash(tmp_path)
    unigram["model"]["vocab"].reverse()
    (tmp_path / "tokenizer.json").write_text(json.dumps(unigram))
    assert tokenizer_hash(tmp_path) != first
