"""Where cases are tried: the process of the commands, a scratch folder, and runs to start from."""

import shutil
from functools import cached_property
from pathlib import Path

from bad_input.commands import SMALL, Commands, fresh, restore
from bad_input.npz_files import good, packed
from bad_input.run_folders import Bases

DATA = "x.npz"
"""Private data in the folder of `Bench.base`."""


class Bench:
    """Runs commands of cases.

    Args:
        run: the process of the commands.
    """

    def __init__(self, run: Commands) -> None:
        self.run = run
        self.place = run.folder / "case"
        """The folder of a case. It is the same for all: a run knows the path of its data."""
        self.bases = Bases(run, self.place, run.folder / "bases")

    @cached_property
    def base(self) -> Path:
        """Private data, and a run on them."""
        folder = fresh(self.run.folder / "base")
        (folder / DATA).write_bytes(packed(good("images", True, True), True))
        words = ("generate", *SMALL, "--epsilon", "4", "--data", DATA, "--out", "run")
        with self.run.correct():
            done = self.run(*words, cwd=folder)
        assert done.code == 0, done
        return folder

    def fresh(self) -> Path:
        """The folder of a case, empty."""
        return fresh(self.place)

    def copy(self, folder: Path) -> Path:
        """The folder of a case, as a copy of this one."""
        if self.place.exists():
            restore(self.place)
            shutil.rmtree(self.place)
        shutil.copytree(folder, self.place, symlinks=True)
        return self.place
