"""An answer of a web server, read in a thread of its own.

So the caller is never held up: not by a name that is not resolved, a server that says nothing or
one that sends a byte a minute; it decides itself how long to wait, and may stop at any time.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Self
from urllib import request

from tutor import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

CHUNK = 1 << 16
"""How many bytes are read at a time."""

AHEAD = 8
"""How many chunks are read ahead of the caller."""

PARTIAL = 206
"""The HTTP status of an answer that begins where it was asked to."""

HEADERS = {"User-Agent": f"tutor-tui/{__version__}", "Accept-Encoding": "identity"}
"""What every request says."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a server says before the content."""

    begins: int
    """The position in the file of the first byte that follows; -1 if the server says nonsense."""
    length: int | None
    """How many bytes follow; None: the server does not say."""
    kind: str
    """The media type, such as `text/html`."""


class Transfer:
    """The answer to one request; a context manager, and an iterator over what comes.

    It gives the `Head`, then bytes, and None whenever nothing has come for `beat` seconds; it
    ends where the answer ends and raises what the connection raised.
    """

    def __init__(self, url: str, offset: int, size: int, timeout: float, beat: float) -> None:
        """Ask for the file at `url` from the byte at `offset` on.

        Args:
            url: An address of HTTP or HTTPS; proxies are used as the environment says.
            offset: How many bytes are there already.
            size: How many bytes the file has; nothing beyond them is read.
            timeout: The seconds of silence after which the connection is given up.
            beat: The seconds of silence after which the iterator gives None.
        """
        self._beat = beat
        self._given_up = Event()
        self._answers: queue.Queue[Head | bytes | Exception] = queue.Queue(AHEAD)
        work = (url, offset, size, timeout)
        self._thread = Thread(target=self._run, args=work, name="download", daemon=True)

    def __enter__(self) -> Self:
        """Send the request."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let the connection go; the thread ends by itself when its server next says something."""
        self._given_up.set()

    def __iter__(self) -> Iterator[Head | bytes | None]:
        """Give what comes, as it comes."""
        while True:
            try:
                answer = self._answers.get(timeout=self._beat)
            except queue.Empty:
                yield None
                continue
            if isinstance(answer, Exception):
                raise answer
            if answer == b"":
                return
            yield answer

    def _run(self, url: str, offset: int, size: int, timeout: float) -> None:
        try:
            ask = request.Request(url, headers=HEADERS)  # noqa: S310 - the opener knows HTTP only
            if offset:
                ask.add_header("Range", f"bytes={offset}-")
            with _opener().open(ask, timeout=timeout) as response:
                head = _head(response)
                self._give(head)
                left = size - max(head.begins, 0)
                while left > 0 and (chunk := response.read1(min(CHUNK, left))):
                    left -= len(chunk)
                    if not self._give(chunk):
                        return
            self._give(b"")
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told
            self._give(error)

    def _give(self, answer: Head | bytes | Exception) -> bool:
        """Hand something over; tell whether anyone still wants it."""
        while not self._given_up.is_set():
            try:
                self._answers.put(answer, timeout=self._beat)
            except queue.Full:
                continue
            return True
        return False


def _opener() -> request.OpenerDirector:
    """Return what opens addresses: without files, FTP and `data:`, to which others may redirect."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _head(response: HTTPResponse) -> Head:
    begins = 0
    if response.status == PARTIAL:
        # "bytes 1000-1999/2000"
        first = (response.headers["Content-Range"] or "").removeprefix("bytes ").partition("-")[0]
        begins = int(first) if first.isascii() and first.isdecimal() else -1
    return Head(begins, response.length, response.headers.get_content_type())
