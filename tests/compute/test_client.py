import asyncio
import math
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import pytest_asyncio
from support import PATIENCE, Lessons, below, computing, running, until_async

from lessons.bayes import state as bayes
from tutor import catalog
from tutor.compute.client import (
    GRACE,
    ComputeClient,
    ComputeUnavailableError,
    Stream,
    WorkerLostError,
)
from tutor.compute.protocol import LONGEST_LINE
from tutor.compute.status import State, Status
from tutor.errors import ImpossibleError, ParameterError, TutorError, UnknownNameError

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE = 5.0
"""How many seconds something that needs no waiting may take on a busy machine."""


def told(task: str, **values: Any) -> Any:
    """Return the parameters of a task of the lesson `faulty`."""
    _, found = catalog.find_task(f"faulty.{task}")
    return found.params(**values)


def content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


async def call(client: ComputeClient, task: str, **values: Any) -> Any:
    async with asyncio.timeout(20):
        return await client.call(f"faulty.{task}", told(task, **values))


async def noted(frames: AsyncIterator[Any], numbers: list[float]) -> None:
    """Read a count to its end, and note each number as it comes."""
    async for frame in frames:
        numbers.append(frame.number)  # noqa: PERF401 - those before an error count, too


async def is_sound(client: ComputeClient) -> None:
    """Check that the next call is answered rightly."""
    async with asyncio.timeout(20):
        frame = await client.call("bayes.posterior", bayes.Test())
    assert isinstance(frame, bayes.Posterior)
    assert frame.posterior == pytest.approx(0.916667, abs=1e-6)


async def test_it_is_starting_and_then_ready_and_tells_about_itself(
    either: ComputeClient,
) -> None:
    status = await either.settled()
    assert status.state is State.READY
    assert status.device == "cpu"
    assert status.name
    assert status.torch.startswith("2.")
    assert status.threads >= 1
    assert status.problem is None
    assert psutil.Process(status.host).ppid() == os.getpid()
    assert psutil.Process(status.worker).ppid() == status.host


async def test_the_first_statuses_are_of_the_host_and_of_the_worker(
    client: ComputeClient, heard: list[Status]
) -> None:
    ready = await client.settled()
    assert heard[0] == Status(State.STARTING, host=heard[0].host)
    assert heard[1] == replace(ready, host=heard[0].host, worker=heard[1].worker)
    assert psutil.Process().pid not in (heard[0].host, heard[1].worker, 0)


async def test_a_call_gives_the_frame_of_its_task(either: ComputeClient) -> None:
    frame = await either.call("bayes.posterior", bayes.Test(false_alarm=0.1))
    assert isinstance(frame, bayes.Posterior)
    assert frame.posterior == pytest.approx(0.523810, abs=1e-6)
    assert frame.positive == pytest.approx(189)


async def test_a_call_is_told_what_it_needs_of_the_whole_lab(either: ComputeClient) -> None:
    lab = bayes.Lab(prior=0.1, false_alarm=0.1, results="+++", view="trial")
    frame = await either.call("bayes.update", lab)
    assert isinstance(frame, bayes.Update)
    assert frame.last == pytest.approx(0.990810, abs=1e-6)


async def test_every_kind_of_field_arrives_as_it_was(either: ComputeClient) -> None:
    frame = await call(either, "everything")
    assert frame.whole == 2**53 + 1
    assert type(frame.whole) is int
    assert frame.real == 0.1
    assert frame.word == "θ ∩ 한글 \x1b[31m"
    assert frame.flag is True
    assert frame.numbers == (1.5, 2.5)
    assert frame.words == ("a", "b")
    assert frame.array.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert frame.array.dtype == np.float64
    assert frame.empty.shape == (0, 3)
    assert frame.matrix.dtype == np.int32
    assert frame.matrix.tolist() == [[0, 3], [1, 4], [2, 5]]
    assert frame.mask.tolist() == [True, False]
    assert frame.mask.dtype == np.bool_


