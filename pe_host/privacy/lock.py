"""A lock for one process at a time in a run folder.

Two processes would each assume that nobody else spends the budget.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType

from pe_host.errors import DataError
from pe_host.privacy.files import LOCK


class FolderLock:
    """A context manager that holds the run folder.

    The kernel releases the lock when the process ends, however it ends.

    Args:
        folder: the run folder; it must exist.

    Raises:
        DataError: on entering, if another process holds the folder or it cannot be locked.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """True between entering and leaving."""
        return self._descriptor is not None

    def __enter__(self) -> "FolderLock":
        if self.held:
            raise RuntimeError("this FolderLock is already held")
        while self._descriptor is None:
            self._descriptor = self._locked()
        return self

    def _locked(self) -> int | None:
        """The descriptor of the locked file; None if the file was removed before it was locked.

        A run that clears its folder removes the file while it holds it. Whoever had opened it then
        would hold a file that nobody else can find.
        """
        path = self.folder / LOCK
        try:
            # O_CLOEXEC: workers must not inherit the descriptor, which would keep the folder
            # locked.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unlockable(error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise DataError(
                "another process is using this run folder",
                where=str(self.folder),
                fix="wait until it ends, or choose another --out",
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise self._unlockable(error) from None
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)
        return None

    def _unlockable(self, error: OSError) -> DataError:
        what = f"the folder cannot be locked: {error.strerror}"
        return DataError(what, where=str(self.folder), fix="use a local disk")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
