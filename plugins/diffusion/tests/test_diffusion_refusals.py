"""What is missing is one clear sentence: hub, folder, GPU, memory, package, weights in pickle."""

import json
import sys

import numpy as np
import pytest
import torch

import pe_diffusion
from pe_diffusion.denoise import scheduler_from, times
from pe_sdk import CannotMake, OptionError, OutputSpec, parse_options, random


def make(**options):
    return pe_diffusion.make(OutputSpec.image(28, 28), ("0", "1"), pe_diffusion.Options(**options))


@pytest.fixture
def no_hub(monkeypatch, tmp_path):
    """A hub that refuses connections, and an empty cache."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    return constants


def test_a_hub_that_does_not_answer(no_hub):
    with pytest.raises(CannotMake, match="the hub does not answer.*hf download"):
        make(model="someone/some-model")


def test_a_hub_that_is_switched_off(no_hub, monkeypatch):
    monkeypatch.setattr(no_hub, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CannotMake, match="HF_HUB_OFFLINE"):
        make(model="text")


@pytest.mark.parametrize("model", ["./nowhere", "/no/such/folder", "a/b/c"])
def test_a_path_is_not_looked_for_on_the_hub(model):
    with pytest.raises(CannotMake, match="there is no folder"):
        make(model=model)


def test_a_name_that_no_model_can_have(no_hub):
    with pytest.raises(CannotMake, match="check the name"):
        make(model="what is this?")


def test_folders_that_are_no_models(tmp_path):
    with pytest.raises(CannotMake, match="model_index.json is missing"):
        make(model=str(tmp_path))
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(CannotMake, match="FluxPipeline"):
        make(model=str(tmp_path))


def test_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CannotMake, match="no GPU"):
        make(device="cuda")
    with pytest.raises(CannotMake, match="float16 is for GPUs"):
        make(dtype="float16")


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), torch.OutOfMemoryError("CUDA")]
)
def test_memory_that_is_not_enough(monkeypatch, error):
    made = make(batch=16)

    def exhausted(*_):
        raise error

    monkeypatch.setattr(made.backend, "predict", exhausted)
    with pytest.raises(CannotMake, match="not enough memory.*batch=8"):
        made.random(np.array([0]), random.derive(0, "test", 1))


def test_other_errors_of_a_pass_are_not_hidden(monkeypatch):
    made = make()
    monkeypatch.setattr(made.backend, "predict", lambda *_: torch.zeros(1) @ torch.zeros(2))
    with pytest.raises(RuntimeError, match="size"):
        made.random(np.array([0]), random.derive(0, "test", 1))


def test_a_package_that_is_missing(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("pe_diffusion.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(CannotMake, match="needs the package diffusers; install it: pip install"):
        make()


@pytest.mark.parametrize(
    "given",
    [
        {"device": "tpu"},
        {"dtype": "int8"},
        {"steps": "-1"},
        {"guidance": "0.5"},
        {"guidance": "nan"},
        {"batch": "-4"},
        {"size": "4x4x4"},
        {"size": "big"},
    ],
)
def test_options_out_of_range(given):
    with pytest.raises(OptionError, match=next(iter(given))):
        parse_options(pe_diffusion.Options, given)


def test_a_noise_schedule_that_it_cannot_follow():
    with pytest.raises(CannotMake, match="FlowMatchEulerDiscreteScheduler"):
        scheduler_from({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0})


def test_times_fall_from_the_level_of_the_degree_to_one_step_above_nothing():
    assert times(1000, 10, 1.0) == [999, 899, 799, 699, 599, 499, 399, 299, 199, 99]
    assert times(1000, 10, 0.1) == [99, 49]
    assert times(1000, 10, 0.31) == [309, 206, 102]
    for degree in (1e-6, 0.001, 0.0021, 0.5):
        visited = times(1000, 25, degree)
        assert visited == sorted(set(visited), reverse=True)
        assert visited[-1] >= 0
