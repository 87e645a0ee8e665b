import gzip
import io
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from numpy.typing import NDArray

from tutor.data import idx
from tutor.errors import TutorError

DTYPES = [f"{order}{kind}" for kind in ("u1", "i1", "i2", "i4", "f4", "f8") for order in "<>"]

arrays = numpy_st.arrays(
    dtype=st.sampled_from(DTYPES),
    shape=numpy_st.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5),
)


@contextmanager
def little_memory(most: int = 4 * idx.CHUNK) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def refused(content: bytes, **options: Any) -> TutorError:
    with pytest.raises(TutorError) as caught:
        idx.read(content, **options)
    assert str(caught.value)
    return caught.value


def tried(content: bytes) -> NDArray[Any] | None:
    """Read what may be anything: an array, or None if it was refused with a message."""
    try:
        return idx.read(content)
    except TutorError as error:
        return None if str(error) else np.zeros(0)


def made(code: int, *sizes: int, body: bytes = b"") -> bytes:
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, code, len(sizes), *sizes) + body


@given(arrays, st.booleans())
def test_what_is_written_is_read(array: NDArray[Any], zipped: bool) -> None:  # noqa: FBT001
    content = idx.write(array)
    found = idx.read(gzip.compress(content) if zipped else content)
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.dtype.isnative
    assert found.shape == array.shape
    assert found.tobytes() == array.astype(found.dtype).tobytes()
    assert found.flags.writeable


@given(arrays)
def test_the_layout_in_memory_does_not_matter(array: NDArray[Any]) -> None:
    assert np.array_equal(idx.read(idx.write(array.T)), array.T, equal_nan=True)
    assert idx.write(np.array(array, order="F")) == idx.write(array)


def test_the_bytes_are_those_of_the_format() -> None:
    assert idx.write(np.array([[1, 2, 3]], "u1")) == bytes.fromhex(
        "00000802 00000001 00000003 010203"
    )
    assert idx.write(np.array([-2], "i2")) == bytes.fromhex("00000b01 00000001 fffe")
    assert idx.write(np.array(1.0, "f4")) == bytes.fromhex("00000d00 3f800000")
    assert idx.write(np.array([258], "i4")) == bytes.fromhex("00000c01 00000001 00000102")
    assert idx.write(np.array([0.5], "f8")) == bytes.fromhex("00000e01 00000001 3fe0000000000000")


def test_as_many_dimensions_as_numpy_has() -> None:
    array = np.zeros((1,) * 62 + (2, 3), "i2")
    assert idx.read(idx.write(array)).shape == array.shape


@pytest.mark.parametrize("dtype", ["u2", "i8", "f2", "?", "c8", "U1", "O"])
def test_what_the_format_has_no_place_for_is_not_written(dtype: str) -> None:
    with pytest.raises(TutorError) as caught:
        idx.write(np.zeros(2, dtype))
    assert caught.value.key == "error.data.idx_write"


@given(arrays, st.data())
def test_every_cut_is_noticed(array: NDArray[Any], data: st.DataObject) -> None:
    content = idx.write(array)
    length = data.draw(st.integers(0, len(content) - 1))
    assert refused(content[:length]).key == "error.data.idx_short"


@given(arrays, st.binary(min_size=1), st.booleans())
def test_nothing_may_follow(array: NDArray[Any], rest: bytes, zipped: bool) -> None:  # noqa: FBT001
    content = idx.write(array) + rest
    refusal = refused(gzip.compress(content) if zipped else content)
    assert refusal.key == "error.data.idx_long"


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda rest: made(8, 1) + rest))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    array = tried(content)
    assert array is None or idx.write(array) == content


@given(
    st.sampled_from(sorted(idx.TYPES)),
    st.lists(st.integers(0, 2**32 - 1), max_size=70),
    st.binary(max_size=64),
    st.booleans(),
)
def test_a_lying_header_is_read_or_refused(
    code: int,
    sizes: list[int],
    body: bytes,
    zipped: bool,  # noqa: FBT001
) -> None:
    content = made(code, *sizes, body=body)
    array = tried(gzip.compress(content) if zipped else content)
    assert array is None or idx.write(array) == content


