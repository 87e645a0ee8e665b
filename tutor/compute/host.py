"""The compute host: imports torch once, then forks workers and passes lines between them and a UI.

It also starts training runs, which outlive it. It computes nothing, never touches CUDA and starts
no thread, so that a child forked from it is sound and ready in milliseconds. It lives as long as
its standard input.
"""

from __future__ import annotations

import argparse
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import NoReturn

from tutor.compute import processes
from tutor.compute.launcher import Launcher, Launching
from tutor.compute.protocol import (
    VERSION,
    Failed,
    Hello,
    Launch,
    Lost,
    Message,
    Prepare,
    ProtocolError,
    Relaunch,
    Restart,
    Steer,
    Steered,
    Unavailable,
    decode,
    encode,
)
from tutor.errors import brief

CHUNK = 2**18
"""How many bytes are read at a time."""

MODULE = "tutor.compute.host"
"""What `python -m` runs to be a host, or with `--worker` a worker."""

NO_DEVICE = 69
"""The exit code of a worker that has said why it cannot serve; EX_UNAVAILABLE of sysexits."""

MOST_FAILED_STARTS = 3
"""After how many workers in a row that die before they are ready the host gives up."""


class Host:
    """Passes lines between one UI and one worker, and replaces the worker when it dies."""

    def __init__(self, answers: int, device: str, *, spawn: bool) -> None:
        """Answer on the file descriptor `answers`; start workers anew if `spawn`, else fork."""
        self._answers = answers
        self._device = device
        self._spawn = spawn
        self._launcher = Launcher(spawn=spawn)
        self._selector = selectors.DefaultSelector()
        self._requests = b""
        self._failed_starts = 0
        self._asked = False
        self._death = -1

    def run(self) -> None:
        """Serve until standard input ends."""
        self._selector.register(0, selectors.EVENT_READ)
        self._start_worker()
        while True:
            for key, _ in self._selector.select():
                if key.fd == 0:
                    if not self._from_ui():
                        self._end_worker(signal.SIGKILL)
                        os.waitpid(self._pid, 0)
                        self._launcher.close()
                        return
                elif isinstance(key.data, Launching):
                    self._selector.unregister(key.fd)
                    self._write(key.data.answer())
                elif key.data != self._pid:
                    continue  # of a worker that has been replaced meanwhile
                elif key.fd == self._death:
                    self._last_words()
                else:
                    self._from_worker()

    def _start_worker(self) -> None:
        self._link, theirs = socket.socketpair()
        self._pid = self._spawned(theirs) if self._spawn else self._forked(theirs)
        theirs.close()
        self._ready = self._asked = False
        self._answer = b""
        self._selector.register(self._link, selectors.EVENT_READ, self._pid)
        if hasattr(os, "pidfd_open"):  # what the worker has started may keep its link open
            self._death = os.pidfd_open(self._pid)
            self._selector.register(self._death, selectors.EVENT_READ, self._pid)

    def _forked(self, theirs: socket.socket) -> int:
        pid = os.fork()
        if pid == 0:
            processes.keep_only(theirs.fileno())
            run_worker(theirs, self._device)
        return pid

    def _spawned(self, theirs: socket.socket) -> int:
        theirs.set_inheritable(True)
        command = [sys.executable, "-P", "-m", MODULE, "--device", self._device]
        return os.posix_spawn(
            sys.executable,
            [*command, "--worker", str(theirs.fileno())],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
        )

    def _from_ui(self) -> bool:
        """Pass on what the UI asks; return False at the end of its input."""
        chunk = os.read(0, CHUNK)
        *lines, self._requests = (self._requests + chunk).split(b"\n")
        for line in lines:
            try:
                request = decode(line)
            except ProtocolError as error:
                print(f"refused a line of the UI: {error}", file=sys.stderr)  # noqa: T201
                continue
            match request:
                case Restart():
                    self._end_worker(signal.SIGKILL)
                case Prepare():
                    self._launcher.prepare()
                case Launch() | Relaunch():
                    self._launch(request)
                case Steer():
                    self._steer(request)
                case _:
                    self._to_worker(line + b"\n")
        return bool(chunk)

    def _launch(self, wish: Launch | Relaunch) -> None:
        """Start the process of a run; it is passed on what that says once it says it."""
        try:
            launching = self._launcher.launch(wish)
        except OSError as error:
            told = {"told": brief(error)}
            self._tell(Failed(wish.id, "unknown", "error.training.process", told))
        else:
            self._selector.register(launching.file, selectors.EVENT_READ, launching)

    def _steer(self, request: Steer) -> None:
        """Write down a command to a run."""
        from tutor.compute.failures import failure  # noqa: PLC0415 - with torch
        from tutor.compute.steering import steer  # noqa: PLC0415 - with numpy

        try:
            steer(request.run, request.do, request.value)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            self._tell(failure(request.id, error))
        else:
            self._tell(Steered(request.id))

    def _to_worker(self, line: bytes) -> None:
        with suppress(OSError):  # if it has died, `_from_worker` reads the end of the link
            self._link.sendall(line)

    def _from_worker(self) -> None:
        """Pass on what the worker answers; at the end of the link, replace it."""
        try:
            chunk = self._link.recv(CHUNK)
        except OSError:
            chunk = b""
        if not chunk:
            self._replace_worker()
            return
        self._ready = True
        lines, newline, rest = chunk.rpartition(b"\n")
        if newline:
            self._write(self._answer + lines + newline)
            self._answer = rest
        else:
            self._answer += chunk

    def _last_words(self) -> None:
        """Pass on what a worker that has died still answered, then replace it."""
        pid = self._pid
        self._link.settimeout(0)
        while self._pid == pid:
            self._from_worker()

    def _replace_worker(self) -> None:
        self._selector.unregister(self._link)
        self._link.close()
        if self._death >= 0:
            self._selector.unregister(self._death)
            os.close(self._death)
            self._death = -1
        _, status = os.waitpid(self._pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == NO_DEVICE:
            sys.exit(1)  # it has said so
        self._tell(Lost(self._pid, max(0, -code), max(0, code), self._asked))
        self._failed_starts = 0 if self._ready else self._failed_starts + 1
        if self._failed_starts == MOST_FAILED_STARTS:
            self._tell(Unavailable("error.worker_start", f"{max(0, -code)}/{max(0, code)}"))
            sys.exit(1)
        self._start_worker()

    def _end_worker(self, how: signal.Signals) -> None:
        self._asked = True
        os.kill(self._pid, how)

    def _tell(self, message: Message) -> None:
        self._write(encode(message))

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._answers, data) :]


