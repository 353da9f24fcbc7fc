"""Pipelines with random weights, saved as diffusers saves them and loaded as from the hub."""

import json
import string

import numpy as np
import pytest
import torch

import pe_diffusion
from pe_sdk import CannotMake, OutputSpec, random

pytestmark = pytest.mark.slow  # runs whole pipelines

LABELS = ("cat", "dog")


@pytest.fixture(scope="module")
def text_folder(tmp_path_factory):
    """A Stable Diffusion pipeline of 16 x 16 pictures, 8 x 8 latents."""
    from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    folder = tmp_path_factory.mktemp("text")
    torch.manual_seed(0)
    block = {"norm_num_groups": 8, "layers_per_block": 1}
    UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=8,
        **block,
    ).save_pretrained(folder / "unet")
    AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        **block,
    ).save_pretrained(folder / "vae")
    letters = [*string.ascii_lowercase, *(f"{c}</w>" for c in string.ascii_lowercase)]
    vocabulary = {
        token: i for i, token in enumerate([*letters, "<|startoftext|>", "<|endoftext|>"])
    }
    size = len(vocabulary)
    CLIPTextModel(
        CLIPTextConfig(
            vocab_size=size,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=16,
            bos_token_id=size - 2,
            eos_token_id=size - 1,
            pad_token_id=size - 1,
        )
    ).save_pretrained(folder / "text_encoder")
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer" / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 16})
    )
    betas = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    PNDMScheduler(**betas, steps_offset=1).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "scheduler": ["diffusers", "PNDMScheduler"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def made(folder, labels=LABELS, shape=(16, 16, 3), **options):
    options = {"steps": 3, "batch": 2, "dtype": "float32", "device": "cpu"} | options
    return pe_diffusion.make(
        OutputSpec.image(*shape), labels, pe_diffusion.Options(model=str(folder), **options)
    )


@pytest.fixture(scope="module")
def pixel_folder(tmp_path_factory):
    """An unconditional pipeline of 8 x 8 colour pictures, written by diffusers itself."""
    from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

    folder = tmp_path_factory.mktemp("pixel")
    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    net = UNet2DModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, **blocks
    )
    DDPMPipeline(net, DDPMScheduler(num_train_timesteps=50)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("which", ["text_folder", "pixel_folder"])
def test_rows_are_independent_and_degrees_are_kept(which, request):
    """Shared noise, torch's global generator or a draw of the autoencoder would change a bit."""
    generator = made(request.getfixturevalue(which))
    labels, seeds = np.array([0, 1, 0, 1, 0]), random.derive(3, "test", 5)
    whole = generator.random(labels, seeds)
    assert whole.data.dtype == np.uint8
    assert whole.data.shape == (5, 16, 16, 3)
    order = np.array([4, 2, 0, 3, 1])
    np.testing.assert_array_equal(
        generator.random(labels[order], seeds[order]).data, whole.data[order]
    )
    assert len(np.unique(whole.data, axis=0)) == 5
    fresh = random.derive(4, "test", 5)
    np.testing.assert_array_equal(generator.vary(whole, 0.0, fresh).data, whole.data)
    half = generator.vary(whole, 0.5, fresh)
    np.testing.assert_array_equal(
        generator.vary(whole.take(order), 0.5, fresh[order]).data, half.data[order]
    )
    assert (half.data != whole.data).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(
        generator.vary(whole, 1.0, fresh).data, generator.random(labels, fresh).data
    )


def test_a_variation_of_a_text_model_depends_on_picture_and_seed(text_folder):
    generator = made(text_folder)
    labels, seeds = np.array([0, 1]), random.derive(3, "test", 2)
    one, two = (
        generator.random(labels, seeds),
        generator.random(labels, random.derive(5, "test", 2)),
    )
    fresh = random.derive(4, "test", 2)
    assert (generator.vary(one, 0.3, fresh).data != generator.vary(two, 0.3, fresh).data).any()
    assert (
        generator.vary(one, 0.3, fresh).data != generator.vary(one, 0.3, fresh[::-1].copy()).data
    ).any()


def test_prompts_guidance_and_negative_prompt_change_pictures(text_folder):
    seeds, labels = np.repeat(random.derive(3, "test", 1), 2), np.array([0, 1])
    plain = made(text_folder).random(labels, seeds).data
    assert (plain[0] != plain[1]).any()
    other = made(text_folder, prompts={"cat": "a sleeping cat"}).random(labels, seeds).data
    assert (other[0] != plain[0]).any()
    np.testing.assert_array_equal(other[1], plain[1])
    for options in ({"prompt": "{label}"}, {"guidance": 1.0}, {"negative": "dogs"}):
        assert (made(text_folder, **options).random(labels, seeds).data != plain).any(), options
    with pytest.raises(CannotMake, match="unknown labels"):
        made(text_folder, prompts={"cow": "a cow"})


def test_without_guidance_the_negative_prompt_is_not_used(text_folder):
    labels, seeds = np.array([0, 1]), random.derive(3, "test", 2)
    one, two = (
        made(text_folder, guidance=1.0, negative=text).random(labels, seeds).data
        for text in ("", "dogs")
    )
    np.testing.assert_array_equal(one, two)


def test_sizes_of_a_text_model(text_folder):
    assert made(text_folder, size="32x16").backend.picture == (32, 16, 3)
    grey = made(text_folder, shape=(12, 10, 1), size="32")
    assert grey.random(np.array([0]), random.derive(0, "test", 1)).data.shape == (1, 12, 10, 1)
    with pytest.raises(CannotMake, match="in steps of 4 pixels"):
        made(text_folder, size="18")


def test_the_autoencoder_is_the_way_in_and_out(text_folder):
    """Latents are scaled as in diffusers pipelines, encoding draws nothing, and shapes are kept."""
    backend = made(text_folder).backend
    pictures = torch.zeros(2, 3, 16, 16)
    latents = backend.encode(pictures)
    assert latents.shape == (2, 4, 8, 8)
    raw = backend._vae.encode(pictures).latent_dist.mode() * backend._vae.config.scaling_factor
    torch.testing.assert_close(latents, raw)
    assert backend.decode(latents).shape == (2, 3, 16, 16)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # in diffusers, about numpy 2
def test_the_same_text_to_image_as_the_pipeline_of_diffusers(text_folder):
    """Sampling agrees with StableDiffusionPipeline: same solver, latents and guidance."""
    from diffusers import StableDiffusionPipeline

    generator = made(text_folder, steps=5)
    labels, seeds = np.array([0, 1]), random.derive(3, "test", 2)
    ours = generator.random(labels, seeds).data
    pipeline = StableDiffusionPipeline.from_pretrained(
        text_folder,
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )
    pipeline.scheduler = generator.backend.scheduler
    pipeline.set_progress_bar_config(disable=True)
    noise = (
        random.normals(seeds, "diffusion/noise", size=4 * 64).reshape(2, 4, 8, 8).astype(np.float32)
    )
    theirs = pipeline(
        [f"a photo of {label}" for label in LABELS],
        height=16,
        width=16,
        latents=torch.from_numpy(noise),
        timesteps=[999, 799, 599, 399, 199],
        output_type="np",
    ).images
    assert np.abs(ours / 255 - theirs).max() < 0.02


def test_an_unconditional_model_makes_the_same_for_every_label(pixel_folder):
    generator = made(pixel_folder)
    seeds = np.repeat(random.derive(3, "test", 1), 2)
    one, other = generator.random(np.array([0, 1]), seeds).data
    np.testing.assert_array_equal(one, other)
    with pytest.raises(CannotMake, match="has no classes"):
        made(pixel_folder, classes={"cat": "1"})
    with pytest.raises(CannotMake, match="not trained for guidance"):
        made(pixel_folder, guidance=2.0)


def test_weights_that_are_not_safetensors_are_not_read(pixel_folder, tmp_path):
    import shutil

    folder = tmp_path / "pickled"
    shutil.copytree(pixel_folder, folder)
    (weights,) = (folder / "unet").glob("*.safetensors")
    torch.save({}, folder / "unet" / "diffusion_pytorch_model.bin")
    weights.unlink()
    with pytest.raises(CannotMake, match="safetensors"):
        made(folder)
    weights.write_bytes(b"torn")
    with pytest.raises(CannotMake, match="cannot load 'unet'"):
        made(folder)
