"""What a learner has done so far: where they are, what they answered, what they visited.

Everything is an event; the rest is concluded from the events, in one pass at the first question
and then event by event. Two tutors may write to one file; each sees the other's events when it
opens the file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, Self

from tutor import locations
from tutor.event_file import Event
from tutor.event_store import EventStore

if TYPE_CHECKING:
    from pathlib import Path

    from tutor.errors import TutorError

Kind = Literal["step", "answer", "tick"]
"""A step was reached, an activity answered, a guided task ticked off."""

TICK = timedelta(microseconds=1)
"""The least time between two events of one process."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a learner is in a lesson."""

    step: str
    """The step's id."""
    lab: str
    """The state of the lab as `view?name=value`, or empty."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an activity."""

    answer: Any
    """The latest answer: an index, a number or a text; None for a guided task."""
    right: bool
    """Whether it was ever right."""
    tries: int
    """How often it was answered."""
    mistake: str
    """The known mistake behind the latest answer, or empty."""
    latest: bool
    """Whether the latest answer was right."""


NEVER = Answered(answer=None, right=False, tries=0, mistake="", latest=False)
"""An activity before its first answer."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A lesson's progress in numbers."""

    last_at: datetime
    """When anything was last done in the lesson, in UTC."""
    answered: int
    """How many activities have been answered."""
    right: int
    """How many of them were ever right."""
    steps_visited: int
    """How many steps have been reached."""


@dataclass(slots=True)
class _Record:
    """What the events so far say of one lesson."""

    last_at: str = ""
    position: Position | None = None
    visited: set[str] = field(default_factory=set)
    answers: dict[str, Answered] = field(default_factory=dict)

    def summary(self) -> Summary:
        return Summary(
            last_at=_moment(self.last_at),
            answered=len(self.answers),
            right=sum(answered.right for answered in self.answers.values()),
            steps_visited=len(self.visited),
        )

    def add(self, event: Event) -> None:
        data = _object(event.data)
        self.last_at = max(self.last_at, event.at)
        if event.kind == "step":
            self.visited.add(event.step)
            self.position = Position(event.step, str(data.get("lab") or ""))
        elif event.kind in ("answer", "tick"):
            before = self.answers.get(event.activity, NEVER)
            latest = event.kind == "tick" or bool(data.get("right"))
            self.answers[event.activity] = Answered(
                answer=data.get("answer"),
                right=before.right or latest,
                tries=before.tries + 1,
                mistake=str(data.get("mistake") or ""),
                latest=latest,
            )


class Progress:
    """A learner's progress in all lessons; no method raises an error for want of a file.

    Any thread may call any method: `record` takes as long as the disk does.
    """

    def __init__(self, store: EventStore) -> None:
        """Conclude the progress from the events in `store`."""
        self._store = store
        self._lock = RLock()
        self._records: dict[str, _Record] = {}
        self._readings = -1
        self._last = datetime.min.replace(tzinfo=UTC)

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Return the progress kept at `path` or in the usual file, opened when first needed."""
        return cls(EventStore(path or locations.progress_file()))

    @property
    def unsaved(self) -> TutorError | None:
        """Why something that was recorded is not on disk, or could not be; None if all is."""
        self._current()
        return self._store.unsaved

    @property
    def notice(self) -> TutorError | None:
        """What the learner is to be told about a file that was damaged or missing."""
        self._current()
        return self._store.notice

    def record(
        self, lesson: str, kind: Kind, step: str = "", activity: str = "", **data: object
    ) -> None:
        """Keep what the learner did; it is on disk when this returns, unless `unsaved` says not.

        Args:
            lesson: The lesson's id.
            kind: "step", "answer" or "tick".
            step: The step's id.
            activity: The activity's id, for an answer or a tick.
            data: Values that JSON has. For a step `lab`, the lab's state as a share string; for
                an answer `answer`, `right` and, if one was recognised, `mistake`.
        """
        with self._lock:
            self._current()
            self._last = max(datetime.now(UTC), self._last + TICK)
            at = self._last.isoformat(timespec="microseconds")
            event = Event(at, lesson, step, activity, kind, json.dumps(data))
            self._conclude(event)
            self._store.append(event)

    def position(self, lesson: str) -> Position | None:
        """Return where the learner was last in a lesson, None if never there."""
        with self._lock:
            return self._record(lesson).position

    def answers(self, lesson: str) -> dict[str, Answered]:
        """Return what became of each activity answered or ticked in a lesson, in first order."""
        with self._lock:
            return dict(self._record(lesson).answers)

    def visited(self, lesson: str) -> set[str]:
        """Return the ids of the steps reached in a lesson."""
        with self._lock:
            return set(self._record(lesson).visited)

    def lessons(self) -> dict[str, Summary]:
        """Return the progress of every lesson that was ever begun, in the order of beginning."""
        with self._lock:
            return {lesson: record.summary() for lesson, record in self._current().items()}

    def close(self) -> None:
        """Write what is not written and close the file."""
        with self._lock:
            self._store.close()

    def _record(self, lesson: str) -> _Record:
        return self._current().get(lesson) or _Record()

    def _current(self) -> dict[str, _Record]:
        """Return the records, concluded anew if the file was opened anew."""
        with self._lock:
            if self._readings != self._store.readings:
                events = self._store.events()
                self._readings = self._store.readings
                self._records = {}
                for event in events:
                    self._conclude(event)
            return self._records

    def _conclude(self, event: Event) -> None:
        self._records.setdefault(event.lesson, _Record()).add(event)


def _object(text: str) -> dict[str, Any]:
    """Read a JSON object; what is none, as after damage that SQLite does not see, is empty."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
