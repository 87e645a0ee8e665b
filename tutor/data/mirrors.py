"""Asking mirrors for a file, one after the other, and taking only what can be that file."""

from __future__ import annotations

import time
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tutor.data.download import Progress
from tutor.data.refusal import RefusalError, unanswered
from tutor.data.transfer import Head, Transfer
from tutor.errors import TutorError
from tutor.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tutor.data.download import Patience, RemoteFile
    from tutor.data.part import Part

BEYOND = 416
"""The HTTP status that says that the file ends before it is asked to begin."""

PAGES = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<script")
"""How a web page begins, in lower case."""

BEAT = 0.2
"""How many seconds pass at most between two reports."""

OFTEN = 0.1
"""How many seconds pass at least between two reports of one answer."""


class Download:
    """A file on its way."""

    def __init__(
        self,
        file: RemoteFile,
        part: Part,
        report: Callable[[Progress], None],
        patience: Patience,
    ) -> None:
        self._file = file
        self._part = part
        self._report = report
        self._patience = patience
        self._reported = 0.0

    def from_any(self, sources: Sequence[str]) -> None:
        """Complete the part from the first mirror that can; leave what has come if none can.

        Raises:
            TutorError: if none can, with the reason of each.
        """
        reasons: dict[str, list[str]] = {}
        for source in sources:
            try:
                self._from(source)
            except RefusalError as refusal:
                reasons.setdefault(str(refusal), []).append(_host(source))
            else:
                return
        told = " ".join(f"{', '.join(hosts)}: {reason}" for reason, hosts in reasons.items())
        raise TutorError("error.data.download", file=self._file.name, reasons=told)

    def _from(self, source: str) -> None:
        """Complete the part from one mirror, asked again while that helps."""
        tries = self._patience.tries
        for last in [False] * (tries - 1) + [True]:
            try:
                self._ask(source)
            except RefusalError as refusal:
                if last or not refusal.again:
                    raise
            else:
                return
            time.sleep(self._patience.pause)

    def _ask(self, source: str) -> None:
        """Complete the part by one request."""
        if self._part.size >= self._file.size:
            self._part.empty()
        url = f"{source.rstrip('/')}/{self._file.name}"
        timeout = self._patience.connect + 2 * self._patience.stall  # we give up before it does
        self._tell(source, now=True)
        with Transfer(url, self._part.size, self._file.size, timeout, BEAT) as transfer:
            answers = iter(transfer)
            head = self._head(answers, source)
            self._accept(head)
            self._receive(answers, source)
        self._tell(source, now=True)
        if not self._part.has(self._file.size, self._file.sha256):
            self._part.empty()
            raise RefusalError("different", again=head.begins > 0)

    def _head(self, answers: Iterator[Head | bytes | None], source: str) -> Head:
        """Wait for the beginning of the answer."""
        end = time.monotonic() + self._patience.connect
        while time.monotonic() < end:
            try:
                answer = next(answers)
            except Exception as error:
                refusal = unanswered(error)
                if refusal.values.get("code") == BEYOND and self._part.size:
                    self._part.empty()
                    refusal.again = True
                raise refusal from error
            if isinstance(answer, Head):
                return answer
            self._tell(source)
        raise RefusalError("silent")

    def _accept(self, head: Head) -> None:
        """Refuse an answer that cannot be the file; begin anew if it begins elsewhere."""
        if head.kind == "text/html":
            raise RefusalError("page")
        if head.begins not in (0, self._part.size):
            self._part.empty()
            raise RefusalError("range", again=True)
        expected = self._file.size - head.begins
        if head.length is not None and head.length != expected:
            raise RefusalError("size", found=head.length, expected=expected)
        if head.begins == 0:
            self._part.empty()

    def _receive(self, answers: Iterator[Head | bytes | None], source: str) -> None:
        """Add what comes to the part, until it is as long as the file."""
        before = self._part.size
        due, came = time.monotonic() + self._patience.stall, 0
        for chunk in _until_broken(answers):
            if chunk:
                self._add(chunk)
                came += len(chunk)
            if time.monotonic() > due:
                if came < self._patience.least:
                    raise RefusalError("slow", again=self._part.size > before)
                due, came = time.monotonic() + self._patience.stall, 0
            self._tell(source)
        received = self._part.size
        if received < self._file.size:
            again = received > before
            raise RefusalError("cut", again=again, received=received, size=self._file.size)

    def _add(self, chunk: bytes) -> None:
        if self._part.size == 0 and chunk.lstrip().lower().startswith(PAGES):
            raise RefusalError("page")
        self._part.append(chunk)

    def _tell(self, source: str, *, now: bool = False) -> None:
        """Report, though not more often than people can see."""
        if now or time.monotonic() - self._reported >= OFTEN:
            self._reported = time.monotonic()
            received = self._part.size
            self._report(Progress(self._file.name, _host(source), received, self._file.size))


def _until_broken(answers: Iterator[Head | bytes | None]) -> Iterator[bytes | None]:
    """Give the bytes that come; a connection that breaks is an answer that ends."""
    try:
        for answer in answers:
            if not isinstance(answer, Head):
                yield answer
    except (OSError, HTTPException):
        return


def _host(source: str) -> str:
    return one_line(urlsplit(source).netloc.rpartition("@")[2])
