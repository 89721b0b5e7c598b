"""What goes wrong between host and printer, with the IPP reason and whether a byte may have left."""

from typing import ClassVar


class DriverError(Exception):
    """A conversation with a printer failed; the message is one line a technician understands.

    `reason` is the IPP printer-state-reasons keyword. `sent` is the number of payload bytes that may
    have reached the printer: 0 makes a retry safe, anything else does not.
    """

    reason: ClassVar[str] = "other"

    def __init__(self, message: str, *, sent: int = 0) -> None:
        super().__init__(message)
        self.sent = sent


class PrinterOffline(DriverError):
    """Nothing listens at the address, or the connection cannot be made in time."""

    reason = "offline"


class ConnectionLost(DriverError):
    """The printer closed or reset the connection during the conversation."""

    reason = "connecting-to-device"


class PrinterStalled(DriverError):
    """The printer stopped reading for longer than the progress timeout."""

    reason = "timed-out"


class Recalled(DriverError):
    """The payload was called back before its first byte left."""


class ReplyMalformed(DriverError):
    """The printer answered something that is not the reply its language defines."""


class OtherLanguage(DriverError):
    """The printer says that it is set to another language; labels in ZPL would come out as pages of text."""

    reason = "printer-language-mismatch"


class WrongPrinter(DriverError):
    """Another printer answers than the one that is wanted, or it does not say who it is; nothing was sent to it."""

    reason = "printer-identity-mismatch"
