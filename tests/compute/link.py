"""One end of a socket to a worker or a host, to talk to it without a client."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from support import PATIENCE, below

from tutor.compute.protocol import Call, Cancelled, Failed, Finished, Message, decode, encode

HOST = [sys.executable, "-P", "-m", "tutor.compute.host", "--device", "cpu"]


class Link:
    """Sends requests and receives answers; waits for none of them for ever."""

    def __init__(
        self, ours: socket.socket, process: subprocess.Popen[bytes], patience: float
    ) -> None:
        ours.settimeout(patience)
        self.socket = ours
        self.process = process
        self.ids = iter(range(1, 10**9))
        self._lines = ours.makefile("rb")

    def send(self, *messages: Message | bytes) -> None:
        """Send messages, or what is none, at one go."""
        lines = (one if isinstance(one, bytes) else encode(one) for one in messages)
        self.socket.sendall(b"".join(lines))

    def receive(self) -> Message:
        """Return what comes next."""
        line = self._lines.readline()
        assert line, "the link is closed"
        return decode(line)

    def receive_until(self, *kinds: type[Any]) -> list[Any]:
        """Return what comes up to the first message of one of these kinds."""
        received = [self.receive()]
        while not isinstance(received[-1], kinds):
            received.append(self.receive())
        return received

    def call(self, task: str, frames_per_second: float = 10.0, /, **params: Any) -> int:
        """Call a task and return the call's number."""
        id_ = next(self.ids)
        self.send(Call(id_, task, params, frames_per_second))
        return id_

    def answer(self, id_: int) -> Any:
        """Return the last answer to a call; answers to other calls are passed over."""
        while True:
            answer = self.receive()
            if isinstance(answer, Finished | Failed | Cancelled) and answer.id == id_:
                return answer

    def is_sound(self) -> bool:
        """Tell whether the next call is answered rightly."""
        answer = self.answer(self.call("bayes.posterior", prior=0.1, false_alarm=0.1))
        return isinstance(answer, Finished) and abs(answer.frame["posterior"] - 0.523810) < 1e-6


@contextmanager
def linked(
    *,
    worker: bool = False,
    folder: Path | None = None,
    log: int | None = None,
    patience: float = PATIENCE,
) -> Iterator[Link]:
    """Start a host, or a worker alone, at the other end of a link; nothing may be left of it."""
    ours, theirs = socket.socketpair()
    command = HOST + (["--worker", str(theirs.fileno())] if worker else [])
    end = subprocess.DEVNULL if worker else theirs.fileno()
    with theirs:
        process = subprocess.Popen(
            command,
            stdin=end,
            stdout=end,
            stderr=subprocess.DEVNULL if log is None else log,
            pass_fds=[theirs.fileno()] if worker else [],
            cwd=folder,
            env=os.environ,
        )
    try:
        yield Link(ours, process, patience)
        started = {process.pid, *below(process.pid)} if process.poll() is None else set()
        ours.shutdown(socket.SHUT_WR)
        process.wait(PATIENCE)
        _, alive = psutil.wait_procs([psutil.Process(pid) for pid in started if exists(pid)], 5)
        assert not alive
    finally:
        ours.close()
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def exists(pid: int) -> bool:
    """Tell whether there is such a process."""
    return psutil.pid_exists(pid)
