"""Every failure that the command line reports, with its exit code.

    PeError                1  a bug, if nothing more precise is known
    ├── UsageError         2  the command line itself is wrong
    ├── PluginFailure      3  a plugin is missing, broken or misbehaves
    ├── PrivacyRefusal     4  continuing would break or blur the privacy guarantee
    └── DataError          5  data or configuration cannot be used

A message says what went wrong, where, and what to do next. It never contains the content of a
private record.
"""


class PeError(Exception):
    """An error for the person at the terminal.

    Args:
        what: what is wrong, in one sentence.
        where: the file, option or plugin concerned.
        fix: what to do next.
        name: name of a private file, which can name a person; the command line shows it only where
            `shows_name` is set, because the user asked for it.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "", name: str = "") -> None:
        self.what, self.where, self.fix, self.name = what, where, fix, name
        self.shows_name = False
        super().__init__(f"{where}: {what}" if where else what)


class UsageError(PeError):
    exit_code = 2


class PluginFailure(PeError):
    exit_code = 3


class PrivacyRefusal(PeError):
    exit_code = 4


class DataError(PeError):
    exit_code = 5
