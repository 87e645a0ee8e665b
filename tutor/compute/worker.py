"""The lesson worker: runs tasks for one UI, in a process that may be killed at any time.

One thread reads requests; the other computes, stepping through the running streams in turn, so
that a call is answered while a stream runs and a stream can be held, advanced or stopped between
two of its frames. It knows nothing of screens.
"""

from __future__ import annotations

import importlib
import os
import queue
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch

from tutor import catalog
from tutor.compute import device as devices
from tutor.compute.failures import failure
from tutor.compute.protocol import (
    Acknowledge,
    Advance,
    Call,
    Cancel,
    Cancelled,
    Finished,
    Pause,
    Progressed,
    ProtocolError,
    Ready,
    Unavailable,
    decode,
    encode,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from tutor.api import Frame
    from tutor.compute.protocol import Message


@dataclass(slots=True)
class Stream:
    """A running generator of frames."""

    frames: Iterator[Frame]
    """Where the next frame comes from."""
    interval: float
    """The least time between two frames sent, in seconds."""
    latest: Frame | None = None
    """The frame it is at."""
    shown: Frame | None = None
    """The frame that was last sent."""
    sent_at: float = 0.0
    """When a frame was last sent, on the monotonic clock."""
    taken: bool = True
    """Whether the frame last sent has been acknowledged."""
    paused: bool = False
    """Whether it is held."""


class Worker:
    """Answers the requests that come over a socket, one computation at a time."""

    def __init__(self, link: socket.socket, wanted_device: str) -> None:
        """Serve `link` with computations on the device asked for."""
        self._link = link
        self._wanted = wanted_device
        self._requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._streams: dict[int, Stream] = {}

    def run(self) -> None:
        """Answer requests until the link closes; return only if there is no device to use."""
        try:
            self._device = devices.choose(self._wanted)
        except devices.DeviceError as error:
            self._send(Unavailable("error.device", str(error)))
            return
        threads = devices.leave_a_core()
        threading.Thread(target=self._read, daemon=True).start()
        self._send(
            Ready(
                os.getpid(),
                self._device.type,
                devices.describe(self._device),
                torch.__version__,
                threads,
            )
        )
        while True:
            self._handle(self._arrived())
            for id_, stream in list(self._streams.items()):
                if not stream.paused and id_ in self._streams:
                    self._advance(id_, stream)

    def _read(self) -> None:
        """Queue requests as they come; end the process with the link, whatever it computes."""
        try:
            with self._link.makefile("rb") as lines:
                for line in lines:
                    try:
                        self._requests.put(decode(line))
                    except ProtocolError:
                        traceback.print_exc()
        finally:
            os._exit(0)  # also when the host's end was reset

    def _arrived(self) -> list[Message]:
        """Return the requests that wait; if nothing runs, wait for one."""
        arrived = []
        if all(stream.paused for stream in self._streams.values()):
            arrived.append(self._requests.get())
        return arrived + self._waiting()

    def _waiting(self) -> list[Message]:
        """Return the requests that are there already."""
        waiting = []
        while not self._requests.empty():
            waiting.append(self._requests.get())
        return waiting

    def _handle(self, requests: list[Message]) -> None:
        dropped = {request.id for request in requests if isinstance(request, Cancel)}
        for request in requests:
            match request:
                case Call(id=id_) if id_ in dropped:
                    pass
                case Call():
                    self._start(request)
                case Cancel(id=id_):
                    if stream := self._streams.pop(id_, None):
                        _close(stream)
                    self._send(Cancelled(id_))
                case Acknowledge(id=id_) if id_ in self._streams:
                    self._streams[id_].taken = True
                case Pause(id=id_, paused=paused) if id_ in self._streams:
                    self._pause(id_, self._streams[id_], paused=paused)
                case Advance(id=id_) if id_ in self._streams:
                    self._advance(id_, self._streams[id_], at_once=True)
                case _:
                    pass

    def _start(self, call: Call) -> None:
        """Answer a call, or add its stream to the running ones."""
        try:
            lesson, task = catalog.find_task(call.task)
            name = call.task.partition(".")[2]
            params = task.params(**call.params)
            compute = getattr(importlib.import_module(f"{lesson.package}.compute"), name)
            answer = compute(params, self._device)
            if task.streams:
                self._streams[call.id] = Stream(answer, 1 / call.frames_per_second)
            else:
                self._answer(call.id, Finished, answer)
        except Exception as error:  # noqa: BLE001 - whatever a lesson raises is its call's answer
            self._send(failure(call.id, error))

    def _advance(self, id_: int, stream: Stream, *, at_once: bool = False) -> None:
        """Let a stream make its next frame, and send it when one is due and wanted."""
        try:
            stream.latest = next(stream.frames)
        except StopIteration:
            del self._streams[id_]
            last = stream.latest
            self._answer(id_, Finished, last) if last else self._send(Cancelled(id_))
            return
        except Exception as error:  # noqa: BLE001 - as in `_start`
            del self._streams[id_]
            self._send(failure(id_, error))
            return
        if at_once:
            self._show(id_, stream)
            return
        self._handle(self._waiting())  # the last frame may have been taken meanwhile
        new = stream.latest is not stream.shown
        due = new and stream.taken and time.monotonic() - stream.sent_at >= stream.interval
        if due and id_ in self._streams:
            self._show(id_, stream)

    def _pause(self, id_: int, stream: Stream, *, paused: bool) -> None:
        """Hold a stream and show the frame it is at, or let it go on."""
        stream.paused = paused
        if paused and stream.latest is not stream.shown:
            self._show(id_, stream)

    def _show(self, id_: int, stream: Stream) -> None:
        """Send the frame that a stream is at."""
        if stream.latest is not None and self._answer(id_, Progressed, stream.latest):
            stream.sent_at, stream.taken = time.monotonic(), False
            stream.shown = stream.latest
        else:
            self._streams.pop(id_, None)

    def _answer(self, id_: int, kind: type[Progressed | Finished], frame: Frame) -> bool:
        """Send a frame, or the error that it cannot be sent; return whether it was sent."""
        try:
            self._send(kind(id_, _table(frame)))
        except Exception as error:  # noqa: BLE001 - a lesson's frame may hold anything
            self._send(failure(id_, error))
            return False
        return True

    def _send(self, message: Message) -> None:
        self._link.sendall(encode(message))


def _close(stream: Stream) -> None:
    close = getattr(stream.frames, "close", None)
    if close is not None:
        with suppress(Exception):  # nobody waits any more for what it raises
            close()


def _table(frame: Frame) -> dict[str, Any]:
    return {one.name: getattr(frame, one.name) for one in fields(frame)}  # type: ignore[arg-type]
