from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from pe_host.formats.pictures import FORMATS, UNREADABLE, open_picture

POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 8 8
%%EndComments
newpath 0 0 8 8 rectfill
showpage
%%EOF
"""


def test_postscript_under_another_name_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "zz.png"
    path.write_bytes(POSTSCRIPT)
    with Image.open(path) as opened:  # Pillow itself would: this is what `formats` keeps out
        assert opened.format == "EPS"
    with pytest.raises(UNREADABLE):
        open_picture(path)


@pytest.mark.parametrize("name", FORMATS)
def test_every_listed_format_is_read(tmp_path: Path, name: str) -> None:
    if name == "WEBP" and not features.check("webp"):
        pytest.skip("this build of Pillow has no WebP")
    path = tmp_path / "picture"  # the content decides, not a suffix
    Image.fromarray(np.full((5, 4, 3), 90, np.uint8)).save(path, format=name)
    with open_picture(path) as opened:
        assert opened.size == (4, 5)
