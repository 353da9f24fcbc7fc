"""Text-to-image models: Stable Diffusion pipelines, whose U-Net denoises latents under a prompt."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging

from pe_diffusion.backend import Backend, Defaults, Place, guided
from pe_diffusion.folder import ModelFolder
from pe_diffusion.loading import net, part, scheduler
from pe_sdk import CannotMake


class LatentModel(Backend):
    """A text-to-image and image-to-image model.

    It runs the same loop as a pixel model, between the encoder and the decoder of the autoencoder.
    All prompts are encoded once at construction, after which the text encoder is freed. An encoded
    picture is the mean of its latent distribution, so encoding is deterministic.

    Raises:
        CannotMake: prompts for unknown labels, a size that the autoencoder cannot make, or parts
            of an unsupported architecture.
    """

    defaults = Defaults(steps=25, guidance=7.5, batch=4, power=1.0)

    def __init__(
        self, folder: ModelFolder, labels: tuple[str, ...], options: Any, place: Place
    ) -> None:
        self.place = place
        prompts = prompts_of(labels, options)
        self.scheduler = scheduler(folder)
        self._vae = net(folder, "vae", AutoencoderKL, place.device, place.dtype)
        self._net = net(folder, "unet", UNet2DConditionModel, place.device, place.dtype)
        channels = self._vae.config.latent_channels
        if (
            self._net.config.in_channels != channels
            or self._net.config.addition_embed_type is not None
        ):
            raise CannotMake(
                f"diffusion cannot use {folder.name!r}: its U-Net has inputs beyond latents, time "
                "and prompt (as inpainting models and XL have); choose a Stable Diffusion 1 or 2 "
                "text-to-image model"
            )
        scale = 2 ** (len(self._vae.config.block_out_channels) - 1)
        own = self._net.config.sample_size
        height, width = options.height_and_width or (
            (own * scale,) * 2 if isinstance(own, int) else (s * scale for s in own)
        )
        # the U-Net halves the latents at every level but the last, and concatenates the halves
        # on the way up
        step = scale * 2 ** (len(self._net.config.block_out_channels) - 1)
        if height % step or width % step:
            raise CannotMake(
                f"the size of {folder.name!r} must be in steps of {step} pixels, "
                f"got {height}x{width}"
            )
        self.picture = (height, width, 3)
        self.noise = (channels, height // scale, width // scale)
        self._texts = _encode_texts(folder, (*prompts, options.negative), place)

    def predict(self, x: Tensor, t: Tensor, labels: NDArray[np.int64], guidance: float) -> Tensor:
        conditional = self._run(x, t, self._texts[torch.from_numpy(labels).to(x.device)])
        if guidance == 1:
            return conditional
        return guided(
            self._run(x, t, self._texts[-1:].expand(len(x), -1, -1)), conditional, guidance
        )

    def _run(self, x: Tensor, t: Tensor, texts: Tensor) -> Tensor:
        output: Tensor = self._net(x.to(self.place.dtype), t, encoder_hidden_states=texts).sample
        return output.to(torch.float32)

    def encode(self, pictures: Tensor) -> Tensor:
        mean = self._vae.encode(pictures.to(self.place.dtype)).latent_dist.mode().to(torch.float32)
        shift, scale = self._vae.config.shift_factor or 0, self._vae.config.scaling_factor
        latents: Tensor = (mean - shift) * scale
        return latents

    def decode(self, x: Tensor) -> Tensor:
        latents = x / self._vae.config.scaling_factor + (self._vae.config.shift_factor or 0)
        pictures: Tensor = self._vae.decode(latents.to(self.place.dtype)).sample
        return pictures.to(torch.float32)


def prompts_of(labels: tuple[str, ...], options: Any) -> list[str]:
    """The prompt of each label: its own, or the template filled with the label's name."""
    if unknown := sorted(set(options.prompts) - set(labels)):
        raise CannotMake(
            f"prompts are given for {unknown}, which are unknown labels; "
            f"labels: {', '.join(labels)}"
        )
    return [
        options.prompts.get(label, options.prompt.replace("{label}", label)) for label in labels
    ]


def _encode_texts(folder: ModelFolder, texts: tuple[str, ...], place: Place) -> Tensor:
    """The last hidden states of the text encoder, [texts, tokens, width].

    Texts are encoded one at a time, so none affects another.
    """
    tokenizer = part(folder, "tokenizer", CLIPTokenizer.from_pretrained)
    with _no_progress_bar():
        encoder = net(folder, "text_encoder", CLIPTextModel, place.device, torch.float32)
    length = encoder.config.max_position_embeddings
    rows = []
    with torch.inference_mode():
        for text in texts:
            ids = tokenizer(
                text, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
            ).input_ids
            rows.append(encoder(ids.to(place.device)).last_hidden_state)
    return torch.cat(rows).to(place.dtype)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Hide progress bars: the terminal belongs to the host."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
