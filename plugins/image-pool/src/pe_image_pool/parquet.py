"""Pools in Parquet files: a column `image`, and optionally `label`.

`image` holds encoded bytes, or a struct with `bytes` as Hugging Face writes it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pe_sdk import CannotMake

_ROWS = 256


def rows(path: Path) -> Iterator[tuple[str, str | None, bytes]]:
    """Yield name, label and encoded picture of each row; a few hundred rows are read at a time.

    Label names come from the file's own metadata.

    Raises:
        CannotMake: pyarrow is not installed, or the file is not a Parquet file with a column
            `image`.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise CannotMake(
            "a pool in Parquet files needs pyarrow: pip install 'pe-plugin-image-pool[parquet]'"
        ) from None
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            if "image" not in schema.names:
                raise CannotMake(
                    f"{path} has no column 'image'; its columns are {', '.join(schema.names)}"
                )
            names = _label_names(schema)
            columns = [name for name in ("image", "label") if name in schema.names]
            row = 0
            for batch in file.iter_batches(batch_size=_ROWS, columns=columns):
                images = batch.column("image").to_pylist()
                labels = (
                    batch.column("label").to_pylist()
                    if "label" in columns
                    else [None] * len(images)
                )
                for image, label in zip(images, labels, strict=True):
                    content = image.get("bytes") if isinstance(image, dict) else image
                    yield f"row {row}", _label(label, names), content or b""
                    row += 1
    except (OSError, ValueError, pa.ArrowException) as error:  # ValueError: labels are not text
        raise CannotMake(f"{path} cannot be read as a Parquet file: {error}") from None


def _label(label: Any, names: list[str]) -> str | None:
    if isinstance(label, int) and 0 <= label < len(names):
        return names[label]
    return None if label is None else str(label)


def _label_names(schema: Any) -> list[str]:
    """Names of the label codes; [] if the metadata has none."""
    try:
        document = json.loads((schema.metadata or {})[b"huggingface"])
        return [str(name) for name in document["info"]["features"]["label"]["names"]]
    except (KeyError, TypeError, ValueError):
        return []
