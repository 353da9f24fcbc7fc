from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pe_host.privacy.readers import series
from pe_sdk import SourceInfo, SourceOptions, Table

Read = Callable[..., tuple[SourceInfo, Table]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """read(name, text, **options) -> what a file of this name and content is read as."""

    def run(name: str, text: str | bytes, **options: Any) -> tuple[SourceInfo, Table]:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        info = series.describe(str(path), SourceOptions(**options))
        assert info.options is not None
        return info, series.read(str(path), info.output, info.label_names, info.options)

    return run
