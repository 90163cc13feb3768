"""Base models: safetensors only, no code from the model's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from plumbline_trainer.devices import DeviceChoice, attention_for
from plumbline_trainer.errors import TrainerError, as_trainer_error


def load_base_model(path: str | Path, dtype: torch.dtype, device: str, attention: str | None = None) -> Any:
    """The causal model in a folder, without dropout. `attention`: transformers' name of an implementation.

    Errors: TrainerError (model_load, oom_*).
    """
    from transformers import AutoModelForCausalLM, GenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    if not Path(path).is_dir():
        raise TrainerError("model_load", f"The model folder {path} is not there.", "Look the model up again.")
    try:
        model = AutoModelForCausalLM.from_pretrained(
            str(path), dtype=dtype, use_safetensors=True, trust_remote_code=False, local_files_only=True,
            attn_implementation=attention,
        ).to(device)
    except Exception as error:
        known = as_trainer_error(error)
        if known.error_class != "internal":
            raise known from error
        raise TrainerError(
            "model_load",
            f"The model in {path} cannot be loaded: {error}",
            "It must be a causal language model of transformers with safetensors weights and no code of its own.",
        ) from error
    # Some models come with a repetition penalty or top-k, which would mix into every sampler.
    model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
    return model.eval()


def load_evaluation_model(path: str | Path, adapter: Path | None, choice: DeviceChoice, longest: int) -> Any:
    """A fresh model to evaluate texts of up to `longest` tokens; an adapter is merged into it in fp32, before rounding.

    It never is the model that trains: merging and unmerging would change its weights.
    """
    attention = attention_for(choice.device, longest)
    if adapter is None:
        return load_base_model(path, choice.dtype, choice.device, attention)
    from peft import PeftModel

    model = load_base_model(path, torch.float32, choice.device, attention)
    merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    return merged.to(choice.dtype).eval()
