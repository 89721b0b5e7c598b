"""Once per parcel: which jobs are about the same label, and what becomes of a second one. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .events import LabelReady
from .job import Job, JobState, Reason, Role

_LABEL: frozenset[Role] = frozenset({"label"})
_CLAIMS: dict[str | None, frozenset[Role]] = {
    "SHIPPING_LABEL_AND_PACKING_SLIP": frozenset({"label", "slip"}),
    "PACKING_SLIP": frozenset({"slip"}),
    "HAZMAT_LABEL": frozenset({"hazmat"}),
    "INVOICE_LABEL": frozenset({"invoice"}),
}
#: what a page looks like, by its number; equal ones have the same dots and barcodes
Looks = Mapping[int, str]


def claims(source: LabelReady | Job) -> frozenset[Role]:
    """What a document is to its parcel; a part of one is what its pages are."""
    if isinstance(source, Job) and source.role is not None:
        return frozenset({source.role})
    return _CLAIMS.get(source.document_type, _LABEL)


def has_parcel(source: LabelReady | Job) -> bool:
    """Whether it is known which parcel a label belongs to."""
    return source.package_id is not None or source.tracking_number is not None


def same_parcel(one: LabelReady | Job, other: LabelReady | Job) -> bool:
    """Whether two labels have an equal tracking number, or an equal package id in a shop that may be the same."""
    if one.tracking_number is not None and one.tracking_number == other.tracking_number:
        return True
    if one.package_id is None or one.package_id != other.package_id:
        return False
    return None in (one.shop_id, other.shop_id) or one.shop_id == other.shop_id


def live(job: Job) -> bool:
    """Whether a job stands for its parcel's label: one that was canceled or cannot be printed does not."""
    return job.state not in (JobState.CANCELED, JobState.ABORTED)


def rivals(source: LabelReady | Job, jobs: Iterable[Job]) -> list[Job]:
    """Those of the jobs that are live and about the same document of the same parcel."""
    mine = claims(source)
    return [job for job in jobs if live(job) and mine & claims(job) and same_parcel(source, job)]


def on_paper(job: Job) -> bool:
    """Whether a job that is not under way has its label on paper, or may have."""
    return job.state is JobState.COMPLETED or job.reason == Reason.OUTCOME_UNKNOWN


def known_at_once(source: LabelReady, same: Collection[Job], *, routed: bool) -> Job | None:
    """The job that an event with the very same bytes is a duplicate of.

    Args:
        source: the event.
        same: its rivals with the same bytes.
        routed: a printer was found for it. One that waits for a printer then does not stand in its way.
    """
    if not same or not claims(source) <= frozenset().union(*map(claims, same)):
        return None
    if routed and any(job.reason == Reason.NO_DESTINATION for job in same):
        return None
    return min(same, key=lambda job: (job.part_of is not None, job.id))


@dataclass(frozen=True, slots=True)
class Duplicate:
    """It is the same label as another job's."""

    of: Job


@dataclass(frozen=True, slots=True)
class Rest:
    """Some of its pages are another job's, and only the others are to be printed."""

    of: Job
    pages: tuple[int, ...]
    role: Role


@dataclass(frozen=True, slots=True)
class Another:
    """It is another label, in the place of others: what has not printed is to be stopped, the rest is on paper."""

    stop: tuple[Job, ...]
    printed: tuple[Job, ...]


def compare(job: Job, looks: Looks, others: Sequence[tuple[Job, Looks]]) -> Duplicate | Rest | Another:
    """What a job is beside its rivals.

    Args:
        job: the later one.
        looks: of each of its pages with ink.
        others: the rivals, and the looks of the pages that each prints.
    """
    shared = [
        (other, {number for number, look in looks.items() if look in theirs.values()}) for other, theirs in others
    ]
    most = max(shared, key=lambda pair: (len(pair[1]), pair[0].part_of is None), default=None)
    known = set[int]().union(*(numbers for _, numbers in shared))
    # one that waits for a printer does not stand in the way of one that has it
    waits = job.printer is not None and any(other.reason == Reason.NO_DESTINATION for other, _ in others)
    if most is not None and known and not waits:
        if known == looks.keys():
            return Duplicate(most[0])
        missing = claims(job) - frozenset[Role]().union(*(claims(other) for other, _ in others))
        if len(missing) == 1:
            return Rest(most[0], tuple(number for number in looks if number not in known), next(iter(missing)))
    printed = tuple(other for other, _ in others if on_paper(other))
    return Another(tuple(other for other, _ in others if other not in printed), printed)