async def test_what_is_no_finite_number_arrives(client: ComputeClient) -> None:
    frame = await call(client, "not_finite")
    assert math.isnan(frame.real)
    assert frame.numbers[0] == math.inf
    assert math.isnan(frame.numbers[1])
    assert np.array_equal(frame.array, [np.nan, np.inf, -np.inf], equal_nan=True)


async def test_tuples_in_a_tuple_arrive_as_tuples(client: ComputeClient) -> None:
    frame = await call(client, "pairs")
    assert frame.pairs == ((1, "a"), (2, "b"))


async def test_an_array_in_the_other_byte_order_keeps_its_numbers(client: ComputeClient) -> None:
    frame = await call(client, "fail", fault="big_endian")
    assert frame.array.tolist() == [1, 2, 3]


async def test_each_of_many_calls_at_once_gets_its_own_answer(either: ComputeClient) -> None:
    priors = [0.05 * (n + 1) for n in range(10)]
    frames = await asyncio.gather(
        *(either.call("bayes.posterior", bayes.Test(prior=prior)) for prior in priors)
    )
    for prior, frame in zip(priors, frames, strict=True):
        assert isinstance(frame, bayes.Posterior)
        exact = 0.99 * prior / (0.99 * prior + 0.01 * (1 - prior))
        assert frame.posterior == pytest.approx(exact, abs=1e-12)


async def test_of_a_stream_each_frame_is_whole_and_the_last_is_the_result(
    either: ComputeClient,
) -> None:
    params = bayes.Trial(people=2_000_000, seed=3)
    frames = [frame async for frame in either.stream("bayes.trial", params, 1000)]
    assert len(frames) > 1
    people = 0
    for frame in frames:
        assert isinstance(frame, bayes.TrialFrame)
        assert frame.people >= people
        people = frame.people
        assert people == (
            frame.true_positive + frame.false_positive + frame.true_negative + frame.false_negative
        )
        assert frame.sizes[-1] == people
        assert frame.sizes.shape == frame.shares.shape
    assert people == params.people
    assert frames[-1].error < 4 * frames[-1].standard_error


async def test_a_call_of_a_stream_gives_its_last_frame(either: ComputeClient) -> None:
    assert (await call(either, "count", until=1000)).number == 1000


async def test_a_stream_without_a_frame_has_no_result(client: ComputeClient) -> None:
    frames = [f async for f in client.stream("faulty.count", told("count", until=0))]
    assert frames == []
    with pytest.raises(TutorError):
        await call(client, "count", until=0)
    await is_sound(client)


async def test_a_stream_gives_no_more_frames_a_second_than_wanted(client: ComputeClient) -> None:
    params = told("count", until=60, pause=0.02)
    begun = time.monotonic()
    numbers = [f.number async for f in client.stream("faulty.count", params, 10)]
    seconds = time.monotonic() - begun
    assert numbers[-1] == 60
    assert 3 <= len(numbers) <= 10 * seconds + 2


async def test_a_slow_reader_misses_frames_but_never_the_last(either: ComputeClient) -> None:
    streams: list[Stream] = []
    params = told("count", until=3000, size=1000)
    numbers = []
    async for frame in either.stream("faulty.count", params, 1000, streams.append):
        numbers.append(frame.number)
        if len(numbers) == 1:
            # The computation is done long before the first frame has been looked at.
            async with asyncio.timeout(10):
                await streams[0].over.wait()
            await asyncio.sleep(0.1)
        assert frame.array.shape == (1000,)
    assert numbers[0] == 1
    assert numbers[-1] == 3000
    assert len(numbers) <= 3


async def test_a_reader_that_keeps_up_misses_nothing(client: ComputeClient) -> None:
    params = told("count", until=20, pause=0.05)
    numbers = [f.number async for f in client.stream("faulty.count", params, 1000)]
    assert sorted(set(numbers)) == list(range(1, 21))


