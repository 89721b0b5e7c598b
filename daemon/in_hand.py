"""Which jobs labeld has in hand, in a file that outlives it, so that none kills it again and again for ever."""

import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

#: a file that is larger is none of ours
_MOST_BYTES = 1 << 20


class InHand:
    """Counts how often labeld died with a job in hand.

    The file is written without waiting for the disk: what it has to outlive is the process, and the kernel keeps it.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hand: set[str] = set()
        #: of jobs that were not done with since
        self._deaths: dict[str, int] = {}
        self._deadly: frozenset[str] = frozenset()

    def load(self, limit: int) -> frozenset[str]:
        """Learn what was in hand when labeld died; gives the jobs that were in hand at `limit` deaths."""
        hand, self._deaths = self._read()
        for job_id in hand:
            self._deaths[job_id] = self._deaths.get(job_id, 0) + 1
        self._deadly = frozenset(job_id for job_id, deaths in self._deaths.items() if deaths >= limit)
        # whoever releases one gives it as many tries again
        for job_id in self._deadly:
            del self._deaths[job_id]
        self._write()
        return self._deadly

    def deadly(self, job_id: str) -> bool:
        """Whether labeld died at this job too often before it started this time."""
        return job_id in self._deadly

    def suspect(self, job_id: str) -> bool:
        """Whether labeld died when it had this job in hand last."""
        return job_id in self._deaths

    @contextlib.contextmanager
    def holding(self, job_id: str) -> Iterator[None]:
        """The job is in hand within this context."""
        self._hand.add(job_id)
        self._write()
        try:
            yield
        finally:
            self._hand.discard(job_id)
            self._deaths.pop(job_id, None)
            self._write()

    def _read(self) -> tuple[list[str], dict[str, int]]:
        try:
            with self._path.open("rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
            return list(map(str, found["hand"])), {str(key): int(value) for key, value in found["deaths"].items()}
        except FileNotFoundError:
            return [], {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.warning("%s is not understood, and begun anew: %s", self._path, error)
            return [], {}

    def _write(self) -> None:
        try:
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps({"hand": sorted(self._hand), "deaths": self._deaths}))
            fresh.replace(self._path)
        except OSError as error:
            log.warning("%s: %s", self._path, error.strerror)
