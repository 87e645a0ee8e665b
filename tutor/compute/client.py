"""The UI's side of the compute host: starts it, calls tasks, and outlives what happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from tutor import catalog, locations
from tutor.compute.asked import Asked
from tutor.compute.protocol import (
    LONGEST_LINE,
    VERSION,
    Call,
    Cancel,
    Cancelled,
    Failed,
    Finished,
    Hello,
    Launch,
    Launched,
    Lost,
    Prepare,
    Progressed,
    ProtocolError,
    Ready,
    Relaunch,
    Restart,
    Steer,
    Steered,
    Unavailable,
    decode,
    encode,
)
from tutor.compute.status import State, Status
from tutor.compute.stream import Stream, raised
from tutor.errors import TutorError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tutor.api import Frame, Params
    from tutor.compute.protocol import Answer, Message, Request

__all__ = ["ComputeClient", "ComputeUnavailableError", "Stream", "WorkerLostError"]

GRACE = 1.0
"""How many seconds a cancelled call may go on before its worker is replaced."""

BUSY_AFTER = 0.15
"""After how many seconds a call is worth the word "busy"."""

MOST_FAILED_STARTS = 3
"""After how many hosts in a row that end before they are ready no other is started."""

OUT_OF_MEMORY, SEGFAULT = 9, 11
"""The signals whose likely cause can be told."""


class WorkerLostError(TutorError):
    """The worker died, or was replaced, while it computed this call."""


class ComputeUnavailableError(TutorError):
    """Nothing can be computed: torch is missing or broken, or the device is not there."""


class ComputeClient:
    """Calls tasks by name; starts the host, and starts another when it is lost.

    Everything happens in the event loop that `start` is awaited in; nothing blocks it.
    """

    def __init__(
        self,
        device: str = "auto",
        log: int | None = None,
        on_status: Callable[[Status], None] = lambda _: None,
        *,
        spawn: bool = False,
    ) -> None:
        """Prepare a client that computes on `device` and tells each change to `on_status`.

        The host's standard error goes to the file descriptor `log`. With `spawn` a worker is a
        new process instead of a forked one.
        """
        self.status = Status()
        self._command = [sys.executable, "-P", "-m", "tutor.compute.host", "--device", device]
        self._command += ["--spawn"] if spawn else []
        self._log = log
        self._on_status = on_status
        self._ids = count(1)
        self._streams: dict[int, Stream] = {}
        self._asked = Asked()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._watchers: set[asyncio.Task[None]] = set()
        self._settled = asyncio.Event()
        self._failed_starts = 0
        self._closed = False

    @classmethod
    def logged(cls, device: str, on_status: Callable[[Status], None] = lambda _: None) -> Self:
        """Return a client whose host writes to the program's log, if that can be opened."""
        return cls(device, locations.open_log_or_nothing(), on_status)

    @property
    def calls(self) -> int:
        """How many calls are under way."""
        return len(self._streams)

    async def start(self) -> None:
        """Start the host; calls may be made at once and wait until it is ready."""
        self._reader = asyncio.create_task(self._serve())

    async def close(self) -> None:
        """End the host and its worker, and wait until they are gone."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, *self._watchers, return_exceptions=True)
        self._closed = True
        self._settled.set()
        self._fail_all(WorkerLostError("lost.closed"))
        self._asked.fail(WorkerLostError("lost.closed"))
        if self._process is not None:
            await self._end(self._process)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Let a host end by the end of its input, or else by a signal."""
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), GRACE / 2)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def settled(self) -> Status:
        """Wait until it is known whether anything can be computed, and return what is known."""
        await self._settled.wait()
        return self.status

    async def call(self, task: str, params: Params) -> Frame:
        """Return what a task gives; of a streaming task the last frame.

        Raises:
            UnknownNameError: if there is no such task.
            TutorError: what the call failed with.
        """
        result = None
        async for frame in self.stream(task, params):
            result = frame
        if result is None:
            raise WorkerLostError("error.cancelled", task=task)
        return result

    async def stream(
        self,
        task: str,
        params: Params,
        frames_per_second: float = 10.0,
        started: Callable[[Stream], None] = lambda _: None,
    ) -> AsyncGenerator[Frame]:
        """Yield a task's frames as they are made, at most so many a second, and always the last.

        `started` is given the stream, to hold or advance it. Leaving the iteration cancels the
        call; a computation that does not heed that within `GRACE` is ended with its worker.

        Raises:
            UnknownNameError: if there is no such task.
            TutorError: what the call failed with.
        """
        _, found = catalog.find_task(task)
        await self._available()
        id_ = next(self._ids)
        narrow = params.narrowed(found.params)
        stream = self._streams[id_] = Stream(id_, self)
        self.send(Call(id_, task, narrow.values(), frames_per_second))
        self._tell(problem=None)
        loop = asyncio.get_running_loop()
        loop.call_later(BUSY_AFTER, self._tell_busy)
        started(stream)
        async with contextlib.aclosing(stream.frames(found.frame)) as frames:
            async for frame in frames:
                yield frame

    def prepare_to_train(self) -> None:
        """Have the host load what training needs, two seconds' work; the next run begins at once.

        It is for whoever shows something that trains. Without it the first run takes that longer.
        """
        self.send(Prepare())

    async def launch(self, config: dict[str, Any]) -> str:
        """Begin a training run, which outlives host and UI, and return its id.

        Args:
            config: The values of `tutor.training.config.Config` by name; the others are defaults.

        Raises:
            TutorError: if it cannot begin; if the host is lost meanwhile, it may yet.
        """
        return await self._launched(Launch(next(self._ids), config))

    async def launch_again(
        self,
        run: str,
        step: int | None = None,
        changes: dict[str, Any] | None = None,
        *,
        fork: bool = False,
    ) -> str:
        """Go on with a run from its newest checkpoint or that of a step, and return the run's id.

        Args:
            run: The id of a run that no process executes.
            step: What the run did after that step is given up.
            changes: Values of the config that are to be other from there on; that makes a fork.
            fork: Whether to go on as a new run; the old one stays as it is, and may be executed.

        Raises:
            TutorError: as `launch`.
        """
        chosen = -1 if step is None else step
        forks = fork or bool(changes)
        return await self._launched(Relaunch(next(self._ids), run, chosen, forks, changes or {}))

    async def steer(self, run: str, do: str, value: float = 1.0) -> None:
        """Send a command to a run: one of `tutor.training.controls.Action`.

        Args:
            run: The run's id.
            do: "pause", "resume", "step", "lr", "stop" or "checkpoint".
            value: The learning rate for "lr", the number of steps for "step".

        Raises:
            TutorError: if there is no such run or command, or it cannot be written down.
        """
        await self._ask(Steer(next(self._ids), run, do, value))

    async def _launched(self, wish: Launch | Relaunch) -> str:
        answer = await self._ask(wish)
        assert isinstance(answer, Launched)
        return answer.run

    async def _ask(self, request: Launch | Relaunch | Steer) -> Launched | Steered:
        """Send a request that has one answer, and return that."""
        await self._available()
        try:
            decode(encode(request))
        except (ProtocolError, TypeError, ValueError):
            raise TutorError("error.training.config") from None
        self.send(request)
        answer = await self._asked.answer(request.id)
        if isinstance(answer, Failed):
            raise raised(answer)
        return answer

    async def _available(self) -> None:
        """Wait until something can be computed.

        Raises:
            TutorError: if nothing can, and nothing will.
        """
        await self._settled.wait()
        if self._closed:
            raise WorkerLostError("lost.closed")
        if self.status.state is State.UNAVAILABLE:
            raise self.status.problem or ComputeUnavailableError("error.torch.broken", detail="")

    def send(self, request: Request) -> None:
        """Send a request to the host; without one it is dropped, as its call has failed."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(encode(request))

    def forget(self, stream: Stream) -> None:
        """Let go of a stream whose frames nobody takes any more; stop it if it runs."""
        if not stream.over.is_set():
            self.send(Cancel(stream.id))
            watcher = asyncio.get_running_loop().create_task(self._insist(stream))
            self._watchers.add(watcher)
            watcher.add_done_callback(self._watchers.discard)

    async def _insist(self, stream: Stream) -> None:
        """Replace the worker if it does not stop a cancelled stream in time."""
        try:
            await asyncio.wait_for(stream.over.wait(), GRACE)
        except TimeoutError:
            self.send(Restart())

    async def _serve(self) -> None:
        """Run a host, and another whenever it ends, until it turns out to be no use."""
        while True:
            try:
                await self._run_host()
            except OSError as error:
                self._give_up(ComputeUnavailableError("error.host_process", told=str(error)))
                return
            self._settled.clear()
            if self.status.state is State.UNAVAILABLE:
                self._give_up(self.status.problem)
                return
            self._failed_starts += 1
            if self._failed_starts == MOST_FAILED_STARTS:
                self._give_up(ComputeUnavailableError("error.host_start"))
                return
            problem = WorkerLostError("lost.host")
            self._tell(state=State.LOST, problem=problem)
            self._fail_all(problem)
            self._asked.fail(problem)

    async def _run_host(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL if self._log is None else self._log,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        if self._process.stdout is None:
            raise AssertionError
        try:
            while (line := await self._process.stdout.readline()).endswith(b"\n"):
                self._take(decode(line))
        except (ProtocolError, ValueError) as error:
            problem = ComputeUnavailableError("error.protocol", told=str(error)[:200])
            self._tell(state=State.UNAVAILABLE, problem=problem)
        await self._end(self._process)

    def _take(self, message: Message) -> None:
        """Act on what the host says."""
        match message:
            case Hello(version=version, pid=pid):
                if version != VERSION:
                    raise ProtocolError(f"the host speaks version {version}, this is {VERSION}")
                self._tell(host=pid)
            case Ready():
                self._failed_starts = 0
                self._tell(
                    state=State.READY,
                    device=message.device,
                    name=message.name,
                    torch=message.torch,
                    threads=message.threads,
                    worker=message.pid,
                )
                self._settled.set()
            case Unavailable(key=key, detail=detail):
                problem = ComputeUnavailableError(key, detail=detail)
                self._tell(state=State.UNAVAILABLE, problem=problem)
            case Lost():
                lost = WorkerLostError(_cause(message), signal=message.signal, code=message.code)
                self._settled.clear()
                self._tell(state=State.LOST, problem=None if message.asked else lost)
                self._fail_all(lost)
            case Launched() | Steered():
                self._asked.tell(message)
            case Failed() if self._asked.tell(message):
                pass
            case Progressed() | Finished() | Failed() | Cancelled():
                self._pass_on(message)
            case _:
                raise ProtocolError(f"a host does not send {type(message).__name__}")

    def _tell_busy(self) -> None:
        if self._streams and self.status.state is State.READY:
            self._tell(state=State.BUSY)

    def _pass_on(self, answer: Answer) -> None:
        stream = self._streams.get(answer.id)
        if stream is not None:
            stream.answers.put_nowait(answer)
            if not isinstance(answer, Progressed):
                self._conclude(stream)
        elif isinstance(answer, Progressed):
            self.send(Cancel(answer.id))  # its caller has been told that the worker was lost

    def _conclude(self, stream: Stream) -> None:
        stream.over.set()
        del self._streams[stream.id]
        if not self._streams and self.status.state is State.BUSY:
            self._tell(state=State.READY)

    def _fail_all(self, problem: TutorError) -> None:
        for stream in list(self._streams.values()):
            stream.answers.put_nowait(problem)
            self._conclude(stream)

    def _give_up(self, problem: TutorError | None) -> None:
        problem = problem or ComputeUnavailableError("error.torch.broken", detail="")
        self._tell(state=State.UNAVAILABLE, problem=problem)
        self._fail_all(problem)
        self._asked.fail(problem)
        self._settled.set()

    def _tell(self, **changes: Any) -> None:
        status = replace(self.status, **changes)
        if status != self.status:
            self.status = status
            self._on_status(status)


def _cause(lost: Lost) -> str:
    if lost.asked:
        return "lost.replaced"
    if lost.signal == OUT_OF_MEMORY:
        return "lost.memory"
    if lost.signal == SEGFAULT:
        return "lost.segfault"
    return "lost.signal" if lost.signal else "lost.exit"
