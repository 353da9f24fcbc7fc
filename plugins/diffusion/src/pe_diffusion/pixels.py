"""Models of pixels: a UNet2DModel, unconditional or with a class embedding."""

from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pe_diffusion.backend import Backend, Defaults, Place, guided
from pe_diffusion.folder import ModelFolder
from pe_diffusion.loading import frozen, part, scheduler
from pe_sdk import CannotMake


class PixelModel(Backend):
    """A DDPM or DDIM pipeline folder.

    Beyond what diffusers writes, model_index.json may hold `id2label` (names of the classes; their numbers otherwise) and
    `patch` (pixels a side that are folded into channels). An unconditional model makes the same for every label. A class
    after the named ones stands for "no class", which guidance needs.

    Raises:
        CannotMake: labels that are no classes, guidance without a class for "none", or a net of another form.
    """

    # a small picture hardly changes below a third of the time steps, so that degrees are spread over the rest
    defaults = Defaults(steps=8, guidance=1.0, batch=32, power=0.5)

    def __init__(self, folder: ModelFolder, labels: tuple[str, ...], options: Any, place: Place) -> None:
        self.place = place
        self.scheduler = scheduler(folder)
        config = folder.config("unet")
        self._patch = folder.index.get("patch", 1)
        channels, folded = config.get("in_channels"), self._patch**2
        if channels not in (folded, 3 * folded) or config.get("out_channels") != channels or not config["sample_size"]:
            raise CannotMake(
                f"diffusion cannot use the net of {folder.name!r}: it takes nets of a stated size with 1 or 3 channels, as many "
                "out as in"
            )
        size = config["sample_size"]
        height, width = (size, size) if isinstance(size, int) else size
        self.noise = (channels, height, width)
        self.picture = (height * self._patch, width * self._patch, channels // folded)
        self._classes, self._none = _classes(folder, config.get("num_class_embeds"), labels, options)
        if options.guidance > 1 and self._none is None:
            raise CannotMake(
                f"{folder.name!r} was not trained for guidance (no class for 'none'); leave 'guidance' out"
            )
        net = part(folder, "unet", UNet2DModel.from_pretrained, use_safetensors=True, torch_dtype=place.dtype)
        self._net = frozen(net.to(place.device))

    def predict(self, x: Tensor, t: Tensor, labels: NDArray[np.int64], guidance: float) -> Tensor:
        if self._classes is None:
            return self._run(x, t, None)
        classes = torch.from_numpy(self._classes[labels]).to(x.device)
        conditional = self._run(x, t, classes)
        if guidance == 1:
            return conditional
        return guided(self._run(x, t, torch.full_like(classes, self._none)), conditional, guidance)

    def _run(self, x: Tensor, t: Tensor, classes: Tensor | None) -> Tensor:
        return self._net(x.to(self.place.dtype), t, class_labels=classes).sample.to(torch.float32)

    def encode(self, pictures: Tensor) -> Tensor:
        return functional.pixel_unshuffle(pictures, self._patch)

    def decode(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(x, self._patch)


def _classes(
    folder: ModelFolder, count: int | None, labels: tuple[str, ...], options: Any
) -> tuple[NDArray[np.int64] | None, int | None]:
    """The class of each label, int64 [labels], and that of "none"; None where the model has no classes, or no such class."""
    if unknown := sorted(set(options.classes) - set(labels)):
        raise CannotMake(f"classes are given for {unknown}, which are no labels; labels: {', '.join(labels)}")
    if count is None:
        if options.classes:
            raise CannotMake(f"{folder.name!r} has no classes, so 'classes' cannot be set")
        return None, None
    named = folder.index.get("id2label") or {str(i): str(i) for i in range(count)}
    numbers = {name: int(number) for number, name in named.items()}
    wanted = [options.classes.get(label, label) for label in labels]
    if missing := [label for label, name in zip(labels, wanted, strict=True) if name not in numbers]:
        raise CannotMake(
            f"{folder.name!r} has no class for the labels {_some(missing)}; its classes are {_some(list(numbers))}. Name a class "
            "with --set classes.LABEL=CLASS, or take a text-to-image model: --set model=text"
        )
    none = len(numbers) if count > len(numbers) else None
    return np.array([numbers[name] for name in wanted], np.int64), none


def _some(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