@pytest.mark.parametrize("way", ["close", "break", "cancel", "raise"])
async def test_leaving_a_stream_frees_the_worker_at_once(either: ComputeClient, way: str) -> None:
    worker = (await either.settled()).worker
    params = told("count", until=10**9, pause=0.01)

    async def read() -> None:
        async for frame in either.stream("faulty.count", params):
            if frame.number >= 3 and way == "break":
                break
            if frame.number >= 3 and way == "raise":
                raise KeyError

    if way == "close":
        async with aclosing(either.stream("faulty.count", params)) as frames:
            await anext(frames)
    elif way == "cancel":
        reading = asyncio.create_task(read())
        await asyncio.sleep(0.2)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    else:
        try:
            await read()
        except KeyError:
            assert way == "raise"
    begun = time.monotonic()
    await is_sound(either)
    assert time.monotonic() - begun < AT_ONCE
    await asyncio.sleep(0.1)
    assert either.status.state is State.READY
    assert either.status.worker == worker
    assert psutil.Process(worker).cpu_percent(0.2) < 50


async def test_leaving_a_stream_runs_its_cleanup(client: ComputeClient, note: Path) -> None:
    assert not content(note)
    params = told("count", until=10**9, pause=0.01, cleanup="note")
    async with aclosing(client.stream("faulty.count", params)) as frames:
        await anext(frames)
    await until_async(lambda: content(note), AT_ONCE)
    await is_sound(client)
    assert content(note) == b"closed"


async def held(client: ComputeClient, fps: float, pause: float) -> tuple[Stream, list[float], Any]:
    """Start an endless count and hold it once it has come to a second frame."""
    streams: list[Stream] = []
    numbers: list[float] = []
    params = told("count", until=10**9, pause=pause)

    frames = client.stream("faulty.count", params, fps, streams.append)
    reading = asyncio.create_task(noted(frames, numbers))
    await until_async(lambda: len(numbers) > 1, 5)
    streams[0].pause(paused=True)
    await asyncio.sleep(0.3)
    return streams[0], numbers, reading


async def let_go(reading: Any) -> None:
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_held_stream_makes_one_frame_a_step_and_goes_on(either: ComputeClient) -> None:
    stream, numbers, reading = await held(either, 1000, 0.03)
    try:
        before = list(numbers)
        await asyncio.sleep(0.3)
        assert numbers == before
        stream.advance()
        await until_async(lambda: numbers != before, AT_ONCE)
        first = numbers[-1]
        for step in range(1, 4):
            stream.advance()
            await until_async(lambda step=step: len(numbers) > len(before) + step, AT_ONCE)
            await asyncio.sleep(0.1)
            assert numbers[len(before) :] == [first + n for n in range(step + 1)]
        await is_sound(either)
        stream.pause(paused=False)
        await until_async(lambda: numbers[-1] > first + 8, AT_ONCE)
    finally:
        await let_go(reading)


async def test_a_held_stream_shows_the_frame_that_it_is_at(client: ComputeClient) -> None:
    stream, numbers, reading = await held(client, 5, 0.01)
    try:
        shown = numbers[-1]
        stream.advance()
        await until_async(lambda: numbers[-1] > shown, AT_ONCE)
        assert numbers[-1] == shown + 1
    finally:
        await let_go(reading)


async def test_a_held_stream_waits_without_computing(client: ComputeClient) -> None:
    _, _, reading = await held(client, 1000, 0.0)
    assert psutil.Process(client.status.worker).cpu_percent(0.5) < 25
    await let_go(reading)


async def test_a_held_stream_can_be_left(client: ComputeClient) -> None:
    worker = client.status.worker
    _, _, reading = await held(client, 1000, 0.01)
    await let_go(reading)
    await asyncio.sleep(GRACE + 0.3)
    assert client.status.worker == worker
    await is_sound(client)


async def test_calls_are_answered_while_a_stream_runs(either: ComputeClient) -> None:
    params = told("count", until=10**9, pause=0.01)
    async with aclosing(either.stream("faulty.count", params)) as frames:
        first = await anext(frames)
        for _ in range(3):
            begun = time.monotonic()
            await is_sound(either)
            assert time.monotonic() - begun < AT_ONCE
        assert (await anext(frames)).number > first.number


