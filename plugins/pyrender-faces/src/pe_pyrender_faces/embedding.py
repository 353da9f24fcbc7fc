"""Embedding `face-parameters`: a face as the parameters that a small network reads from it.

Two faces are close where the network reads the same person, expression, hair, pose and light from
them, with the weights in `reading`. What it cannot recognise stays at the mean and counts for
nothing. It was trained on rendered faces only (`tools/train_reader.py`), so it costs no privacy and
needs no download.
"""

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pe_sdk import CannotMake, Embedding, EmbeddingSpec, NoOptions, OutputSpec, hookimpl


class FaceParameters(Embedding):
    """The embedding of this module. Pictures have at least 16 x 16 pixels, grey or colour."""

    def __init__(self, output: OutputSpec) -> None:
        if output.kind != "image" or output.dtype != "uint8" or len(output.shape) != 3:
            raise CannotMake(
                "the embedding 'face-parameters' needs uint8 images, "
                f"not {output.kind} of {output.dtype}"
            )
        if min(output.shape[:2]) < 16 or output.shape[2] not in (1, 3):
            raise CannotMake(
                "the embedding 'face-parameters' needs images of at least 16 x 16 with 1 or 3 "
                "channels"
            )
        import torch
        from safetensors.numpy import load

        from pe_pyrender_faces.face_net import FaceNet
        from pe_pyrender_faces.reading import LAYOUT

        held = load(files("pe_pyrender_faces").joinpath("assets/reader.safetensors").read_bytes())
        net = FaceNet()
        weights = {name: torch.from_numpy(array.astype(np.float32)) for name, array in held.items()}
        counters = {
            name: value
            for name, value in net.state_dict().items()
            if name.endswith("num_batches_tracked")
        }
        net.load_state_dict(weights | counters)
        self.dim = LAYOUT.dim
        self._net = net.eval()

    def embed(self, data: NDArray[Any]) -> NDArray[np.float32]:
        import torch

        from pe_pyrender_faces.face_net import readings, to_tensor

        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums must not depend on the number of cores
        try:
            with torch.inference_mode():
                vectors: NDArray[np.float32] = readings(self._net(to_tensor(data))[0]).numpy()
        finally:
            torch.set_num_threads(threads)
        return vectors


def make(output: OutputSpec, options: NoOptions) -> FaceParameters:
    return FaceParameters(output)


@hookimpl
def pe_embeddings() -> Iterable[EmbeddingSpec]:
    return [
        EmbeddingSpec(
            "face-parameters",
            "a face as the parameters that a small network reads from it",
            make,
        )
    ]
