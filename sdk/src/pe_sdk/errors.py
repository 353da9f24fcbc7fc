"""What a plugin raises when it cannot do what it was asked; the host turns each into one line and an exit code."""


class PluginError(Exception):
    """Base of the errors a plugin raises on purpose: the message is for the person at the terminal."""


class CannotMake(PluginError):
    """The generator or embedding cannot be made for this output, these labels or on this machine.

    Say what would work instead.
    """


class SourceError(PluginError):
    """A reader cannot use its source: there is nothing there, or it has another form. The operator alone sees it.

    Never quote a record, nor anything computed from one: name the file, the array or the row.

    Args:
        what: one sentence, what is wrong.
        where: file or location it concerns; the source by default.
        fix: what to do next.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(f"{where}: {what}" if where else what)


class OptionError(PluginError):
    """An option is unknown or its value cannot be read."""


class PluginWarning(UserWarning):
    """Something the person should know that does not stop the run; the host prints each distinct text once."""
