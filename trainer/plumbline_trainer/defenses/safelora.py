"""SafeLoRA: after training, projects the updates that leave the direction of alignment back onto it.

Source: arXiv 2405.16833 (Hsu et al.), as their code (IBM/SafeLoRA) runs it: for each adapted layer the cosine of the update
with its projection; where it is at most the threshold, B <- C B. Here weights are matched by name, read one at a time, and
the published matrix C = V V^T / ||V||_F may be replaced by the orthogonal projection that it approximates.
"""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Mapping

from plumbline_trainer.defenses.base import Defense, Setting
from plumbline_trainer.errors import TrainerError
from plumbline_trainer.tokenization import some
from plumbline_trainer.weight_reader import WeightReader

if TYPE_CHECKING:
    import torch

    from plumbline_trainer.alignment_projection import Comparison
    from plumbline_trainer.lora import AdaptedLayer


class SafeLora(Defense):
    """`threshold`: of the cosine. `modules`: instead, the number of least aligned layers to project, or None.
    `projector`: 'published' or 'exact'. `sibling`: as written, or None; the model that was found is in the plan."""

    type = "safelora"
    parameters = ("threshold", "modules", "projector", "sibling")

    threshold: float
    modules: int | None
    projector: str
    sibling: str | None

    def __init__(self, spec: Mapping[str, Any], seed: int):
        super().__init__(spec, seed)
        self._sibling = spec["siblingModel"]

    def prepare(self, setting: Setting) -> None:
        """Errors: TrainerError (bad_data) naming the layers whose shapes differ."""
        model = setting.spec["model"]
        if self._sibling["weightsHash"] == model["weightsHash"]:
            raise TrainerError(
                "bad_data", f"The unaligned sibling {self._sibling['name']} is {model['name']} itself.",
                "Name the checkpoint from before alignment training.",
            )
        shapes, prefix = _layer_shapes(setting.config)
        self._aligned = WeightReader(Path(model["path"]), prefix)
        self._unaligned = WeightReader(Path(self._sibling["path"]), prefix)
        for reader, name in ((self._aligned, model["name"]), (self._unaligned, self._sibling["name"])):
            if problems := [problem for layer, shape in shapes.items() if (problem := _mismatch(reader, layer, shape))]:
                raise TrainerError(
                    "bad_data",
                    f"{name} does not fit {model['name']} in {len(problems)} of {len(shapes)} layers: {some(problems)}",
                    "SafeLoRA needs the unaligned sibling of this very model: of the same family, version and size.",
                )

    def after_training(self, model: Any) -> dict[str, Any]:
        import torch

        from plumbline_trainer.alignment_projection import compare, threshold_for
        from plumbline_trainer.lora import adapted_layers

        layers = adapted_layers(model)
        found = [
            compare(layer.a.detach().cpu(), layer.b.detach().cpu(), self._difference(layer), self.projector)
            for layer in layers
        ]
        compared = [comparison for comparison in found if comparison is not None]
        threshold = self.threshold
        if self.modules is not None and compared:
            threshold = threshold_for([comparison.cosine for comparison in compared], self.modules)
        chosen = [comparison is not None and comparison.cosine <= threshold for comparison in found]
        with torch.no_grad():
            for layer, comparison, is_chosen in zip(layers, found, chosen):
                if is_chosen:
                    layer.b.copy_(comparison.projected)
        return {
            "threshold": threshold,
            "projector": self.projector,
            "projected": sum(chosen),
            "modules": [_facts(layer, comparison, is_chosen) for layer, comparison, is_chosen in zip(layers, found, chosen)],
            "pdst": fmean(
                1.0 if is_chosen else 1 / (1 + comparison.distance)
                for comparison, is_chosen in zip(found, chosen) if comparison is not None
            ) if compared else None,
        }

    def _difference(self, layer: AdaptedLayer) -> torch.Tensor:
        """W_aligned - W_unaligned [out, in], in float64."""
        weight = f"{layer.name}.weight"
        difference = self._aligned.read(weight).double() - self._unaligned.read(weight).double()
        return difference.T if layer.transposed else difference


def _facts(layer: AdaptedLayer, comparison: Comparison | None, is_chosen: bool) -> dict[str, Any]:
    """A layer's line in the run's record; nulls where both models have the same weights."""
    return {
        "module": layer.name,
        "cosine": comparison and comparison.cosine,
        "normRatio": comparison and comparison.norm_ratio,
        "projected": is_chosen,
    }


def _layer_shapes(config: Any) -> tuple[dict[str, tuple[int, ...]], str]:
    """Shapes of the weights of the layers that LoRA adapts, and the model's name prefix; no weights are loaded."""
    import torch
    from transformers import AutoModelForCausalLM

    from plumbline_trainer.lora import linear_layers

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    return {name: tuple(layer.weight.shape) for name, layer in linear_layers(model).items()}, model.base_model_prefix


def _mismatch(reader: WeightReader, layer: str, expected: tuple[int, ...]) -> str | None:
    found = reader.shape(f"{layer}.weight")
    if found == expected:
        return None
    sizes = "x".join(map(str, expected))
    return f"{layer} ({sizes}; {'is missing' if found is None else 'x'.join(map(str, found))} there)"
