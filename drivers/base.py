"""The contract of a driver.

A driver reaches one printer. `connect` opens one conversation, a `Session`; the daemon never opens two
with the same printer at once, because label printers serve connections one by one and mix the labels of
overlapping ones. A session may be observed before and after it sends, and sends at most one payload:

    async with driver.connect() as session:
        before = await session.observe()     # puts nothing on paper
        await session.send(payload)          # may put labels on paper from its first byte
        after = await session.observe()

- `connect` raises `PrinterOffline` when the printer cannot be reached; nothing was sent then.
- `observe` answers within its own deadline. A printer that stays silent is `PrinterState.UNKNOWN`,
  never idle; a lost connection raises `ConnectionLost`. It asks only questions that cannot print where the printer
  speaks its language, and one that shows another language (`OtherLanguage`, `ReplyMalformed`) nothing more.
- `send` returns when the last byte was handed to the transport; where the printer cannot be asked, when it has
  arrived. It raises a `DriverError` whose `sent`
  counts the bytes that may have reached the printer. It never repeats a byte.
- `recall` may be called at any time, also while `send` is under way: a `send` that has let no byte go raises
  `Recalled`, and what a spooler in between holds is taken back.
- `discard_partial` touches nothing that arrived whole at the printer. Without it some printers draw the rest of
  a broken label into the next one, and a spooler in between prints a label later that nobody expects.
- Leaving the context closes the conversation in the way that loses nothing already sent, and waits a
  bounded time for the printer to close too. Cancellation closes at once.
- Where a spooler is in between, an observation after `send` says how far it is (`printer.Handover`); a conversation
  that ends by an exception takes back what the spooler still holds.
- No driver retries, keeps a connection open while idle, changes a saved setting, or starts a task.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from .printer import Observation, Spare, ask_all


class Session(Protocol):
    """One conversation with one printer."""

    async def observe(self, spare: Spare = ask_all, /, *, thorough: bool = False) -> Observation:
        """Ask who and how the printer is.

        Args:
            spare: questions that it need not be asked, for it does not answer them.
            thorough: ask for warnings too, which takes longer.
        """

    async def send(self, payload: bytes) -> None:
        """Hand over the bytes of a whole job, once."""

    async def discard_partial(self) -> None:
        """Make the printer forget a format that a broken conversation left unfinished."""

    async def recall(self) -> bool:
        """Keep the payload from the printer: True, nothing more of it goes there; False, it is too late for that."""


class Driver(Protocol):
    """A way to one printer."""

    @property
    def uri(self) -> str:
        """Where the printer is, e.g. `socket://192.0.2.7:9100`."""

    def connect(self) -> AbstractAsyncContextManager[Session]:
        """Open a conversation."""
