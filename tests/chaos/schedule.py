"""What happens on the floor and when, all of it from one seed. Pure."""

import random
from dataclasses import dataclass
from enum import StrEnum

#: seconds in which everything is begun
SPAN = 8.0
PRINTERS = ("zebra-1", "zebra-2")
#: the printer that is reached through the proxy
FAR = "zebra-1"


class Kind(StrEnum):
    """What can happen to a floor."""

    DAEMON_KILL = "daemon kill -9"
    DAEMON_RESTART = "daemon SIGTERM"
    BROKER_RESTART = "broker SIGTERM"
    BROKER_KILL = "broker kill -9"
    POWER_CYCLE = "power cycle"
    PAPER_OUT = "media-empty"
    COVER_OPEN = "cover-open"
    RESET = "reset-after"
    CUT = "network cut"
    CUT_LATER = "network cut after bytes"
    STALL = "network stall"
    DELAY = "network delay"
    DISK_FULL = "disk full"
    DUPLICATE = "duplicate publish"
    CANCEL = "cancel"
    CLOCK_STEP = "clock step"
    #: another event brings the same label
    SAME_LABEL = "same label, other event"
    #: an event says that the order is canceled
    NOTICE = "order canceled"


_WEIGHTS = {
    Kind.DAEMON_KILL: 6,
    Kind.DAEMON_RESTART: 2,
    Kind.BROKER_RESTART: 3,
    Kind.BROKER_KILL: 3,
    Kind.POWER_CYCLE: 3,
    Kind.PAPER_OUT: 2,
    Kind.COVER_OPEN: 1,
    Kind.RESET: 3,
    Kind.CUT: 4,
    Kind.CUT_LATER: 3,
    Kind.STALL: 2,
    Kind.DELAY: 2,
    Kind.DISK_FULL: 2,
    Kind.DUPLICATE: 3,
    Kind.CANCEL: 3,
    Kind.CLOCK_STEP: 2,
}


@dataclass(frozen=True, slots=True)
class Publication:
    """A label event: when, its number, and what it says.

    `form` is `zpl`, `pdf` or `broken`; `useful` the seconds for which it is useful, None for ever.
    """

    at: float
    number: int
    form: str
    printer: str | None
    copies: int = 1
    useful: float | None = None

    def __str__(self) -> str:
        useful = "" if self.useful is None else f", useful for {self.useful:.0f} s"
        what = f"{self.copies} {self.form} for {self.printer or 'the group'}"
        return f"{self.at:5.2f} s  event {self.number}: {what}{useful}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that happens at `at` for `seconds`.

    `printer` where it concerns one, `amount` in bytes (resets, cuts), seconds (clock), or the number of an event
    (duplicate, cancel, the same label, an order canceled).
    """

    at: float
    kind: Kind
    seconds: float
    printer: str
    amount: int

    def __str__(self) -> str:
        return f"{self.at:5.2f} s  {self.kind}, {self.printer}, {self.seconds:.2f} s, {self.amount}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A run.

    Attributes:
        seed: what it was made from.
        publications: the events, in order.
        faults: what happens to them, in order.
        patient: the publisher repeats each event until labeld answers, as the manual asks; only then may the broker be
            killed. Otherwise it stops at the broker's acknowledgement, so that what labeld drops is seen.
        mute: the second printer answers no questions and has no counter.
    """

    seed: int
    publications: tuple[Publication, ...]
    faults: tuple[Fault, ...]
    patient: bool
    mute: bool

    def __str__(self) -> str:
        head = f"seed {self.seed}: publisher {'repeats' if self.patient else 'does not repeat'}"
        mute = [f"{PRINTERS[1]} is mute"] * self.mute
        return "\n".join([head, *mute, *map(str, self.publications), *map(str, self.faults)])


def schedule(seed: int) -> Schedule:
    """The run of a seed, the same every time."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    patient = rng.random() < 0.2
    mute = rng.random() < 0.2
    times = sorted(rng.uniform(0, 0.7 * SPAN) for _ in range(rng.randint(15, 30)))
    publications = tuple(_publication(rng, at, number) for number, at in enumerate(times))
    kinds = [kind for kind in _WEIGHTS if patient or kind is not Kind.BROKER_KILL]
    weights = [_WEIGHTS[kind] for kind in kinds]
    chosen = rng.choices(kinds, weights, k=rng.choice((rng.randint(4, 8), rng.randint(8, 20))))
    begins = sorted(_moment(rng, times) for _ in chosen)
    faults = tuple(_fault(rng, at, kind, publications) for at, kind in zip(begins, chosen, strict=True))
    return Schedule(seed, publications, (*faults, *_of_parcels(seed, publications)), patient, mute)


def _of_parcels(seed: int, publications: tuple[Publication, ...]) -> list[Fault]:
    """What other events say of the same parcels; drawn apart, so that a seed's other faults stay what they are."""
    rng = random.Random(-1 - seed)  # noqa: S311 - to be repeated
    return [
        Fault(one.at + rng.uniform(-0.5, 1.5), kind, 0.0, PRINTERS[0], one.number)
        for kind in (Kind.SAME_LABEL, Kind.NOTICE)
        for one in rng.sample(publications, rng.randint(0, 3))
    ]


def _moment(rng: random.Random, times: list[float]) -> float:
    """When a fault begins: anywhen, or soon after an event, where a job's steps are close together."""
    return rng.choice((rng.uniform(0.1, SPAN), rng.choice(times) + rng.uniform(0, 0.3)))


def _publication(rng: random.Random, at: float, number: int) -> Publication:
    form = rng.choices(("zpl", "pdf", "broken"), (6, 3, 0.5))[0]
    printer = rng.choice((None, None, None, *PRINTERS))
    return Publication(at, number, form, printer, rng.choice((1, 1, 1, 1, 2, 3)), rng.choice((None, None, None, 600.0)))


def _fault(rng: random.Random, at: float, kind: Kind, publications: tuple[Publication, ...]) -> Fault:
    seconds, printer, amount = rng.uniform(0.05, 1.5), rng.choice(PRINTERS), 0
    match kind:
        case Kind.RESET | Kind.CUT_LATER:
            amount = rng.choice((rng.randint(1, 300), rng.randint(300, 3000)))
        case Kind.CLOCK_STEP:
            amount = rng.choice((-1, 1)) * rng.choice((2, 90, 3600, 40 * 86400))
        case Kind.DUPLICATE | Kind.CANCEL:
            # of those that are on their way then, as far as a schedule can know
            begun = [one.number for one in publications if one.at < at][-4:] or [0]
            amount = rng.choice(begun)
        case Kind.STALL:
            seconds = rng.choice((seconds, rng.uniform(1.0, 5.0)))
    if kind in (Kind.CUT, Kind.CUT_LATER, Kind.STALL, Kind.DELAY):
        printer = FAR
    return Fault(at, kind, seconds, printer, amount)