@settings(max_examples=300)
@given(st.data())
def test_a_changed_byte_in_a_gzipped_file_is_noticed_or_harmless(data: st.DataObject) -> None:
    array = np.arange(600, dtype="i2").reshape(20, 30)
    content = bytearray(gzip.compress(idx.write(array), mtime=0))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    found = tried(bytes(content))
    assert found is None or np.array_equal(found, array)


@given(st.data())
def test_every_cut_in_a_gzipped_file_is_noticed(data: st.DataObject) -> None:
    content = gzip.compress(idx.write(np.arange(600, dtype="i2")))
    length = data.draw(st.integers(2, len(content) - 1))
    assert refused(content[:length]).key == "error.data.gzip"


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "sizes", [(2**32 - 1,) * 4, (2**32 - 1,) * 64, (0, 2**32 - 1, 2**32 - 1), (1 << 20, 1 << 20)]
)
def test_a_header_that_claims_terabytes_allocates_nothing(
    sizes: tuple[int, ...],
    zipped: bool,  # noqa: FBT001
) -> None:
    content = made(0x0E, *sizes, body=bytes(100))
    content = gzip.compress(content) if zipped else content
    with little_memory():
        assert refused(content).key == "error.data.idx_large"


@pytest.mark.parametrize("zipped", [False, True])
def test_a_header_that_claims_what_may_be_but_is_not_there_allocates_nothing(
    zipped: bool,  # noqa: FBT001
) -> None:
    content = made(0x08, idx.LARGEST, body=bytes(100))
    content = gzip.compress(content) if zipped else content
    with little_memory():
        assert refused(content).key == "error.data.idx_short"


def test_a_gzip_bomb_stops_at_the_declared_size() -> None:
    bomb = gzip.compress(made(0x08, 10, body=bytes(100_000_000)), 1)
    with little_memory():
        assert refused(bomb).key == "error.data.idx_long"


def test_a_bomb_that_does_not_lie_is_too_large() -> None:
    bomb = gzip.compress(made(0x08, 3_000_000, body=bytes(3_000_000)))
    assert refused(bomb, largest=1_000_000).key == "error.data.idx_large"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "idx_short"),
        (b"\0\0\x08", "idx_short"),
        (b"<!DOCTYPE html>", "idx_magic"),
        (b"\x89PNG\r\n", "idx_magic"),
        (b"\0\0\x0a\1\0\0\0\0", "idx_type"),
        (b"\0\0\x08\xff" + bytes(1020), "idx_dimensions"),
        (b"\x1f\x8b", "gzip"),
        (b"\x1f\x8b\x08\0 is no gzip", "gzip"),
        (gzip.compress(gzip.compress(made(8, 1, body=b"1"))), "idx_magic"),
        (gzip.compress(made(8, 1, body=b"1")) + b"rest", "gzip"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, key: str) -> None:
    refusal = refused(content, name="some\x1bfile")
    assert refusal.key == f"error.data.{key}"
    assert "some\\x1bfile" in str(refusal)


def test_a_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    content = idx.write(np.array([7], "u1"))
    file = io.BytesIO(b"before" + content)
    file.seek(6)
    assert idx.read(file).tolist() == [7]


@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_path_is_read(tmp_path: Path, buffering: int) -> None:
    array = np.arange(3_000_000, dtype="u1")
    path = tmp_path / "one"
    path.write_bytes(idx.write(array))
    assert np.array_equal(idx.read_path(path), array)
    with path.open("rb", buffering=buffering) as file:
        assert np.array_equal(idx.read(file), array)


def test_the_path_is_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes(made(8, 5, body=b"1234"))
    with pytest.raises(TutorError, match="cut off") as caught:
        idx.read_path(path)
    assert str(path) in str(caught.value)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing", Path("/dev/zero")):
        with pytest.raises(TutorError) as caught:
            idx.read_path(path)
        assert caught.value.key == "error.data.no_file"
