import os
from typing import Any

import pytest
import torch

from tutor.compute import device

DRIVER_ERRORS = [
    RuntimeError("CUDA driver initialization failed, you might not have a CUDA gpu."),
    RuntimeError("CUDA error: no kernel image is available for execution on the device"),
    RuntimeError("Found no NVIDIA driver on your system."),
    AssertionError("Torch not compiled with CUDA enabled"),
    NotImplementedError("Could not run 'aten::empty.memory_format' with the 'MPS' backend."),
    *(
        [torch.AcceleratorError("CUDA error: out of memory", 2)]
        if hasattr(torch, "AcceleratorError")
        else []
    ),
    *(
        [torch.OutOfMemoryError("CUDA out of memory.")]
        if hasattr(torch, "OutOfMemoryError")
        else []
    ),
]

ACCELERATORS = ("cuda", "mps")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with a machine that has neither CUDA nor MPS, whatever this one has."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def offer(monkeypatch: pytest.MonkeyPatch, kind: str, answer: Any) -> None:
    """Let torch say, or raise, `answer` when it is asked for an accelerator."""

    def asked() -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    module = torch.cuda if kind == "cuda" else torch.backends.mps
    monkeypatch.setattr(module, "is_available", asked)


def compute_on(monkeypatch: pytest.MonkeyPatch, kind: str, result: Any) -> None:
    """Let a tensor made on an accelerator be on the CPU instead, or raise `result`."""
    ones = torch.ones

    def made(*size: int, device: str) -> torch.Tensor:
        assert device == kind
        if isinstance(result, BaseException):
            raise result
        return result * ones(*size)

    monkeypatch.setattr(torch, "ones", made)


@pytest.mark.parametrize("wanted", ["auto", "cpu"])
def test_without_an_accelerator_it_is_the_cpu(wanted: str) -> None:
    assert device.choose(wanted) == torch.device("cpu")


@pytest.mark.parametrize("wanted", ["cuda", "mps", "tpu", ""])
def test_a_device_that_is_not_there_is_named(wanted: str) -> None:
    with pytest.raises(device.DeviceError, match=f"^{wanted}$"):
        device.choose(wanted)


@pytest.mark.parametrize("kind", ACCELERATORS)
def test_an_accelerator_that_computes_is_used(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    offer(monkeypatch, kind, answer=True)
    compute_on(monkeypatch, kind, 1)
    assert device.choose(kind) == torch.device(kind)
    assert device.choose("auto") == torch.device(kind)


def test_cuda_goes_before_mps_and_the_cpu_can_still_be_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in ACCELERATORS:
        offer(monkeypatch, kind, answer=True)
    compute_on(monkeypatch, "cuda", 1)
    assert device.choose("auto") == torch.device("cuda")
    assert device.choose("cpu") == torch.device("cpu")


@pytest.mark.parametrize("kind", ACCELERATORS)
@pytest.mark.parametrize("error", DRIVER_ERRORS, ids=lambda error: type(error).__name__)
def test_an_accelerator_that_raises_when_it_computes_is_not_used(
    monkeypatch: pytest.MonkeyPatch, kind: str, error: Exception
) -> None:
    offer(monkeypatch, kind, answer=True)
    compute_on(monkeypatch, kind, error)
    assert device.choose("auto") == torch.device("cpu")
    with pytest.raises(device.DeviceError, match=f"^{kind}$"):
        device.choose(kind)


@pytest.mark.parametrize("kind", ACCELERATORS)
@pytest.mark.parametrize("wrong", [0, 2, float("nan")])
def test_an_accelerator_that_computes_wrongly_is_not_used(
    monkeypatch: pytest.MonkeyPatch, kind: str, wrong: float
) -> None:
    offer(monkeypatch, kind, answer=True)
    compute_on(monkeypatch, kind, wrong)
    assert device.choose("auto") == torch.device("cpu")


@pytest.mark.parametrize("kind", ACCELERATORS)
@pytest.mark.parametrize("error", DRIVER_ERRORS, ids=lambda error: type(error).__name__)
def test_a_driver_that_raises_when_it_is_asked_for_is_not_used(
    monkeypatch: pytest.MonkeyPatch, kind: str, error: Exception
) -> None:
    offer(monkeypatch, kind, answer=error)
    assert device.choose("auto") == torch.device("cpu")
    with pytest.raises(device.DeviceError, match=f"^{kind}$"):
        device.choose(kind)


def test_a_broken_cuda_does_not_hide_a_working_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "cuda", answer=True)
    offer(monkeypatch, "mps", answer=True)
    ones = torch.ones

    def made(*size: int, device: str) -> torch.Tensor:
        if device == "cuda":
            raise RuntimeError("CUDA driver version is insufficient")
        return ones(*size)

    monkeypatch.setattr(torch, "ones", made)
    assert device.choose("auto") == torch.device("mps")


def test_the_cpu_has_a_name() -> None:
    assert device.describe(torch.device("cpu"))


def test_the_name_of_a_gpu_leaves_its_maker_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H100 80GB HBM3")
    assert device.describe(torch.device("cuda")) == "H100 80GB HBM3"


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (16, 15)])
def test_one_core_is_left_to_the_screen(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    told: list[int] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    assert device.leave_a_core() == threads
    assert told == [threads]


@pytest.mark.parametrize(("cores", "threads"), [(None, 1), (1, 1), (8, 7)])
def test_cores_are_counted_where_affinity_is_unknown(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    assert device.leave_a_core() == threads
