"""Reading a source in tests as the host does: what `describe` decides, `read` gets."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pe_host.privacy.dataset import PrivateDataset
from pe_sdk import SourceError, SourceInfo, SourceOptions, Table


def taken(module: Any, where: Path | str, **options: Any) -> tuple[SourceInfo, Table]:
    """Describe and read a source; the plan keeps the class names apart from the options."""
    given = SourceOptions(**options)
    info = module.describe(str(where), given)
    names = given.classes or info.label_names
    kept = replace(info.options or given, classes=())
    return info, module.read(str(where), info.output, names, kept)


def images(table: Table) -> np.ndarray[Any, Any]:
    return table.data[:]


def used(info: SourceInfo, table: Table) -> PrivateDataset:
    """The records that a run uses; the others are dropped."""
    return PrivateDataset(table, info.output, len(info.label_names), drop=True)


def refusal(module: Any, where: Path | str, **options: Any) -> SourceError:
    """The error of a source, which says where and what to do next."""
    with pytest.raises(SourceError) as caught:
        taken(module, where, **options)
    assert caught.value.where and caught.value.fix
    return caught.value
