"""A decoder for tests that read many sources, one picture or two of each."""

from typing import Any

from pe_host.formats.decoding import Decoder


class KeptDecoder(Decoder):
    """A decoder whose process goes on for the next one, unless a picture has ended it.

    A process keeps nothing of one question for the next. To start it takes longer than to decode
    what most tests have.
    """

    kept: Any = None

    def _start(self) -> Any:
        kept, KeptDecoder.kept = KeptDecoder.kept, None
        if kept is None or kept.poll() is not None:
            return super()._start()
        self._process = kept
        return kept

    def __exit__(self, *error: Any) -> None:
        if KeptDecoder.kept is None and error == (None, None, None):
            KeptDecoder.kept, self._process = self._process, None
        super().__exit__(*error)

    @classmethod
    def close(cls) -> None:
        """End the process."""
        with cls(None) as decoder:
            decoder._process, cls.kept = cls.kept, None
            decoder._end()
