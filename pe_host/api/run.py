"""A finished run, from Python."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pe_host.api.process import call, make_config, plain
from pe_host.errors import UsageError
from pe_host.export import BUILT_IN
from pe_host.job.setting import integer, quoted
from pe_host.privacy import PrivacyPlan
from pe_host.run.folder import CARD, INTERNAL, PAGE, RELEASE, RunFolder
from pe_host.run.manifest import Manifest
from pe_host.run.samples import load_release, refuse_unfinished
from pe_sdk import Release

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True)
class Run:
    """A finished run. `open_run` and `generate` return it.

    Args:
        path: its folder.
        plan: its privacy plan: what is guaranteed, and at what cost.
    """

    path: Path
    plan: PrivacyPlan

    @property
    def epsilon(self) -> float:
        """ε of the release, with that of the runs that it started from; inf if NOT PRIVATE."""
        return self.plan.total_epsilon

    @property
    def report(self) -> Path:
        """The report for others, an HTML page. A run that is NOT PRIVATE has an internal one."""
        return self.path / (RELEASE if self.plan.private else INTERNAL) / PAGE

    @property
    def card(self) -> str:
        """The dataset card, Markdown; "" if the run is NOT PRIVATE."""
        path = self.path / RELEASE / CARD
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def samples(self, n: int | None = None) -> Release:
        """The released samples; or what the run would have released had `n` been wanted.

        The second is made now, by the generator, and costs no privacy.

        Args:
            n: number of samples, over all classes.

        Raises:
            PeError: as `pe samples`; without `n`, as `pe export`.
        """
        if n is not None:
            count = _number(n)
            with tempfile.TemporaryDirectory(prefix="pe-") as folder:
                out = Path(folder) / "samples.npz"
                call(["samples", f"--n={count}", f"--out={out}"], self.path, progress=False)
                read = BUILT_IN["npz"].read
                assert read is not None
                return read(out)
        run = RunFolder(self.path)
        _, data, labels = load_release(run, Manifest.read(run))
        return Release(self.plan.output, data, labels, self.plan.class_names, self.card)

    def export(self, to: str, out: str | Path) -> Path:
        """Write the samples with an exporter; see `pe export`.

        Raises:
            PeError: as `pe export`.
        """
        words = ["export", f"--to={to}", f"--out={out}"]
        return Path(call(words, self.path, progress=False)["path"])

    def replay(self) -> bool:
        """Rebuild the samples from the noisy votes, and return True if they are the same.

        Raises:
            DataError: they differ.
        """
        return bool(call(["replay"], self.path, progress=False)["same"])

    def continued(self, *, epsilon: float, progress: bool = True, **settings: Any) -> "Self":
        """Start a new run from this release; see `pe continue`.

        Args:
            epsilon: the most that the new run may add.
            progress: show on `sys.stderr` how far it is.
            **settings: those that differ from this run's.

        Raises:
            PeError: as `pe continue`.
        """
        config = make_config("continue", {**settings, "epsilon": epsilon})
        # None is left to the command, which refuses it.
        words = ["continue", *([f"--epsilon={config.epsilon!r}"] if config.epsilon else [])]
        words += [f"--out={config.out}"] if config.out else []
        toml = config.to_toml(settings)
        done = call(words, self.path, settings=toml, progress=progress)
        return type(self).open(done["run"])

    @classmethod
    def open(cls, path: str | Path) -> "Self":
        """Open a finished run; see `open_run`."""
        root = Path(path)
        manifest = Manifest.read(RunFolder(root))
        refuse_unfinished(manifest, root)
        return cls(root, manifest.plan)

    def _repr_html_(self) -> str:
        """What a notebook shows: the guarantee in a line, and where the report is."""
        from markupsafe import escape

        line = f"{escape(self.plan.summary())}<br>"
        return f"<p>{line}<a href='{escape(str(self.report))}'>{escape(str(self.report))}</a></p>"


def _number(n: Any) -> int:
    """A number of samples.

    Raises:
        UsageError: it is none.
    """
    try:
        return int(integer(1)(plain(n)))
    except ValueError as error:
        fix = "give the number of samples, over all classes"
        raise UsageError(f"got {quoted(n)}, expected {error}", where="n", fix=fix) from None


def open_run(path: str | Path) -> Run:
    """Open a finished run.

    Args:
        path: its folder.

    Raises:
        DataError: it is not a run, or not finished.
    """
    return Run.open(path)
