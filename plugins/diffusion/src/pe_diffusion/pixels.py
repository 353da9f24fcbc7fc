"""Pixel models: a UNet2DModel, unconditional or with a class embedding."""

from typing import Any

import numpy as np
import torch
from diffusers import UNet2DModel
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pe_diffusion.backend import Backend, Defaults, Place, guided
from pe_diffusion.folder import ModelFolder
from pe_diffusion.loading import net, scheduler
from pe_sdk import CannotMake


class PixelModel(Backend):
    """A DDPM or DDIM pipeline folder.

    Beyond what diffusers writes, model_index.json may hold three keys. `id2label` names the
    classes; without it their numbers are their names. `patch` is the side in pixels of the squares
    that are folded into channels. `gain` multiplies the result before it is clipped to black and
    white: a small network misses both by a few levels, which leaves a grey veil over empty areas.
    An unconditional model makes the same pictures for every label. A class after the named ones
    stands for "no class", which guidance needs.

    Raises:
        CannotMake: labels that are not classes, guidance without a "no class", or a network of an
            unsupported architecture.
    """

    # a small picture hardly changes below a third of the time steps: spread degrees over the rest
    defaults = Defaults(steps=8, guidance=1.0, batch=32, power=0.5)

    def __init__(
        self, folder: ModelFolder, labels: tuple[str, ...], options: Any, place: Place
    ) -> None:
        self.place = place
        self.scheduler = scheduler(folder)
        config = folder.config("unet")
        self._patch, self._gain = _patch(folder), _gain(folder)
        channels, folded = config.get("in_channels"), self._patch**2
        size = config.get("sample_size")
        if (
            channels not in (folded, 3 * folded)
            or config.get("out_channels") != channels
            or not size
            or config.get("class_embed_type")
        ):
            raise CannotMake(
                f"diffusion cannot use the network of {folder.name!r}; choose one with a fixed "
                "size, 1 or 3 channels, as many channels out as in, and classes by number"
            )
        height, width = (size, size) if isinstance(size, int) else size
        self.noise = (channels, height, width)
        self.picture = (height * self._patch, width * self._patch, channels // folded)
        self._classes, self._none = _classes(
            folder, config.get("num_class_embeds"), labels, options
        )
        if options.guidance > 1 and self._none is None:
            raise CannotMake(
                f"{folder.name!r} was not trained for guidance (it has no class for 'none'); "
                "leave 'guidance' out"
            )
        self._net = net(folder, "unet", UNet2DModel, place.device, place.dtype)

    def predict(self, x: Tensor, t: Tensor, labels: NDArray[np.int64], guidance: float) -> Tensor:
        if self._classes is None:
            return self._run(x, t, None)
        classes = torch.from_numpy(self._classes[labels]).to(x.device)
        conditional = self._run(x, t, classes)
        if guidance == 1:
            return conditional
        assert self._none is not None  # otherwise __init__ refuses guidance
        return guided(self._run(x, t, torch.full_like(classes, self._none)), conditional, guidance)

    def _run(self, x: Tensor, t: Tensor, classes: Tensor | None) -> Tensor:
        output: Tensor = self._net(x.to(self.place.dtype), t, class_labels=classes).sample
        return output.to(torch.float32)

    def encode(self, pictures: Tensor) -> Tensor:
        return functional.pixel_unshuffle(pictures, self._patch)

    def decode(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(x * self._gain, self._patch)


def _patch(folder: ModelFolder) -> int:
    patch = folder.index.get("patch", 1)
    if not isinstance(patch, int) or not 1 <= patch <= 64:
        raise CannotMake(
            f"'patch' in model_index.json of {folder.name!r} must be a whole number from 1 to 64, "
            f"got {patch!r}"
        )
    return patch


def _gain(folder: ModelFolder) -> float:
    gain = folder.index.get("gain", 1.0)
    if isinstance(gain, bool) or not isinstance(gain, int | float) or not 1 <= gain <= 2:
        raise CannotMake(
            f"'gain' in model_index.json of {folder.name!r} must be a number from 1 to 2, "
            f"got {gain!r}"
        )
    return float(gain)


def _numbers(folder: ModelFolder, count: int) -> dict[str, int]:
    """The number of each class, by name."""
    named = folder.index.get("id2label") or {str(i): str(i) for i in range(count)}
    ids = [str(i) for i in range(len(named))] if isinstance(named, dict) else []
    if not ids or set(named) != set(ids) or len({str(name) for name in named.values()}) != len(ids):
        raise CannotMake(
            f"'id2label' in model_index.json of {folder.name!r} must map the class numbers "
            '"0", "1" and so on to distinct names'
        )
    if len(named) > count:
        raise CannotMake(
            f"{folder.name!r} has {count} classes but names {len(named)}; "
            "fix 'id2label' in its model_index.json"
        )
    return {str(named[i]): int(i) for i in ids}


def _classes(
    folder: ModelFolder, count: int | None, labels: tuple[str, ...], options: Any
) -> tuple[NDArray[np.int64] | None, int | None]:
    """The class of each label, int64 [labels], and that of "none".

    The first is None for an unconditional model, the second for one without such a class.
    """
    if unknown := sorted(set(options.classes) - set(labels)):
        raise CannotMake(
            f"classes are given for {unknown}, which are unknown labels; "
            f"labels: {', '.join(labels)}"
        )
    if count is None:
        if options.classes:
            raise CannotMake(f"{folder.name!r} has no classes; leave 'classes' out")
        return None, None
    numbers = _numbers(folder, count)
    wanted = [options.classes.get(label, label) for label in labels]
    if missing := [
        label for label, name in zip(labels, wanted, strict=True) if name not in numbers
    ]:
        raise CannotMake(
            f"{folder.name!r} has no class for the labels {_some(missing)}; its classes are "
            f"{_some(list(numbers))}. Name a class with --set classes.LABEL=CLASS, or choose a "
            "text-to-image model: --set model=text"
        )
    none = len(numbers) if count > len(numbers) else None
    return np.array([numbers[name] for name in wanted], np.int64), none


def _some(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
