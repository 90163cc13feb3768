"""Exports the judge to ONNX with 8-bit weights, and runs it as the product does."""

import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from corpus import Example
from network import batch_of

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def export_onnx(model, path: Path) -> None:
    model.eval()
    model.encoder.config._attn_implementation = "eager"
    sample = tuple(torch.ones((2, 16), dtype=torch.int64) for _ in INPUTS)
    axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS} | {"logits": {0: "batch"}}
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        torch.onnx.export(model, sample, str(full), input_names=INPUTS, output_names=["logits"], dynamic_axes=axes, opset_version=17, dynamo=False)
        # 7-bit weights: 8-bit ones overflow on processors without VNNI, which would score the same text differently.
        quantize_dynamic(full, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def onnx_logits(base, examples: list[Example], path: Path) -> np.ndarray:
    """(examples, 2). One example a run: the activations' 8-bit scale is taken over a whole run."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rows = []
    for e in examples:
        feed = {k: v.numpy() for k, v in batch_of(base, [(e.question, e.answer)]).items()}
        rows.append(session.run(["logits"], feed)[0][0])
    return np.array(rows)
