"""Every refusal is one clear sentence: hub, folder, GPU, memory, package, pickled weights."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import pe_diffusion
from pe_sdk import CannotMake, OptionError, OutputSpec, PluginWarning, parse_options, random

SHIPPED = Path(pe_diffusion.__file__).parent / "assets" / "digits"


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


@pytest.mark.parametrize("name", ["mine.pth", "mine.safetensors"])
@pytest.mark.parametrize("relative", [True, False])
def test_a_file_of_weights_is_said_to_be_a_file(tmp_path, monkeypatch, name, relative):
    (tmp_path / name).write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotMake, match="is a file, not the folder.*model_index.json") as caught:
        make(model=name if relative else str(tmp_path / name))
    assert "there is no folder" not in str(caught.value) and "save_pretrained" in str(caught.value)


def test_a_name_that_no_model_can_have(no_hub):
    with pytest.raises(CannotMake, match="check the name"):
        make(model="what is this?")


def test_folders_that_are_no_models(tmp_path):
    with pytest.raises(CannotMake, match="model_index.json is missing"):
        make(model=str(tmp_path))
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(CannotMake, match="FluxPipeline"):
        make(model=str(tmp_path))


def test_a_home_that_nobody_has_is_a_path_that_is_not_there():
    with pytest.raises(CannotMake, match="there is no folder"):
        make(model="~no-such-user/model")


def test_an_error_of_the_hubs_http_library_is_reported(no_hub, monkeypatch):
    def broken(*_, **__):
        raise Exception("read timed out")  # of no class that a caller could know

    monkeypatch.setattr("huggingface_hub.snapshot_download", broken)
    with pytest.raises(CannotMake, match="read timed out.*try again"):
        make(model="someone/some-model")


def test_a_commit_that_may_move_is_named_and_one_that_is_asked_for_is_not(monkeypatch, tmp_path):
    folder = tmp_path / "0123abc"
    shutil.copytree(SHIPPED, folder)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(folder))
    with pytest.warns(PluginWarning, match="revision=0123abc"):
        make(model="someone/some-model")
    make(model="someone/some-model", revision="0123abc")


def edited(folder, file, **values):
    """A copy of the shipped model with some values of a JSON file changed."""
    shutil.copytree(SHIPPED, folder)
    document = json.loads((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(json.dumps(document | values), encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize(
    ("file", "values", "message"),
    [
        ("unet/config.json", {"sample_size": None}, "fixed size"),
        (
            "unet/config.json",
            {"class_embed_type": "timestep", "num_class_embeds": None},
            "classes by number",
        ),
        ("unet/config.json", {"block_out_channels": [32, 64]}, "cannot load 'unet'"),
        ("unet/config.json", {"num_class_embeds": 5}, "5 classes but names 10"),
        ("model_index.json", {"patch": "2"}, "'patch'"),
        ("model_index.json", {"patch": 0}, "'patch'"),
        ("model_index.json", {"gain": 0.5}, "'gain'"),
        ("model_index.json", {"gain": "1.1"}, "'gain'"),
        ("model_index.json", {"gain": float("nan")}, "'gain'"),
        ("model_index.json", {"id2label": ["0", "1"]}, "'id2label'"),
        ("model_index.json", {"id2label": {"0": "0", "50": "1"}}, "'id2label'"),
        ("model_index.json", {"id2label": {"0": "0", "1": "0", "2": "1"}}, "'id2label'"),
        ("scheduler/scheduler_config.json", {"beta_schedule": "nonsense"}, "noise schedule"),
    ],
)
def test_folders_with_nonsense_in_them(tmp_path, file, values, message):
    with pytest.raises(CannotMake, match=message):
        make(model=edited(tmp_path / "model", file, **values))


def test_weights_that_are_missing_are_not_drawn_at_random(tmp_path):
    """diffusers draws them from torch's global generator: other pictures in every process."""
    folder = Path(edited(tmp_path / "model", "model_index.json"))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    del tensors["conv_in.weight"]
    save_file(tensors, weights)
    with pytest.raises(CannotMake, match=r"'conv_in\.weight' is missing"):
        make(model=str(folder))


def test_the_oldest_layout_has_no_folder_for_the_net(tmp_path):
    folder = Path(edited(tmp_path / "model", "model_index.json"))
    for part in ("unet", "scheduler"):
        for path in list((folder / part).iterdir()):
            path.rename(folder / path.name)
        (folder / part).rmdir()
    labels, seeds = np.array([0, 1]), random.derive(0, "test", 2)
    made = make(model=str(folder), steps=2)
    np.testing.assert_array_equal(
        made.random(labels, seeds).data, make(steps=2).random(labels, seeds).data
    )


def test_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CannotMake, match="no GPU"):
        make(device="cuda")
    with pytest.raises(CannotMake, match="float16 is for GPUs"):
        make(dtype="float16")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        torch.OutOfMemoryError("CUDA"),
    ],
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
    from pe_diffusion.denoise import scheduler_from  # imports diffusers: seconds

    with pytest.raises(CannotMake, match="FlowMatchEulerDiscreteScheduler"):
        scheduler_from({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0})


def test_times_fall_from_the_level_of_the_degree_to_one_step_above_nothing():
    from pe_diffusion.denoise import times

    assert times(1000, 10, 1.0) == [999, 899, 799, 699, 599, 499, 399, 299, 199, 99]
    assert times(1000, 10, 0.1) == [99, 49]
    assert times(1000, 10, 0.31) == [309, 206, 102]
    for degree in (1e-6, 0.001, 0.0021, 0.5):
        visited = times(1000, 25, degree)
        assert visited == sorted(set(visited), reverse=True)
        assert visited[-1] >= 0
