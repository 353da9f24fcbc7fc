"""Building the generator from its options: the kind of model and its defaults."""

from typing import Any

from pe_diffusion.backend import Backend
from pe_diffusion.folder import ModelFolder, find
from pe_diffusion.generator import DiffusionGenerator
from pe_diffusion.place import out_of_memory, place
from pe_sdk import CannotMake, OutputSpec


def build(output: OutputSpec, labels: tuple[str, ...], options: Any) -> DiffusionGenerator:
    """See `pe_diffusion.make`."""
    _check(output)
    where = place(options.device, options.dtype)
    folder = find(options.model, options.revision)
    try:
        backend = _backend(folder, labels, options, where)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise CannotMake(
            f"not enough memory on {where.device.type} to load {folder.name!r}; "
            "choose a smaller model, or use --set dtype=bfloat16"
        ) from error
    defaults = backend.defaults
    return DiffusionGenerator(
        backend,
        output,
        options.steps or defaults.steps,
        options.guidance or defaults.guidance,
        options.batch or defaults.batch,
    )


def _backend(folder: ModelFolder, labels: tuple[str, ...], options: Any, where: Any) -> Backend:
    if folder.has("unet", "UNet2DModel"):
        from pe_diffusion.pixels import PixelModel

        return PixelModel(folder, labels, options, where)
    kinds = {
        "unet": "UNet2DConditionModel",
        "vae": "AutoencoderKL",
        "text_encoder": "CLIPTextModel",
    }
    if all(folder.has(part, kind) for part, kind in kinds.items()) and not folder.has(
        "text_encoder_2", "CLIPTextModel"
    ):
        from pe_diffusion.latents import LatentModel

        return LatentModel(folder, labels, options, where)
    raise CannotMake(
        f"diffusion cannot use {folder.name!r}, a "
        f"{folder.index.get('_class_name', 'pipeline of unknown kind')}; choose a pipeline with a "
        "UNet2DModel (DDPM, DDIM), or with a UNet2DConditionModel, an AutoencoderKL and a "
        "CLIPTextModel (Stable Diffusion 1 and 2)"
    )


def _check(output: OutputSpec) -> None:
    shape = output.shape
    if output.kind != "image" or output.dtype != "uint8" or len(shape) != 3:
        raise CannotMake(
            f"diffusion makes uint8 images, not {output.kind} of {output.dtype} {list(shape)}"
        )
    if min(shape) < 1 or shape[2] not in (1, 3):
        raise CannotMake(f"diffusion makes images with 1 or 3 channels, got {list(shape)}")
