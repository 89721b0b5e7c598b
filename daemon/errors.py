"""Errors of the daemon that a caller or a person must act on."""


class DaemonError(Exception):
    """Base of the daemon's own errors; the message is one line."""


class EventRejected(DaemonError):
    """A label event that cannot become a job; the message says what is wrong, where, and what to do."""


class IllegalTransition(DaemonError):
    """A job was asked to move between two states that the table does not join."""


class TooLate(IllegalTransition):
    """A job was to be canceled of which the printer has something already."""


class NoSuchJob(DaemonError):
    """No job has this id."""


class NoSuchUpload(DaemonError):
    """No uploaded file has this id, or it is forgotten."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(f"there is no uploaded file {upload_id[:60]}, or it is forgotten: upload it again")


class UploadRefused(DaemonError):
    """A file cannot be taken in now; the message says why, and what to do."""


class NoSuchPrinter(DaemonError):
    """No printer has this name, or none that was found is this one."""


class AdoptionRefused(DaemonError):
    """A printer cannot be adopted, changed or forgotten so; the message says why, and what to do."""


class PrinterRefuses(DaemonError):
    """A printer cannot do now what it is asked; the message says what is in the way."""


class DatabaseRefused(DaemonError):
    """The database at start is not one to go on with; another start changes nothing, a person must act."""


class StoreUnavailable(DaemonError):
    """The database could not commit: disk full, read-only or failing. Nothing was accepted."""


def first_cause(group: BaseException) -> BaseException:
    """The first single error inside nested exception groups."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
