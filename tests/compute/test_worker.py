import math
import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import torch
from link import Link, linked
from support import Lessons, until

from tutor.compute.failures import failure
from tutor.compute.protocol import (
    Acknowledge,
    Advance,
    Call,
    Cancel,
    Cancelled,
    Failed,
    Finished,
    Hello,
    Pause,
    Progressed,
    Ready,
)


@pytest.fixture(scope="module")
def worker(faulty: Lessons, log: Path) -> Iterator[Link]:
    """Give a link to a worker without a host."""
    with log.open("ab") as file, linked(worker=True, log=file.fileno()) as link:
        ready = link.receive()
        assert isinstance(ready, Ready)
        assert ready.pid == link.process.pid
        assert ready.device == "cpu"
        assert ready.torch == torch.__version__
        assert ready.threads >= 1
        yield link


def test_it_answers_under_the_number_of_the_call(worker: Link) -> None:
    worker.send(Call(-7, "bayes.posterior", {"prior": 0.1}), Call(2**70, "bayes.posterior", {}))
    first, second = worker.receive(), worker.receive()
    assert isinstance(first, Finished)
    assert isinstance(second, Finished)
    assert (first.id, second.id) == (-7, 2**70)
    assert first.frame == second.frame


@pytest.mark.parametrize(
    ("task", "params", "kind", "key"),
    [
        ("bayes.nothing", {}, "unknown", "error.unknown.task"),
        ("", {}, "unknown", "error.unknown.task"),
        ("bayes.posterior", {"prior": 2}, "parameter", "error.parameter.range"),
        ("bayes.posterior", {"prior": math.nan}, "parameter", "error.parameter.range"),
        ("bayes.posterior", {"prior": "0.1"}, "parameter", "error.parameter.number"),
        ("bayes.posterior", {"prior": None}, "parameter", "error.parameter.number"),
        ("bayes.posterior", {"prior": True}, "parameter", "error.parameter.number"),
        ("bayes.posterior", {"prior": [0.1]}, "parameter", "error.parameter.number"),
        ("bayes.update", {"results": 3}, "parameter", "error.parameter.text"),
        ("bayes.update", {"results": "+x"}, "parameter", "error.parameter.pattern"),
        ("bayes.trial", {"people": 0.5}, "parameter", "error.parameter.range"),
        ("bayes.trial", {"people": 1.5}, "parameter", "error.parameter.whole"),
        ("bayes.posterior", {"nothing": 1}, "bug", "error.bug"),
        ("bayes.posterior", {"prior": 0.0, "false_alarm": 0.0}, "impossible", "zero_evidence"),
    ],
)
def test_what_is_wrong_with_a_call_is_its_answer(
    worker: Link, task: str, params: dict[str, object], kind: str, key: str
) -> None:
    id_ = next(worker.ids)
    worker.send(Call(id_, task, params))
    answer = worker.receive()
    assert isinstance(answer, Failed)
    assert (answer.id, answer.kind, answer.key) == (id_, kind, key)
    assert worker.is_sound()


@pytest.mark.parametrize(
    "line",
    [b"\n", b"no message\n", b"\xff\xfe\n", b'{"type":"call","id":1}\n', b"[" * 9999 + b"\n"],
)
def test_a_line_that_is_no_message_is_passed_over(worker: Link, line: bytes) -> None:
    worker.send(line)
    assert worker.is_sound()


def test_a_message_that_is_no_request_is_passed_over(worker: Link) -> None:
    worker.send(Hello(1, 2), Finished(1, {}))
    assert worker.is_sound()


def test_what_concerns_no_running_stream_is_passed_over(worker: Link) -> None:
    worker.send(Acknowledge(5), Pause(5, paused=True), Advance(5), Cancel(5))
    assert worker.receive() == Cancelled(5)
    assert worker.is_sound()


