"""Was every label printed once, or was somebody told? From paper and from what labeld says in public. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from labeld.daemon.job import TRANSITIONS, JobState

from .labels import AGAIN, Sheet

#: nothing more happens to a job in these without a person
AT_REST = {"completed", "canceled", "aborted", "pending-held"}


@dataclass(frozen=True, slots=True)
class Event:
    """What was published and must be a job: its `event_id`, the copies that it wants, and whether it was canceled."""

    event_id: str
    copies: int = 1
    #: another event said that its order is canceled
    canceled: bool = False

    def may_be(self, outcome: str | None) -> range:
        """How many labels may lie there when labeld says this of them; None: it says that nothing was sent."""
        match outcome:
            case "confirmed":
                return range(self.copies, self.copies + 1)
            case "unknown":
                return range(self.copies + 1)
        return range(1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the judge may look at.

    Attributes:
        events: each event by its tracking number, of those that the broker acknowledged.
        refused: tracking numbers of events that labeld must reject, with the digest that it names.
        jobs: what the API shows, after all is settled.
        messages: what labeld published, in the order in which it came.
        paper: every sheet that came out.
        whole: no message can have been lost by the broker.
    """

    events: Mapping[str, Event]
    refused: Mapping[str, str]
    jobs: tuple[Mapping[str, Any], ...]
    messages: tuple[tuple[str, bytes], ...]
    paper: tuple[Sheet, ...]
    whole: bool


@dataclass(slots=True)
class Verdict:
    """The figures of a run, and what was wrong with it."""

    events: int = 0
    paper: int = 0
    confirmed: int = 0
    uncounted: int = 0
    held: int = 0
    cancelled: int = 0
    rejected: int = 0
    lost: int = 0
    doubled: int = 0
    wrongs: list[str] = field(default_factory=list)


def judge(seen: Evidence) -> Verdict:
    """Judge a run."""
    found = Verdict(events=len(seen.events) + len(seen.refused), paper=len(seen.paper))
    copies = Counter(text for sheet in seen.paper for text in sheet.texts)
    _spoiled(seen, found)
    said = {json.loads(payload).get("digest") for _, payload in seen.messages}
    for text, digest in seen.refused.items():
        if digest in said or not seen.whole:
            found.rejected += 1
        else:
            found.lost += 1
            found.wrongs.append(f"lost: the broken event of {text} was never answered")
        if copies[text]:
            found.wrongs.append(f"{text} is on paper, of an event without a label")
    of: dict[str, list[Mapping[str, Any]]] = {}
    for job in seen.jobs:
        of.setdefault(job["event_id"].removesuffix(AGAIN), []).append(job)
    for text, event in seen.events.items():
        _event(found, text, event, _one_of(of.get(event.event_id, [])), copies[text])
        if event.canceled and seen.whole and any(map(still_wanted, of.get(event.event_id, []))):
            found.wrongs.append(f"untold: the order of {text} was canceled, and nothing says so")
    for topic, said_of in _by_topic(seen.messages):
        found.wrongs += _order(topic, said_of, seen)
    if seen.whole:
        found.wrongs += _last_words(seen)
    return found


def still_wanted(job: Mapping[str, Any]) -> bool:
    """Whether nothing says of a job that its label is void."""
    return job["state"] not in ("canceled", "aborted") and not job["withdrawn"]


def _one_of(jobs: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The job that speaks for a label that came with two events: not the canceled one, where the other is not."""
    if len({job["event_id"] for job in jobs}) < len(jobs):
        return jobs
    return [job for job in jobs if job["state"] != "canceled"] or jobs[:1]


def _spoiled(seen: Evidence, found: Verdict) -> None:
    for sheet in seen.paper:
        if len(sheet.texts) != 1 or sheet.texts[0] not in {*seen.events, *seen.refused}:
            found.wrongs.append(f"spoiled: sheet {sheet.odometer} of {sheet.printer} says {sheet.texts}")


def _event(found: Verdict, text: str, event: Event, jobs: list[Mapping[str, Any]], copies: int) -> None:
    if copies > event.copies:
        found.doubled += 1
        found.wrongs.append(f"doubled: {text} is on paper {copies} times, not {event.copies}")
    if len(jobs) != 1:
        found.lost += not jobs and not copies
        found.wrongs.append(f"{'lost' if not jobs else 'split'}: the event of {text} has {len(jobs)} jobs")
        return
    (job,) = jobs
    state, outcome = job["state"], job["outcome"]
    told = f"{text} is {state} ({job['reason']}), outcome {outcome}: {job['message']}"
    if state not in AT_REST:
        found.lost += not copies
        found.wrongs.append(f"stuck: {told}")
        return
    found.held += state == "pending-held"
    found.cancelled += state == "canceled"
    found.rejected += state == "aborted"
    found.confirmed += outcome == "confirmed"
    found.uncounted += state == "completed" and outcome == "unknown"
    if copies not in event.may_be(outcome):
        found.lost += copies < event.copies and outcome == "confirmed"
        found.wrongs.append(f"{'untold' if copies else 'lost'}: {told}; on paper {copies} times")


def _by_topic(messages: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """What was said of each job, without repeats: a message may come twice, and is byte for byte the same then."""
    topics: dict[str, dict[bytes, None]] = {}
    for topic, payload in messages:
        if "/jobs/" in topic:
            topics.setdefault(topic, {}).setdefault(payload)
    for topic, payloads in topics.items():
        yield topic, [json.loads(payload) for payload in payloads]


def _order(topic: str, said: list[dict[str, Any]], seen: Evidence) -> Iterable[str]:
    """A job's states follow the table of docs/mqtt.md, and its times do not go back."""
    for old, new in pairwise(said):
        before, after = JobState(old["state"]), JobState(new["state"])
        allowed = TRANSITIONS[before] if seen.whole else _reachable(before)
        if after is not before and after not in allowed:
            yield f"order: {topic} went from {before} to {after}"
        if new["at"] < old["at"]:
            yield f"order: {topic} went back from {old['at']} to {new['at']}"


def _reachable(state: JobState) -> set[JobState]:
    found: set[JobState] = set()
    todo = {state}
    while todo:
        new = TRANSITIONS[todo.pop()] - found
        found |= new
        todo |= new
    return found


def _last_words(seen: Evidence) -> Iterable[str]:
    """The last thing said of a job is what the page shows."""
    last = {said[-1]["job_id"]: said[-1] for _, said in _by_topic(seen.messages)}
    for job in seen.jobs:
        words = last.get(job["id"])
        if words is None or (words["state"], words["outcome"]) != (job["state"], job["outcome"]):
            yield f"unsaid: job {job['id']} is {job['state']}, and the last that was published is {words}"
