"""All tests of readers have their pictures decoded by one confined process."""

from collections.abc import Iterator

import pytest

from pe_host.formats.tests.kept_decoder import KeptDecoder


@pytest.fixture(scope="session")
def _kept_decoder() -> Iterator[type[KeptDecoder]]:
    yield KeptDecoder
    KeptDecoder.close()


@pytest.fixture(autouse=True)
def kept_decoder(_kept_decoder: type[KeptDecoder], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pe_host.privacy.readers.picture_decoding.Decoder", _kept_decoder)
