"""The ledger of a run at rest, refused where it says less than the run has spent."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pe_host.cache import budget_folder
from pe_host.errors import DataError, PrivacyRefusal
from pe_host.privacy.budget import Head, is_set_back, ledger_heads
from pe_host.privacy.ledger import Ledger, run_of
from pe_host.privacy.store import FileStore, check_paid
from pe_host.run.folder import LEDGER
from pe_host.run.manifest import Manifest


def open_ledger(folder: Path, manifest: Manifest) -> Ledger:
    """Open the ledger of a run, without its account in the budget database.

    Args:
        folder: of the run.
        manifest: of the run.

    Raises:
        DataError: there is none.
        PrivacyRefusal: it is damaged, of another run, or does not pay for all that the run has
            released.
    """
    if not (folder / LEDGER).exists():  # `open` would create one
        if manifest.finished:
            fix = f"restore {LEDGER} from a backup: nothing else says what the run has spent"
            raise DataError(
                "the ledger of this finished run is missing", where=str(folder), fix=fix
            )
        what = "the run has no ledger: nothing was released yet, or the ledger was lost"
        raise DataError(
            what, where=str(folder), fix="continue the run with --resume, or give another run"
        )
    ledger = Ledger.open(folder / LEDGER, manifest.plan)
    manifest.check_ledger(folder / LEDGER)
    check_paid(FileStore(folder), ledger, manifest.plan.rounds)
    return ledger


def refuse_set_back(folders: Sequence[Path]) -> None:
    """Refuse the ledgers of a run if none continues what the budget database has seen of it.

    Only a database that is here and can be read says so: runs of other machines are priced too.

    Raises:
        PrivacyRefusal: there is such a run.
    """
    copies: dict[str, list[Path]] = {}
    for folder in folders:
        copies.setdefault(run_of(folder / LEDGER)[0], []).append(folder)
    seen: Mapping[str, Head] = {}
    with suppress(DataError, PrivacyRefusal):
        seen = ledger_heads(budget_folder(), copies)
    for id in copies.keys() & seen.keys():
        if all(is_set_back((folder / LEDGER).read_bytes(), seen[id]) for folder in copies[id]):
            raise PrivacyRefusal(
                "the budget database has seen a longer ledger of this run, or another one: it was "
                "set back, or this is an older copy of the run, or one that went on elsewhere",
                where=str(copies[id][0]),
                fix="give the run where it went furthest; `pe budget history` shows its folder",
            )
