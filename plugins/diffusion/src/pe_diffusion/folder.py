"""The folder of a model: shipped, local or from the hub.

Only safetensors, JSON and text files are fetched from the hub.
"""

import json
import os
import warnings
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pe_sdk import CannotMake, PluginWarning

TEXT_MODEL = "nota-ai/bk-sdm-small"
"""The model behind `model=text`: a distilled Stable Diffusion 1.4 (arXiv 2305.15798).

Its U-Net has 0.5 billion weights.
"""

PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
WANTED = (
    "model_index.json",
    *(f"{part}/*.{end}" for part in PARTS for end in ("json", "safetensors", "txt")),
    # beside the index, see `ModelFolder.part`
    "config.json",
    "scheduler_config.json",
    "diffusion_pytorch_model*.safetensors*",
)
UNWANTED = ("*.fp16.*", "*.bf16.*", "*.non_ema.*", "*flax*", "*openvino*")


@dataclass(frozen=True)
class ModelFolder:
    """A folder in the layout of diffusers pipelines.

    Args:
        path: location of the folder.
        name: the name that the user gave.
        index: contents of its model_index.json.
    """

    path: Path
    name: str
    index: dict[str, Any]

    def has(self, part: str, kind: str) -> bool:
        """Whether the index declares this part to be of this class."""
        entry = self.index.get(part)
        return isinstance(entry, list) and len(entry) == 2 and entry[1] == kind

    def part(self, part: str) -> Path:
        """The folder of a part.

        The oldest pipelines on the hub have no such folder: their files lie beside the index.
        """
        inside = self.path / part
        return inside if inside.is_dir() else self.path

    def config(self, part: str, file: str = "config.json") -> dict[str, Any]:
        """Read a JSON file of a part.

        Raises:
            CannotMake: the file is missing or is not a JSON object.
        """
        return _read(self.part(part) / file, self.name)


def find(model: str, revision: str) -> ModelFolder:
    """Find the folder of a model by the value of the option `model`.

    Raises:
        CannotMake: there is no such model, or the hub does not answer.
    """
    # Path.expanduser fails for the home of an unknown user
    local = Path(os.path.expanduser(model))  # noqa: PTH111
    if not model:
        path = Path(str(resources.files("pe_diffusion") / "assets" / "digits"))
    elif local.is_dir():
        path = local
    elif local.exists():
        raise CannotMake(
            f"{model!r} is a file, not the folder of a model; give a folder in the layout of "
            "diffusers, with model_index.json and the weights as safetensors, as "
            "`pipeline.save_pretrained(FOLDER)` writes it"
        )
    else:
        path = _from_hub(TEXT_MODEL if model == "text" else model, revision)
    name = model or "the shipped model"
    return ModelFolder(path, name, _read(path / "model_index.json", name))


def _from_hub(model: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    looks_like_path = model.startswith((".", "/", "~")) or model.count("/") > 1
    if looks_like_path:
        raise CannotMake(
            f"there is no folder {model!r}; "
            f"give a folder that exists or a hub id such as {TEXT_MODEL}"
        )
    try:
        path = Path(
            snapshot_download(
                model,
                revision=revision or None,
                allow_patterns=list(WANTED),
                ignore_patterns=list(UNWANTED),
            )
        )
    except GatedRepoError as error:  # a subclass of RepositoryNotFoundError, so it comes first
        raise CannotMake(
            f"{model!r} is gated: accept its terms on the hub, then log in (hf auth login)"
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        at = f" at revision {revision!r}" if revision else ""
        raise CannotMake(
            f"{model!r}{at} is neither a local folder nor a model on the hub; check the name"
        ) from error
    except (LocalEntryNotFoundError, OSError) as error:
        why = (
            "the hub is switched off (HF_HUB_OFFLINE)" if _offline() else "the hub does not answer"
        )
        raise CannotMake(
            f"{model!r} is neither a local folder nor in the cache, and {why}; download it where "
            "there is a connection (hf download) and use --set model=FOLDER, or leave 'model' "
            "empty for the shipped digits"
        ) from error
    # the hub's client passes on errors of its HTTP library, and that library has changed
    except Exception as error:
        raise CannotMake(
            f"cannot fetch {model!r} from the hub ({type(error).__name__}: {error}); "
            "try again, or give a local folder"
        ) from error
    if path.name != revision:
        warnings.warn(
            f"diffusion: {model!r} is now at commit {path.name}; use --set revision={path.name} to "
            "resume or replay this run later with the same weights",
            PluginWarning,
            stacklevel=2,
        )
    return path


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        where = f"{path.parent.name}/{path.name}"
        raise CannotMake(
            f"{name!r} is not a model in the layout of diffusers: {where} is missing or not JSON; "
            "save the model with save_pretrained"
        ) from error
    if not isinstance(document, dict):
        raise CannotMake(
            f"{name!r} is not a model in the layout of diffusers: {path.name} is not a JSON "
            "object; save the model with save_pretrained"
        )
    return document
