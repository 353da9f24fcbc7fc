"""The choice of an atlas: the shipped one, or one made from the user's fonts."""

from pathlib import Path

import numpy as np

from pe_text_render.atlas import Atlas, shipped


def choose(fonts: str, faces: str, chars: str) -> Atlas:
    """The atlas that the options select.

    Args:
        fonts: folder of fonts, or "" for the shipped atlas.
        faces: "handwriting", "print" or "all" of the shipped atlas.
        chars: characters that will be written.

    Raises:
        CannotMake: there is no such folder, or it holds no usable font.
    """
    if fonts:
        from pe_text_render.userfonts import atlas_of

        return atlas_of(Path(fonts).expanduser(), chars)
    atlas = shipped(chars)
    if faces == "all":
        return atlas
    kept = [i for i, face in enumerate(atlas.faces) if face.handwriting == (faces == "handwriting")]
    return atlas.take(np.array(kept, dtype=np.int64))
