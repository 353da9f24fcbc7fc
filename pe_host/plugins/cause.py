"""One-line descriptions of exceptions inside plugins."""


def describe_cause(error: BaseException) -> str:
    """An exception in one line: its type and the first line of its message."""
    if isinstance(error, SystemExit):
        return f"it tried to end the process (SystemExit: {error.code})"
    message = str(error).strip().splitlines()
    return f"{type(error).__name__}: {message[0]}" if message else type(error).__name__
