"""Errors of plugins that cannot do what they are asked.

The host turns each into one line and an exit code.
"""


class PluginError(Exception):
    """Base class of the errors that a plugin raises on purpose; the user reads the message."""


class CannotMake(PluginError):
    """Refusal to make a generator or embedding for this output, these labels or this machine.

    Say what would work instead.
    """


class SourceError(PluginError):
    """A source that a reader cannot use: it is missing, or it has an unexpected format.

    Only the operator sees the message. Never quote a record, nor anything computed from one: name
    the file of the whole source, the array or the row. The name of a file that is one record can
    name a person: it belongs in `name`.

    Args:
        what: what is wrong, in one sentence.
        where: the file or location; the source by default.
        fix: what to do next.
        name: name of the file of one record; it is shown only if the operator asks for it.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "", name: str = "") -> None:
        self.what, self.where, self.fix, self.name = what, where, fix, name
        super().__init__(f"{where}: {what}" if where else what)


class OptionError(PluginError):
    """An unknown option, or a value that cannot be parsed."""


class PluginWarning(UserWarning):
    """A warning that does not stop the run; the host prints each distinct text once."""
