"""Starts the processes of training runs for the host.

Training needs modules that take seconds to load, on top of torch. Where processes are forked, the
launcher therefore keeps a nursery: a child of the host that has loaded them and forks itself for
each run. Where they are spawned, each run loads everything anew.
"""

from __future__ import annotations

import os
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from tutor.compute import processes
from tutor.compute.protocol import Failed, Launch, Relaunch, decode, encode
from tutor.compute.run_process import MODULE, be_detached

if TYPE_CHECKING:
    from tutor.compute.run_process import Wish

LONGEST_WISH = 65_536
"""The greatest length of a request to launch in bytes; a config is far shorter."""


@dataclass(eq=False, slots=True)
class Launching:
    """A run's process that has not yet said whether the run has begun."""

    id: int
    """The request's number."""
    file: int
    """The pipe on which it will say so, to be read once there is something to read."""
    spawned: int
    """The process that was started, if it was spawned: it ends as soon as it has detached."""

    def answer(self) -> bytes:
        """Return what the process says; or, if it has died, that."""
        with open(self.file, "rb") as file:  # noqa: PTH123 - a descriptor has no path
            told = file.readline()
        if self.spawned:
            os.waitpid(self.spawned, 0)
        return told or encode(Failed(self.id, "unknown", "error.training.died", {}))


class Launcher:
    """Starts a detached process for each run."""

    def __init__(self, *, spawn: bool) -> None:
        """Start processes anew if `spawn`, else fork them."""
        self._spawn = spawn
        self._nursery = 0
        self._link: socket.socket | None = None

    def prepare(self) -> None:
        """Load what training needs, in the background; the next run then begins at once."""
        if not self._spawn and self._link is None:
            self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._link.setblocking(False)  # noqa: FBT003 - its only argument
            self._nursery = os.fork()
            if not self._nursery:
                _be_nursery(theirs)
            theirs.close()

    def launch(self, wish: Wish) -> Launching:
        """Start the process of a run.

        Raises:
            OSError: if it cannot be started.
        """
        line = encode(wish)
        if len(line) > LONGEST_WISH:
            raise OSError(f"a request of {len(line)} bytes")
        ours, theirs = os.pipe()
        try:
            spawned = self._spawned(line, theirs) if self._spawn else self._forked(line, theirs)
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return Launching(wish.id, ours, spawned)

    def close(self) -> None:
        """End the nursery; the runs go on."""
        if self._link is not None:
            self._link.close()
            self._link = None
            with suppress(ProcessLookupError):
                os.kill(self._nursery, 9)
            os.waitpid(self._nursery, 0)

    def _forked(self, line: bytes, report: int) -> int:
        """Have the nursery fork itself; if it has died meanwhile, have another do so."""
        self.prepare()
        try:
            self._hand_over(line, report)
        except (BrokenPipeError, ConnectionResetError):
            self.close()
            self.prepare()
            self._hand_over(line, report)
        return 0

    def _hand_over(self, line: bytes, report: int) -> None:
        if self._link is None:
            raise AssertionError
        socket.send_fds(self._link, [line], [report])

    def _spawned(self, line: bytes, report: int) -> int:
        os.set_inheritable(report, True)  # noqa: FBT003 - as above
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-m", MODULE, "--report", str(report), line.decode().strip()],
            os.environ,
        )


def _be_nursery(link: socket.socket) -> NoReturn:
    """Fork a run's process for each request on `link`, until that closes."""
    try:
        processes.die_with_parent()
        processes.keep_only(link.fileno())
        _load()
        while True:
            line, reports, _, _ = socket.recv_fds(link, LONGEST_WISH, 1)
            if not line:
                break
            for report in reports:
                _bear(line, report, link)
    except BaseException:  # noqa: BLE001 - nothing may unwind into the host's frames
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _load() -> None:
    """Import what training needs; a failure of that is told by the run that fails for it."""
    with suppress(Exception):
        import tutor.training.branches  # noqa: PLC0415
        import tutor.training.train  # noqa: F401, PLC0415
        from tutor.training import optimizers  # noqa: PLC0415

        optimizers.preload()


def _bear(line: bytes, report: int, link: socket.socket) -> None:
    """Fork a run's process; our own child ends at once and leaves it an orphan."""
    wish = decode(line)
    assert isinstance(wish, (Launch, Relaunch))
    try:
        child = os.fork()
    except OSError:
        traceback.print_exc()  # the end of the pipe tells that there is no run
    else:
        if not child:
            link.close()
            be_detached(wish, report)
        os.waitpid(child, 0)
    os.close(report)