async def test_streams_run_in_turn(either: ComputeClient) -> None:
    endless = told("count", until=10**9, pause=0.005)
    async with (
        aclosing(either.stream("faulty.count", endless, 100)) as one,
        aclosing(either.stream("faulty.count", endless, 100)) as other,
    ):
        numbers = [(await anext(one)).number for _ in range(4)]
        others = [(await anext(other)).number for _ in range(4)]
        assert numbers == sorted(set(numbers))
        assert others == sorted(set(others))
        assert (await call(either, "count", until=20)).number == 20
        assert (await anext(one)).number > numbers[-1]
        assert (await anext(other)).number > others[-1]


async def test_a_new_stream_replaces_the_one_before(either: ComputeClient) -> None:
    worker = either.status.worker
    for seed in range(8):
        params = bayes.Trial(people=10_000_000, seed=seed)
        async with aclosing(either.stream("bayes.trial", params, 30)) as frames:
            first = await anext(frames)
        assert isinstance(first, bayes.TrialFrame)
    begun = time.monotonic()
    await is_sound(either)
    assert time.monotonic() - begun < AT_ONCE
    assert either.status.worker == worker


@pytest.mark.parametrize("task", ["bayes.nothing", "nothing.posterior", "bayes", "", ".", "a.b.c"])
async def test_a_task_that_is_not_there_is_told_with_the_nearest(
    client: ComputeClient, task: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        await client.call(task, bayes.Test())
    assert caught.value.values["name"] == task
    assert "." in caught.value.values["nearest"]


async def test_impossible_parameters_arrive_as_such_with_their_values(
    either: ComputeClient,
) -> None:
    with pytest.raises(ImpossibleError) as caught:
        await either.call("bayes.posterior", bayes.Test(prior=0.0, false_alarm=0.0))
    assert caught.value.key == "zero_evidence"
    assert caught.value.values == {
        "prior": 0.0,
        "sensitivity": 0.99,
        "false_alarm": 0.0,
        "result": 1,
    }
    with pytest.raises(ImpossibleError) as caught:
        await call(either, "fail", fault="impossible")
    assert caught.value.values == {"size": 3, "share": 0.5, "word": "θ"}


async def test_an_impossible_stream_fails_as_a_call_does(client: ComputeClient) -> None:
    with pytest.raises(ImpossibleError, match="zero_evidence"):
        await client.call("bayes.trial", bayes.Trial(prior=0.0, false_alarm=0.0))


async def test_a_parameter_refused_by_the_worker_arrives_as_such(either: ComputeClient) -> None:
    with pytest.raises(ParameterError) as caught:
        await call(either, "fail", fault="parameter")
    assert caught.value.key == "error.parameter.number"
    assert caught.value.values == {"name": "fault", "value": "x"}
    assert str(caught.value) == "fault: x is not a number."


@pytest.mark.parametrize(
    ("fault", "key", "word"),
    [
        ("value_error", "error.bug", "ValueError: the cause of it"),
        ("many_lines", "error.bug", "ValueError: the first line"),
        ("no_message", "error.bug", "ValueError"),
        ("escapes", "error.bug", "{braces}"),
        ("recursion", "error.bug", "RecursionError"),
        ("stop_iteration", "error.bug", "StopIteration"),
        ("torch_out_of_memory", "error.memory", "memory"),
        ("memory", "error.memory", "memory"),
        ("wrong_frame", "error.bug", "TypeError"),
        ("no_frame", "error.bug", "TypeError"),
        ("complex", "error.bug", "TypeError"),
        ("bad_str", "error.bug", "Unspeakable"),
        ("cpu_out_of_memory", "error.memory", "memory"),
        ("unsendable_values", "why_not", "tensor([1., 1.])"),
    ],
)
async def test_what_a_task_raises_fails_its_call_and_nothing_else(
    client: ComputeClient, fault: str, key: str, word: str
) -> None:
    worker = (await client.settled()).worker
    with pytest.raises(TutorError) as caught:
        await call(client, "fail", fault=fault)
    assert not isinstance(caught.value, WorkerLostError)
    assert caught.value.key == key
    assert word in str(caught.value)
    assert len(str(caught.value)) < 1000
    await is_sound(client)
    assert client.status.worker == worker


async def test_a_task_that_the_compute_module_lacks_fails_its_call(client: ComputeClient) -> None:
    with pytest.raises(TutorError, match="missing"):
        await call(client, "missing")
    await is_sound(client)


@pytest.mark.parametrize("fault", ["value_error", "impossible", "memory", "stop_iteration"])
async def test_what_a_stream_raises_comes_after_its_frames(
    client: ComputeClient, fault: str
) -> None:
    numbers: list[float] = []
    params = told("count", until=5, pause=0.05, fault=fault)
    with pytest.raises(TutorError) as caught:
        await noted(client.stream("faulty.count", params, 1000), numbers)
    assert not isinstance(caught.value, WorkerLostError)
    assert numbers[0] == 1
    assert len(numbers) > 1
    assert numbers == sorted(set(numbers))
    await is_sound(client)


@pytest.mark.parametrize("cleanup", ["raise", "refuse"])
async def test_a_stream_that_resists_its_end_does_no_harm(
    client: ComputeClient, cleanup: str
) -> None:
    worker = (await client.settled()).worker
    params = told("count", until=10**9, pause=0.01, cleanup=cleanup)
    async with aclosing(client.stream("faulty.count", params)) as frames:
        await anext(frames)
    await is_sound(client)
    assert client.status.worker == worker


@pytest.mark.parametrize(
    ("fault", "key", "values"),
    [
        ("exit_3", "lost.exit", {"signal": 0, "code": 3}),
        ("exit_0", "lost.exit", {"signal": 0, "code": 0}),
        ("segfault", "lost.segfault", {"signal": 11, "code": 0}),
        ("sigkill", "lost.memory", {"signal": 9, "code": 0}),
        ("sigterm", "lost.signal", {"signal": 15, "code": 0}),
    ],
)
async def test_a_task_that_ends_its_process_fails_its_call_and_a_new_worker_comes(
    client: ComputeClient, fault: str, key: str, values: dict[str, int]
) -> None:
    before = await client.settled()
    with pytest.raises(WorkerLostError) as caught:
        await call(client, "fail", fault=fault)
    assert caught.value.key == key
    assert caught.value.values == values
    assert str(caught.value)
    await is_sound(client)
    assert client.status.worker != before.worker
    assert client.status.host == before.host
    assert not running({before.worker})


@pytest.mark.parametrize("fault", ["system_exit", "keyboard_interrupt"])
async def test_a_task_that_raises_no_ordinary_exception_fails_its_call(
    client: ComputeClient, fault: str
) -> None:
    with pytest.raises(TutorError):
        await call(client, "fail", fault=fault)
    await is_sound(client)


async def test_the_statuses_tell_that_a_worker_was_lost_and_why(
    client: ComputeClient, heard: list[Status]
) -> None:
    before = await client.settled()
    already = len(heard)
    with pytest.raises(WorkerLostError):
        await call(client, "fail", fault="exit_3")
    after = await client.settled()
    states = [state for state, _ in groupby(status.state for status in heard[already:])]
    assert [state for state in states if state is not State.BUSY] == [State.LOST, State.READY]
    (problem,) = {status.problem for status in heard[already:] if status.state is State.LOST}
    assert str(problem) == str(WorkerLostError("lost.exit", code=3))
    assert after == replace(before, worker=after.worker, problem=problem)
    await is_sound(client)
    assert client.status.problem is None


async def test_a_worker_that_crashes_is_replaced_however_it_was_started(
    either: ComputeClient,
) -> None:
    before = await either.settled()
    with pytest.raises(WorkerLostError) as caught:
        await call(either, "fail", fault="segfault")
    assert caught.value.values["signal"] == 11
    await is_sound(either)
    assert either.status.worker != before.worker
    assert either.status.host == before.host


@pytest.mark.parametrize("task", ["sleep", "spin", "hold_the_lock"])
async def test_a_computation_that_heeds_nothing_is_replaced(
    client: ComputeClient, task: str
) -> None:
    worker = (await client.settled()).worker
    calling = asyncio.create_task(client.call(f"faulty.{task}", told(task)))
    await until_async(lambda: client.status.state is State.BUSY, 5)
    await let_go(calling)
    begun = time.monotonic()
    await until_async(lambda: client.status.worker != worker, 10)
    assert GRACE * 0.8 < time.monotonic() - begun < GRACE + AT_ONCE
    assert client.status.problem is None
    await is_sound(client)
    assert not running({worker})


async def test_a_stream_that_never_comes_to_its_next_frame_is_replaced(
    client: ComputeClient,
) -> None:
    worker = (await client.settled()).worker
    async with aclosing(client.stream("faulty.late", told("late"))) as frames:
        assert (await anext(frames)).number == 1
        await asyncio.sleep(0.3)
    await until_async(lambda: client.status.worker != worker, GRACE + AT_ONCE)
    await is_sound(client)


async def test_a_call_that_waits_behind_a_stuck_one_is_told_what_happened(
    client: ComputeClient,
) -> None:
    await client.settled()
    stuck = asyncio.create_task(call(client, "sleep"))
    await asyncio.sleep(0.2)
    waiting = asyncio.create_task(call(client, "everything"))
    await asyncio.sleep(0.1)
    await let_go(stuck)
    with pytest.raises(WorkerLostError) as caught:
        await waiting
    assert caught.value.key == "lost.replaced"
    await is_sound(client)


async def test_a_slow_call_is_shown_as_busy_and_a_fast_one_is_not(client: ComputeClient) -> None:
    await client.settled()
    before = client.status
    states = []
    for _ in range(20):
        await is_sound(client)
        states.append(client.status.state)
    assert set(states) == {State.READY}
    async with aclosing(client.stream("faulty.count", told("count", until=10**9, pause=0.05))) as f:
        await anext(f)
        await until_async(lambda: client.status.state is State.BUSY, 5)
    await until_async(lambda: client.status.state is State.READY, 5)
    assert client.status == before


async def test_printing_reaches_the_log_and_disturbs_nothing(
    either: ComputeClient, log: Path
) -> None:
    written = len(content(log))
    assert (await call(either, "chatter")).number == 1
    await is_sound(either)
    added = content(log)[written:]
    for word in (b"printed\n", b"\x00written\n", b"complained", b"echoed\n"):
        assert word in added


async def test_a_bug_is_in_the_log_with_its_traceback(client: ComputeClient, log: Path) -> None:
    written = len(content(log))
    with pytest.raises(TutorError):
        await call(client, "fail", fault="value_error")
    added = content(log)[written:]
    assert b"Traceback" in added
    assert b"ValueError: the cause of it" in added


async def test_reading_the_keyboard_gives_the_end_at_once(either: ComputeClient) -> None:
    assert (await call(either, "listen")).word == ""


async def test_an_array_just_below_the_cap_arrives(either: ComputeClient) -> None:
    size = 3 * (LONGEST_LINE - 200) // 4
    frame = await call(either, "huge", size=size)
    assert frame.array.shape == (size,)


@pytest.mark.parametrize("size", [3 * LONGEST_LINE // 4, 50_000_000])
async def test_an_array_over_the_cap_fails_its_call_only(client: ComputeClient, size: int) -> None:
    worker = (await client.settled()).worker
    with pytest.raises(TutorError, match=str(LONGEST_LINE)) as caught:
        await call(client, "huge", size=size)
    assert caught.value.key == "error.bug"
    await is_sound(client)
    assert client.status.worker == worker


async def test_large_frames_stream(client: ComputeClient) -> None:
    params = told("count", until=30, size=2_000_000)
    frames = [frame async for frame in client.stream("faulty.count", params, 1000)]
    assert frames[-1].number == 30
    assert all(frame.array.shape == (2_000_000,) for frame in frames)


async def test_a_worker_killed_again_and_again_is_noticed_and_replaced(
    client: ComputeClient,
) -> None:
    host = (await client.settled()).host
    workers, seconds = set(), []
    endless = told("count", until=10**9, pause=0.002)
    for _ in range(100):
        worker = (await client.settled()).worker
        workers.add(worker)
        numbers: list[float] = []
        frames = client.stream("faulty.count", endless, 100)
        reading = asyncio.create_task(noted(frames, numbers))
        await until_async(lambda numbers=numbers: numbers)
        os.kill(worker, signal.SIGKILL)
        killed = time.monotonic()
        with pytest.raises(WorkerLostError) as caught:
            await reading
        seconds.append(time.monotonic() - killed)
        assert caught.value.key == "lost.memory"
        assert caught.value.values == {"signal": 9, "code": 0}
        assert (await call(client, "everything")).flag
    assert len(workers) == 100
    assert client.status.host == host
    assert not running(workers)
    assert below(host) == {client.status.worker}
    assert sorted(seconds)[90] < 1.0
    assert max(seconds) < AT_ONCE


async def test_a_worker_killed_while_idle_is_replaced(client: ComputeClient) -> None:
    worker = (await client.settled()).worker
    os.kill(worker, signal.SIGKILL)
    await until_async(lambda: client.status.worker != worker, 5)
    await is_sound(client)


async def test_a_call_made_as_the_worker_dies_is_answered_or_fails(client: ComputeClient) -> None:
    for _ in range(10):
        worker = (await client.settled()).worker
        os.kill(worker, signal.SIGKILL)
        (answer,) = await asyncio.gather(call(client, "everything"), return_exceptions=True)
        if isinstance(answer, BaseException):
            assert isinstance(answer, WorkerLostError)
            assert answer.values["signal"] == 9
        await until_async(lambda worker=worker: client.status.worker != worker, 5)
    await is_sound(client)


async def test_a_stream_that_a_new_worker_got_after_its_call_had_failed_is_stopped(
    client: ComputeClient,
) -> None:
    worker = (await client.settled()).worker
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.5)  # noqa: ASYNC251 - the host has a new worker, and the client does not know yet
    with pytest.raises(WorkerLostError):
        await call(client, "count", until=10**9)
    await client.settled()
    try:
        await asyncio.sleep(0.3)
        assert psutil.Process(client.status.worker).cpu_percent(0.5) < 30
    finally:
        worker = client.status.worker
        os.kill(worker, signal.SIGKILL)
        await until_async(lambda: client.status.worker != worker, AT_ONCE)


async def test_a_worker_that_dies_is_noticed_although_a_child_of_its_lives(
    client: ComputeClient,
) -> None:
    worker = (await client.settled()).worker
    child = int((await call(client, "fork")).number)
    waiting = asyncio.create_task(call(client, "sleep"))
    await asyncio.sleep(0.2)
    try:
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(WorkerLostError):
            await asyncio.wait_for(asyncio.shield(waiting), 2)
    finally:
        os.kill(child, signal.SIGKILL)
        await asyncio.gather(waiting, return_exceptions=True)
        await is_sound(client)


async def test_a_host_that_is_killed_is_replaced(client: ComputeClient) -> None:
    before = await client.settled()
    calling = asyncio.create_task(call(client, "count", until=10**9, pause=0.01))
    await asyncio.sleep(0.3)
    os.kill(before.host, signal.SIGKILL)
    begun = time.monotonic()
    with pytest.raises(WorkerLostError) as caught:
        await calling
    assert time.monotonic() - begun < AT_ONCE
    assert caught.value.key == "lost.host"
    assert client.status.state is State.LOST
    await is_sound(client)
    assert client.status.host != before.host
    assert client.status.state is State.READY
    await until_async(lambda: not running({before.host, before.worker}), 5)


async def test_nothing_leaks_in_many_calls_streams_and_restarts(client: ComputeClient) -> None:
    async def go_round() -> None:
        for number in range(25):
            await is_sound(client)
            endless = told("count", until=10**9)
            async with aclosing(client.stream("faulty.count", endless, 1000)) as frames:
                await anext(frames)
            if number % 5 == 0:
                calling = asyncio.create_task(call(client, "sleep"))
                await asyncio.sleep(0.05)
                os.kill(client.status.worker, signal.SIGKILL)
                with pytest.raises(WorkerLostError):
                    await calling
                await client.settled()

    async def held_now() -> tuple[int, ...]:
        await is_sound(client)
        await asyncio.sleep(GRACE + 0.2)
        status = client.status
        tasks = len(asyncio.all_tasks())
        files = [psutil.Process(pid).num_fds() for pid in (os.getpid(), status.host, status.worker)]
        return (tasks, len(below(status.host)), *files)

    await go_round()
    before = await held_now()
    await go_round()
    assert await held_now() == before


async def test_a_host_killed_in_the_middle_of_a_line_is_replaced(faulty: Lessons) -> None:
    async with computing() as client:
        host = (await client.settled()).host
        calling = asyncio.create_task(call(client, "huge", size=2_000_000))
        await asyncio.sleep(0)
        time.sleep(1)  # noqa: ASYNC251 - nobody reads, so the host is stuck in the middle
        os.kill(host, signal.SIGKILL)
        with pytest.raises(TutorError):
            await calling
        assert client.status.state is not State.UNAVAILABLE
        await is_sound(client)


async def test_closing_leaves_nothing_even_when_the_worker_is_stuck(faulty: Lessons) -> None:
    client = ComputeClient("cpu")
    await client.start()
    status = await client.settled()
    calling = asyncio.create_task(client.call("faulty.hold_the_lock", told("hold_the_lock")))
    await asyncio.sleep(0.3)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    async with asyncio.timeout(GRACE + AT_ONCE):
        await client.close()
    try:
        await until_async(lambda: not running({status.host, status.worker}), 2)
    finally:
        for pid in running({status.worker}):
            os.kill(pid, signal.SIGKILL)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def closed(faulty: Lessons) -> tuple[ComputeClient, asyncio.Task[Any]]:
    """Return a client that was closed while a call was under way, and that call."""
    client = ComputeClient("cpu")
    await client.start()
    await client.settled()
    calling = asyncio.create_task(client.call("faulty.sleep", told("sleep")))
    await asyncio.sleep(0.1)
    pids = {client.status.host, client.status.worker}
    async with asyncio.timeout(GRACE + AT_ONCE):
        await client.close()
    await asyncio.wait([calling], timeout=1)
    await until_async(lambda: not running(pids), AT_ONCE)
    return client, calling


async def test_a_call_under_way_at_the_end_fails(
    closed: tuple[ComputeClient, asyncio.Task[Any]],
) -> None:
    _, calling = closed
    assert calling.done()
    with pytest.raises(WorkerLostError) as caught:
        calling.result()
    assert caught.value.key == "lost.closed"


async def test_a_call_after_the_end_fails(closed: tuple[ComputeClient, asyncio.Task[Any]]) -> None:
    client, _ = closed
    with pytest.raises(TutorError):
        await asyncio.wait_for(client.call("bayes.posterior", bayes.Test()), 1)


@pytest.mark.parametrize("after", [0.0, 0.2, 1.0])
async def test_closing_during_the_start_leaves_nothing(after: float) -> None:
    before = below()
    client = ComputeClient("cpu")
    await client.start()
    await asyncio.sleep(after)
    started = below() - before
    assert started or not after
    async with asyncio.timeout(AT_ONCE):
        await client.close()
    await until_async(lambda: not running(started), AT_ONCE)
    assert below() <= before


async def test_closing_twice_and_closing_what_never_started_do_nothing() -> None:
    client = ComputeClient("cpu")
    await client.close()
    await client.start()
    await client.close()
    await client.close()


async def test_a_device_that_is_not_there_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    async with computing("cuda") as client:
        async with asyncio.timeout(PATIENCE):
            status = await client.settled()
        assert status.state is State.UNAVAILABLE
        assert isinstance(status.problem, ComputeUnavailableError)
        assert status.problem.key == "error.device"
        assert "cuda" in str(status.problem)
        for _ in range(3):
            async with asyncio.timeout(AT_ONCE):
                with pytest.raises(ComputeUnavailableError):
                    await client.call("bayes.posterior", bayes.Test())