def test_a_call_that_is_cancelled_before_its_turn_is_never_begun(worker: Link) -> None:
    busy = worker.call("faulty.count", until=1, pause=0.5)
    time.sleep(0.1)
    dropped = next(worker.ids)
    worker.send(Call(dropped, "faulty.fail", {"fault": "exit_3"}), Cancel(dropped))
    answers = worker.receive_until(Cancelled)
    assert answers[-1] == Cancelled(dropped)
    assert {answer.id for answer in answers[:-1]} <= {busy}
    assert worker.is_sound()


def test_of_a_stream_at_most_one_frame_is_unacknowledged(worker: Link) -> None:
    id_ = worker.call("faulty.count", 10**6, until=40, pause=0.01)
    answers = worker.receive_until(Finished)
    assert [type(answer) for answer in answers] == [Progressed, Finished]
    assert [answer.frame["number"] for answer in answers] == [1, 40]
    assert {answer.id for answer in answers} == {id_}


def test_an_acknowledgement_is_answered_by_the_frame_that_is_then_due(worker: Link) -> None:
    id_ = worker.call("faulty.count", 10**6, until=10**9, pause=0.01)
    numbers = []
    for _ in range(5):
        frame = worker.receive()
        assert isinstance(frame, Progressed)
        numbers.append(frame.frame["number"])
        time.sleep(0.1)
        worker.send(Acknowledge(id_))
    assert all(after - before >= 5 for before, after in pairwise(numbers))
    worker.send(Cancel(id_))
    assert worker.receive_until(Cancelled)[-1] == Cancelled(id_)


@pytest.mark.parametrize("rate", [math.inf, math.nan, -1.0, 1e-300, 1e300, 0.0])
def test_a_senseless_rate_does_no_harm(worker: Link, rate: float) -> None:
    answer = worker.answer(worker.call("faulty.count", rate, until=3))
    assert isinstance(answer, Finished | Failed)
    assert worker.is_sound()


def test_a_held_stream_advances_without_acknowledgements(worker: Link) -> None:
    id_ = worker.call("faulty.count", 0.001, until=10**9, pause=0.01)
    assert worker.receive() == Progressed(id_, {"number": 1, "array": None})
    worker.send(Pause(id_, paused=True))
    time.sleep(0.2)
    worker.send(Advance(id_), Advance(id_), Advance(id_))
    numbers = [worker.receive().frame["number"] for _ in range(3)]  # type: ignore[union-attr]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    worker.send(Pause(id_, paused=False), Cancel(id_))
    assert worker.receive_until(Cancelled)[-1] == Cancelled(id_)


def test_a_stream_can_be_held_before_its_first_frame_and_advanced_to_its_end(
    worker: Link,
) -> None:
    id_ = next(worker.ids)
    busy = worker.call("faulty.count", until=1, pause=0.3)
    worker.send(Call(id_, "faulty.count", {"until": 2}), Pause(id_, paused=True))
    worker.answer(busy)
    time.sleep(0.1)
    worker.send(Advance(id_), Advance(id_), Advance(id_))
    answers = worker.receive_until(Finished)
    assert [(type(one), one.frame["number"]) for one in answers] == [
        (Progressed, 1),
        (Progressed, 2),
        (Finished, 2),
    ]
    worker.send(Advance(id_))
    assert worker.is_sound()


def test_a_stream_whose_frame_cannot_be_sent_fails(worker: Link) -> None:
    answer = worker.answer(worker.call("faulty.count", until=3, size=5_000_000))
    assert isinstance(answer, Failed)
    assert answer.key == "error.bug"
    assert worker.is_sound()


def test_an_interrupt_does_not_reach_it(worker: Link) -> None:
    os.kill(worker.process.pid, signal.SIGINT)
    assert worker.is_sound()


def test_no_memory_is_told_as_such() -> None:
    assert failure(1, MemoryError()).key == "error.memory"
    assert failure(1, torch.OutOfMemoryError()).key == "error.memory"


def test_it_ends_with_its_link_whatever_it_computes(worker: Link) -> None:
    process = psutil.Process(worker.process.pid)
    worker.call("faulty.spin")
    until(lambda: process.cpu_percent(0.1) > 50)
    worker.socket.shutdown(2)
    assert worker.process.wait(10) == 0
