"""SafeLoRA against the algorithm written out in float64, on pairs of synthetic models."""

from __future__ import annotations

import json
import os
import signal
from statistics import fmean

import numpy
import pytest
import torch
from conftest import ARCHITECTURES, KL, build_model, chat_rows, events_of, forked, killed_attempt, of_type
from safetensors.torch import load_file, save_file
from test_run_protocol import only_error
from transformers import AutoModelForCausalLM

from plumbline_trainer.alignment_projection import compare, threshold_for
from plumbline_trainer.run import run_attempt
from plumbline_trainer.weight_reader import WeightReader

TRANSPOSED = "gpt2"


def sibling_of(store, folder, *, drop_prefix=False, shards=False):
    """A model whose every weight differs, by differences of rank 1 to 24, and on the tall side of many singular values."""
    generator = torch.Generator().manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(store.model_path)
    with torch.no_grad():
        for place, parameter in enumerate(model.parameters()):
            if parameter.dim() == 2:
                rank = 1 + place * 7 % 24
                sides = [torch.randn(size, rank, generator=generator) for size in parameter.shape]
                parameter.add_(sides[0] @ sides[1].T * 0.02)
            else:
                parameter.add_(torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(folder, **({"max_shard_size": "20KB"} if shards else {}))
    if drop_prefix:
        tensors = load_file(folder / "model.safetensors")
        save_file({name.removeprefix("transformer."): value for name, value in tensors.items()}, folder / "model.safetensors")
    return {"name": "tiny/sibling", "path": str(folder), "weightsHash": "1", "source": "folder"}


def safelora(sibling, **changes):
    return {"type": "safelora", "threshold": 0.5, "projector": "published", "siblingModel": sibling, **changes}


def adapter_of(run):
    return load_file(run / "adapter" / "adapter_model.safetensors")


def facts_of(run, attempt=1):
    (event,) = of_type(events_of(run, attempt), "defense")
    assert event["defense"] == "safelora"
    return event["facts"]


def plain_safelora(weights, model_path, sibling_path, transposed, *, threshold=None, count=None, exact=False):
    """The algorithm as it stands in IBM's code, whole matrices, by numpy in float64: cosines, threshold, new factors, Pdst."""
    aligned, unaligned = (
        {name: value.detach().double().numpy() for name, value in AutoModelForCausalLM.from_pretrained(path).named_parameters()}
        for path in (model_path, sibling_path)
    )
    cosines, projected, ratios = {}, {}, {}
    for key in (key for key in weights if key.endswith("lora_B.weight")):
        name = key.removeprefix("base_model.model.").removesuffix(".lora_B.weight")
        v = aligned[f"{name}.weight"] - unaligned[f"{name}.weight"]
        v = v.T if transposed else v
        c = v @ numpy.linalg.pinv(v, rcond=1e-5) if exact else v @ v.T / numpy.linalg.norm(v)
        b, a = (weights[each].double().numpy() for each in (key, key.replace("lora_B", "lora_A")))
        whole, part = (b @ a).reshape(-1), (c @ b @ a).reshape(-1)
        cosines[name] = numpy.round(whole @ part / (numpy.linalg.norm(whole) * numpy.linalg.norm(part)), 5)
        projected[name] = c @ b
        ratios[name] = numpy.linalg.norm(part) / numpy.linalg.norm(whole)
    if count is not None:
        threshold = numpy.sort(list(cosines.values()))[:count][-1]
    factors, closeness = {}, []
    for name, cosine in cosines.items():
        before = weights[f"base_model.model.{name}.lora_B.weight"].double().numpy()
        factors[name] = projected[name] if cosine <= threshold else before
        closeness.append(1 / (1 + numpy.linalg.norm(factors[name] - projected[name])))
    return cosines, threshold, factors, ratios, fmean(closeness)


@pytest.mark.parametrize("mode", [{"threshold": 0.5}, {"threshold": 0.9}, {"modules": 3}, {"modules": 100}])
@pytest.mark.parametrize("projector", ["published", "exact"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_equals_the_algorithm_written_out(store_of, tmp_path, architecture, projector, mode):
    store = store_of(architecture)
    sibling = sibling_of(store, tmp_path / "sibling")
    undefended, defended = store.run(), store.run(defenses=[safelora(sibling, projector=projector, **mode)])
    assert run_attempt(undefended, 1) == run_attempt(defended, 1) == 0
    before, after, facts = adapter_of(undefended), adapter_of(defended), facts_of(defended)
    cosines, threshold, factors, ratios, pdst = plain_safelora(
        before, store.model_path, sibling["path"], architecture == TRANSPOSED,
        threshold=mode.get("threshold"), count=mode.get("modules"), exact=projector == "exact",
    )

    assert {line["module"]: line["cosine"] for line in facts["modules"]} == pytest.approx(cosines, abs=1.1e-5)
    chosen = {name for name, cosine in cosines.items() if cosine <= threshold}
    assert {line["module"] for line in facts["modules"] if line["projected"]} == chosen
    assert facts["projected"] == len(chosen) and facts["threshold"] == pytest.approx(threshold, abs=1.1e-5)
    if mode != {"threshold": 0.9} and mode != {"modules": 100}:
        assert 0 < len(chosen) < len(cosines)
    for line in facts["modules"]:
        assert line["normRatio"] == pytest.approx(ratios[line["module"]], rel=1e-5, abs=1e-7)
    assert facts["pdst"] == pytest.approx(pdst, rel=1e-6)
    assert before.keys() == after.keys()
    for key in before:
        name = key.removeprefix("base_model.model.").rpartition(".lora_")[0]
        if key.endswith("lora_B.weight") and name in chosen:
            assert torch.allclose(after[key].double(), torch.from_numpy(factors[name]), rtol=1e-5, atol=1e-8)
        else:
            assert torch.equal(after[key], before[key])


def test_number_mode_takes_the_least_aligned_and_those_level_with_them():
    assert threshold_for([0.9, 0.1, 0.4, 0.4], 2) == 0.4
    assert threshold_for([0.9, 0.1, 0.4, 0.4], 1) == 0.1
    assert threshold_for([0.9, 0.1], 10) == 0.9


def test_the_exact_projector_is_one():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(4, 20, generator=generator), torch.randn(30, 4, generator=generator)
    low = torch.randn(30, 3, generator=generator) @ torch.randn(3, 20, generator=generator)
    once = compare(a, b, low, "exact").projected
    assert torch.allclose(compare(a, once, low, "exact").projected, once, atol=1e-10)
    assert compare(a, b, low, "exact").norm_ratio < 1 and compare(a, once, low, "exact").cosine == 1.0
    wide = torch.randn(30, 60, generator=generator)
    assert torch.allclose(compare(torch.randn(4, 60, generator=generator), b, wide, "exact").projected, b.double(), atol=1e-10)
    # The published matrix is none, and its size depends on how far the models are apart.
    published = compare(a, b, low, "published").projected
    assert torch.allclose(compare(a, b, 10 * low, "published").projected, 10 * published)


def test_an_update_of_zero_counts_as_unaligned_and_stays_zero():
    comparison = compare(torch.ones(2, 5), torch.zeros(6, 2), torch.ones(6, 5), "published")
    assert comparison.cosine == 0.0 and comparison.norm_ratio == 0.0 and not comparison.projected.any()


def test_layers_that_alignment_did_not_change_are_left_alone(store, tmp_path):
    sibling = sibling_of(store, tmp_path / "sibling")
    file = tmp_path / "sibling" / "model.safetensors"
    name = "model.layers.1.mlp.up_proj"
    same = load_file(store.model_path / "model.safetensors")[f"{name}.weight"]
    save_file({**load_file(file), f"{name}.weight": same}, file)
    undefended, defended = store.run(), store.run(defenses=[safelora(sibling, threshold=1.0)])
    assert run_attempt(undefended, 1) == run_attempt(defended, 1) == 0
    lines = {line["module"]: line for line in facts_of(defended)["modules"]}
    assert lines[name] == {"module": name, "cosine": None, "normRatio": None, "projected": False}
    assert all(line["projected"] for module, line in lines.items() if module != name)
    key = f"base_model.model.{name}.lora_B.weight"
    assert torch.equal(adapter_of(defended)[key], adapter_of(undefended)[key])


@pytest.mark.parametrize("architecture, options", [("llama", {"shards": True}), ("gpt2", {"drop_prefix": True})])
def test_weights_are_found_in_shards_and_without_the_prefix(store_of, tmp_path, architecture, options):
    store = store_of(architecture)
    whole, packed = sibling_of(store, tmp_path / "whole"), sibling_of(store, tmp_path / "packed", **options)
    if options.get("shards"):
        assert len(list((tmp_path / "packed").glob("*.safetensors"))) > 2
    runs = [store.run(defenses=[safelora(sibling)]) for sibling in (whole, packed)]
    assert [run_attempt(run, 1) for run in runs] == [0, 0]
    assert facts_of(runs[0]) == facts_of(runs[1])


def test_a_reader_opens_only_what_is_asked_for(store):
    reader = WeightReader(store.model_path, "model")
    assert reader.shape("model.layers.0.self_attn.q_proj.weight") == (32, 32)
    assert reader.shape("lm_head.weight") is None  # tied: the file has the embeddings alone
    with pytest.raises(KeyError):
        reader.read("lm_head.weight")


def test_runs_after_everything_else_of_a_stack(store, tmp_path):
    sibling = sibling_of(store, tmp_path / "sibling")
    alone, stacked = store.run(defenses=[KL]), store.run(defenses=[safelora(sibling), KL])
    assert run_attempt(alone, 1) == run_attempt(stacked, 1) == 0
    _, _, factors, _, _ = plain_safelora(adapter_of(alone), store.model_path, sibling["path"], False, threshold=0.5)
    for name, factor in factors.items():
        found = adapter_of(stacked)[f"base_model.model.{name}.lora_B.weight"]
        assert torch.allclose(found.double(), torch.from_numpy(factor), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("moment", ["after_training", "save_adapter", "emit_results"])
def test_a_kill_around_the_projection_never_projects_twice(store, tmp_path, moment):
    sibling = sibling_of(store, tmp_path / "sibling")
    undisturbed, disturbed = (store.run(defenses=[safelora(sibling)]) for _ in range(2))
    assert run_attempt(undisturbed, 1) == 0

    def work():
        from plumbline_trainer import train
        from plumbline_trainer.defenses.safelora import SafeLora

        owner = SafeLora if moment == "after_training" else train
        whole = getattr(owner, moment)

        def act_and_die(*arguments):
            result = whole(*arguments)
            if moment == "save_adapter" and "checkpoints" in arguments[1]:
                return result
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, moment, act_and_die)
        return run_attempt(disturbed, 1)

    status = forked(work)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert (disturbed / "adapter").is_dir() == (moment == "emit_results")
    assert run_attempt(disturbed, 2) == 0
    assert facts_of(disturbed, 2) == facts_of(undisturbed)
    weights, again = adapter_of(undisturbed), adapter_of(disturbed)
    assert all(torch.equal(weights[key], again[key]) for key in weights)


def test_a_kill_in_training_resumes_bit_for_bit(store, tmp_path):
    sibling = sibling_of(store, tmp_path / "sibling")
    undisturbed, disturbed = (store.run(defenses=[safelora(sibling)]) for _ in range(2))
    assert run_attempt(undisturbed, 1) == 0
    killed_attempt(disturbed, 1, lambda event: event["type"] == "step" and event["step"] == 5)
    assert run_attempt(disturbed, 2) == 0
    assert all(torch.equal(value, adapter_of(disturbed)[key]) for key, value in adapter_of(undisturbed).items())


def refusal(store, sibling):
    run = store.run(defenses=[safelora(sibling)], rows=chat_rows(4))
    assert run_attempt(run, 1) == 1
    error = only_error(run)
    assert not of_type(events_of(run), "step")
    return error


def test_siblings_of_another_shape_are_refused_before_training(store, tmp_path):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig.from_pretrained(store.model_path)
    config.intermediate_size = 64
    LlamaForCausalLM(config).save_pretrained(tmp_path / "wide")
    sibling = {"name": "tiny/wide", "path": str(tmp_path / "wide"), "weightsHash": "2", "source": "folder"}
    error = refusal(store, sibling)
    assert error["class"] == "bad_data" and "tiny/wide" in error["message"] and "6 of 14 layers" in error["message"]
    assert "model.layers.0.mlp.gate_proj (48x32; 64x32 there)" in error["message"]

    build_model("gpt2", 320).save_pretrained(tmp_path / "other")
    error = refusal(store, {**sibling, "path": str(tmp_path / "other")})
    assert error["class"] == "bad_data" and "self_attn.q_proj (32x32; is missing there)" in error["message"]


def test_the_model_itself_is_no_sibling(store):
    error = refusal(store, {"name": "copy", "path": str(store.model_path), "weightsHash": "0", "source": "folder"})
    assert error["class"] == "bad_data" and "itself" in error["message"]


def test_a_sibling_without_safetensors_is_refused(store, tmp_path):
    (tmp_path / "empty").mkdir()
    error = refusal(store, {"name": "x", "path": str(tmp_path / "empty"), "weightsHash": "1", "source": "folder"})
    assert error["class"] == "model_load"


def test_the_results_lie_beside_the_adapter(store, tmp_path):
    run = store.run(defenses=[safelora(sibling_of(store, tmp_path / "sibling"))])
    assert run_attempt(run, 1) == 0
    assert json.loads((run / "adapter" / "defense-results.json").read_text()) == {"safelora": facts_of(run)}
    plain = store.run()
    assert run_attempt(plain, 1) == 0
    assert not (plain / "adapter" / "defense-results.json").exists() and not of_type(events_of(plain), "defense")
