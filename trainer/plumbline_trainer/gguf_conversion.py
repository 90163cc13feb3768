"""From a GGUF file (dequantized) to a folder that transformers loads: safetensors, configuration, tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def convert_gguf(gguf: Path, target: Path) -> None:
    """Writes fp32 weights, exactly as dequantized, and a tokenizer true to the GGUF's. Errors: those of transformers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    _restore_pre_tokenizer(tokenizer, _pre_tokenizer_name(gguf))
    _save_tokenizer(tokenizer, target)
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    _forget_quantization(model)
    model.save_pretrained(str(target), max_shard_size="100GB")


def _pre_tokenizer_name(gguf: Path) -> str:
    from gguf import GGUFReader

    field = GGUFReader(str(gguf)).get_field("tokenizer.ggml.pre")
    return "" if field is None else bytes(field.parts[field.data[0]]).decode()


def _restore_pre_tokenizer(tokenizer: Any, name: str) -> None:
    """transformers drops SmolLM's splitting of digits: a number or the space before one would become wrong tokens."""
    if name != "smollm":
        return
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )


def _save_tokenizer(tokenizer: Any, target: Path) -> None:
    """Saved as the general class: those of single architectures rebuild the pre-tokenizer when they are loaded."""
    from transformers import PreTrainedTokenizerFast

    general = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer,
        bos_token=tokenizer.bos_token,
        eos_token=tokenizer.eos_token,
        unk_token=tokenizer.unk_token,
        pad_token=tokenizer.pad_token,
        chat_template=tokenizer.chat_template,
        clean_up_tokenization_spaces=False,
    )
    general.save_pretrained(str(target))


def _forget_quantization(model: Any) -> None:
    """The weights are plain tensors by now; transformers would refuse to save a model that it loaded from a GGUF."""
    for name in ("hf_quantizer", "quantization_method"):
        if hasattr(model, name):
            delattr(model, name)
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
