"""A web server on this machine that serves one content well or badly, as a test wants it."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler"], None]


class Mirror(ThreadingHTTPServer):
    """A server that answers by a list of behaviours; the last one serves for ever."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.behaviours: list[Behaviour] = [ranged]
        self.asked: list[tuple[str, int]] = []
        """The name and the first byte of every request, in order."""
        self.sent = 0
        """How many bytes of content were handed to the system."""
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/some/folder/"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        self.server.asked.append((self.name, self.begin))
        left = self.server.behaviours
        behave = left.pop(0) if len(left) > 1 else left[0]
        behave(self)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def begin(self) -> int:
        wanted = self.headers["Range"] or "bytes=0-"
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    @property
    def content(self) -> bytes:
        return self.server.files[self.name]

    def head(self, length: int | None, *, status: int = 200, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", more.pop("kind", "application/x-gzip"))
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def body(self, content: bytes, *, pause: float = 0.0, piece: int = 1 << 14) -> None:
        for start in range(0, len(content), piece):
            self.wfile.write(content[start : start + piece])
            self.server.sent += len(content[start : start + piece])
            if pause and self.server.over.wait(pause):
                return

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def whole(handler: Handler) -> None:
    """Send everything, whatever was asked for."""
    handler.head(len(handler.content))
    handler.body(handler.content)


def ranged(handler: Handler, *, pause: float = 0.0) -> None:
    """Send what was asked for."""
    content = handler.content[handler.begin :]
    if handler.begin and not content:
        handler.send_error(416)
    elif handler.begin:
        size = len(handler.content)
        span = f"bytes {handler.begin}-{size - 1}/{size}"
        handler.head(len(content), status=206, Content_Range=span)
    else:
        handler.head(len(content))
    handler.body(content, pause=pause)


def slowly(pause: float) -> Behaviour:
    """Send what was asked for, 16 KB at a time."""
    return lambda handler: ranged(handler, pause=pause)


def ending_after(count: int, behave: Behaviour = ranged) -> Behaviour:
    """Promise everything and hang up after `count` bytes."""

    def cut(handler: Handler) -> None:
        body = handler.body
        handler.body = lambda content, **_: body(content[:count])  # type: ignore[method-assign]
        behave(handler)

    return cut


def resetting_after(count: int) -> Behaviour:
    """Promise everything and reset the connection after `count` bytes."""

    def reset(handler: Handler) -> None:
        ending_after(count)(handler)
        handler.wfile.flush()
        time.sleep(0.1)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return reset


def stalling_after(count: int) -> Behaviour:
    """Promise everything and say nothing more after `count` bytes."""

    def stall(handler: Handler) -> None:
        ending_after(count)(handler)
        handler.server.over.wait(60)

    return stall


def silent(handler: Handler) -> None:
    """Never answer."""
    handler.server.over.wait(60)


def dripping_header(handler: Handler) -> None:
    """Send one header, byte by byte, for ever."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b"x")


def dripping(handler: Handler) -> None:
    """Send the content byte by byte."""
    handler.head(len(handler.content))
    handler.body(handler.content, pause=0.05, piece=1)


def endless(handler: Handler) -> None:
    """Send something else and never stop."""
    handler.head(None)
    while not handler.server.over.is_set():
        handler.body(bytes(1 << 14))


def going_on(handler: Handler) -> None:
    """Send the content and never stop."""
    handler.head(None)
    handler.body(handler.content)
    endless(handler)


def staying(handler: Handler) -> None:
    """Send the content, not its length, and keep the connection."""
    handler.head(None)
    handler.body(handler.content)
    handler.server.over.wait(60)


def wrong(handler: Handler) -> None:
    """Send other bytes, as many."""
    handler.head(len(handler.content))
    handler.body(bytes(len(handler.content)))


def wrong_rest(handler: Handler) -> None:
    """Go on with other bytes than began."""
    size = len(handler.content)
    if not handler.begin:
        return wrong(handler)
    span = f"bytes {handler.begin}-{size - 1}/{size}"
    handler.head(size - handler.begin, status=206, Content_Range=span)
    return handler.body(bytes(size - handler.begin))


def page(handler: Handler) -> None:
    """Answer as a captive portal does."""
    content = b"<!DOCTYPE html><title>Log in</title>"
    handler.head(len(content), kind="text/html; charset=utf-8")
    handler.body(content)


def disguised_page(handler: Handler) -> None:
    """Answer with a web page that is not called one, of no known length."""
    handler.head(None)
    handler.body(b"\n <html><title>Log in</title>")


def status(code: int) -> Behaviour:
    """Answer with an error."""
    return lambda handler: handler.send_error(code)


def redirecting(to: str) -> Behaviour:
    """Send elsewhere."""
    return lambda handler: handler.head(0, status=302, Location=to or handler.path)


def no_http(handler: Handler) -> None:
    """Answer in another language."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def elsewhere(handler: Handler) -> None:
    """Claim to go on, but somewhere else."""
    if not handler.begin:
        return whole(handler)
    handler.head(10, status=206, Content_Range=f"bytes 5-14/{len(handler.content)}")
    return handler.body(handler.content[5:15])


def beyond(handler: Handler) -> None:
    """Refuse every range."""
    if handler.begin:
        handler.send_error(416)
    else:
        whole(handler)


def another_length(length: int) -> Behaviour:
    """Offer a file of another length."""
    return lambda handler: handler.head(length)


@contextmanager
def serving(files: dict[str, bytes], *behaviours: Behaviour) -> Iterator[Mirror]:
    """Serve `files`, the first request by the first behaviour and so on."""
    mirror = Mirror(files)
    if behaviours:
        mirror.behaviours = list(behaviours)
    thread = threading.Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.over.set()
        mirror.shutdown()
        mirror.server_close()
        thread.join()