def run_worker(link: socket.socket, device: str) -> NoReturn:
    """Be a worker on `link` until it closes."""
    from tutor.compute.worker import Worker  # noqa: PLC0415 - after the fork, in the child

    code = 1
    try:
        processes.die_with_parent()
        Worker(link, device).run()
        code = NO_DEVICE
    except BaseException:  # noqa: BLE001 - nothing may unwind into the host's frames
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Serve the UI at the other end of standard input and output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="auto")
    parser.add_argument("--spawn", action="store_true", default=sys.platform == "darwin")
    parser.add_argument("--worker", type=int, default=None)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if options.worker is not None:
        run_worker(socket.socket(fileno=options.worker), options.device)
    answers = os.dup(1)
    os.dup2(2, 1)
    host = Host(answers, options.device, spawn=options.spawn)
    os.write(answers, encode(Hello(VERSION, os.getpid())))
    try:
        import numpy as np  # noqa: F401, PLC0415 - imported once here, for every child
        import torch  # noqa: F401, PLC0415
    except BaseException as error:  # noqa: BLE001 - a broken torch may raise anything
        missing = isinstance(error, ModuleNotFoundError) and error.name in ("numpy", "torch")
        key = "error.torch.missing" if missing else "error.torch.broken"
        detail = brief(error)
        os.write(answers, encode(Unavailable(key, detail)))
        sys.exit(1)
    host.run()


if __name__ == "__main__":
    main()
