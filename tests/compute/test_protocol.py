import base64
import json
import math
import sys
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tutor.compute.protocol import (
    DTYPES,
    LONGEST_LINE,
    TYPES,
    Call,
    Cancel,
    Failed,
    Finished,
    Hello,
    Message,
    Pause,
    Progressed,
    ProtocolError,
    Restart,
    decode,
    encode,
)

ARRAY_KEYS = {"array", "dtype", "shape"}

NUMBERS = st.integers() | st.floats()
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda one: (
        st.lists(one, max_size=4)
        | st.dictionaries(st.text(), one, max_size=4).filter(lambda t: t.keys() != ARRAY_KEYS)
    ),
    max_leaves=12,
)
NUMPY = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda dtype: arrays.arrays(
        dtype, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
    )
)
VALUES = {
    "int": st.integers(),
    "float": st.integers() | st.floats(),
    "str": st.text(),
    "bool": st.booleans(),
    "dict[str, Any]": st.dictionaries(st.text(), PLAIN | NUMPY, max_size=4),
}


def filled(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{one.name: VALUES[str(one.type)] for one in fields(kind)})


def same(one: Any, other: Any) -> bool:
    """Compare as `==` does, but a NaN with a NaN as equal, and an array with its dtype."""
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same(one[key], other[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return type(one) is type(other) and bool(one == other)


def sent(frame: dict[str, Any]) -> dict[str, Any]:
    message = decode(encode(Finished(1, frame)))
    assert isinstance(message, Finished)
    return message.frame


@pytest.mark.parametrize("kind", TYPES.values())
def test_every_message_arrives_as_it_was_sent(kind: type[Any]) -> None:
    @settings(max_examples=50)
    @given(message=filled(kind))
    def arrives(message: Message) -> None:
        line = encode(message)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        received = decode(line)
        assert type(received) is kind
        for one in fields(kind):
            assert same(getattr(message, one.name), getattr(received, one.name))

    arrives()


def test_every_type_of_message_is_known_by_its_name() -> None:
    assert set(TYPES) == {kind.__name__.lower() for kind in TYPES.values()}
    assert {"call", "hello", "ready", "lost", "finished", "failed"} <= set(TYPES)


@given(NUMPY)
def test_an_array_arrives_with_its_dtype_shape_and_bits(array: np.ndarray) -> None:
    assert same(array, sent({"a": array})["a"])


@pytest.mark.parametrize("dtype", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 0, 2), (1,), (2, 3), (2, 1, 3, 1)])
def test_arrays_of_every_dtype_and_shape(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    assert same(array, sent({"a": array})["a"])


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[::2],
        lambda a: a[::-1, ::-1],
        lambda a: a[:, 1],
        np.asfortranarray,
        lambda a: np.broadcast_to(a[0], (3, 4)),
        lambda a: a[:, None, :],
    ],
)
def test_an_array_that_is_not_contiguous_arrives_in_its_order(view: Any) -> None:
    array = view(np.arange(12.0).reshape(3, 4))
    received = sent({"a": array})["a"]
    assert received.tolist() == array.tolist()


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4", ">i8", ">u2"])
def test_an_array_in_the_other_byte_order_keeps_its_numbers(dtype: str) -> None:
    assert sys.byteorder == "little"
    array = np.array([1, 2, 300], dtype=dtype)
    assert sent({"a": array})["a"].tolist() == [1, 2, 300]


def test_what_is_no_finite_number_arrives() -> None:
    frame = {
        "floats": [math.nan, math.inf, -math.inf, -0.0, 5e-324],
        "array": np.array([np.nan, np.inf, -np.inf, -0.0]),
        "single": np.array([np.nan, -np.inf], dtype=np.float32),
    }
    assert same(frame, sent(frame))


@pytest.mark.parametrize(
    ("scalar", "plain"),
    [
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(-7), -7),
        (np.uint8(255), 255),
        (np.bool_(1), True),
        (np.array(3.5), 3.5),
        (np.array(4, dtype=np.int16), 4),
    ],
)
def test_a_numpy_scalar_arrives_as_a_plain_number(scalar: Any, plain: float) -> None:
    received = sent({"x": scalar})["x"]
    assert received == plain
    assert type(received) is type(plain)


def test_a_tuple_arrives_as_a_list() -> None:
    assert sent({"x": (1, (2.5, "a"))}) == {"x": [1, [2.5, "a"]]}


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        1j,
        np.array([1j]),
        np.array([1], dtype=np.uint64),
        np.array([1], dtype=np.float16),
        np.array(["a"]),
        np.array([object()]),
        np.array([], dtype="datetime64[s]"),
    ],
)
def test_what_has_no_form_on_the_way_is_refused_when_it_is_sent(value: Any) -> None:
    with pytest.raises((TypeError, ProtocolError)):
        encode(Finished(1, {"x": value}))


def line_of(length: int) -> bytes:
    """Return a message that is `length` bytes long."""
    empty = len(encode(Failed(1, "bug", "", {})))
    return encode(Failed(1, "bug", "x" * (length - empty), {}))


def test_a_line_of_the_greatest_length_passes_and_a_longer_one_does_not() -> None:
    longest = line_of(LONGEST_LINE)
    assert len(longest) == LONGEST_LINE
    assert isinstance(decode(longest), Failed)
    with pytest.raises(ProtocolError, match=str(LONGEST_LINE)):
        line_of(LONGEST_LINE + 1)
    with pytest.raises(ProtocolError, match=str(LONGEST_LINE)):
        decode(longest[:-1] + b" \n")


def test_an_array_that_is_too_large_is_refused_when_it_is_sent() -> None:
    with pytest.raises(ProtocolError, match=str(LONGEST_LINE)):
        encode(Progressed(1, {"a": np.zeros(LONGEST_LINE)}))


def array_line(data: Any, dtype: Any, shape: Any) -> bytes:
    frame = {"a": {"array": data, "dtype": dtype, "shape": shape}}
    return json.dumps({"type": "finished", "id": 1, "frame": frame}).encode()


EIGHT = base64.b64encode(bytes(8)).decode()

LIES = [
    (EIGHT, "float64", [2]),
    (EIGHT * 2, "float64", []),
    (EIGHT, "float32", [1]),
    (EIGHT, "float64", [-1]),
    (EIGHT, "float64", [-1, -1]),
    (EIGHT, "float64", [1.0]),
    (EIGHT, "float64", [True]),
    (EIGHT, "float64", ["1"]),
    (EIGHT, "float64", [None]),
    (EIGHT, "float64", 1),
    (EIGHT, "float64", None),
    (EIGHT, "float64", "1"),
    (EIGHT, "float64", {"0": 1}),
    (EIGHT, "float64", [2**70]),
    (EIGHT, "float64", [2**32, 2**32]),
    (EIGHT, "float64", [1] * 100),
    (EIGHT, "uint64", [1]),
    (EIGHT, "object", [1]),
    (EIGHT, "O", [1]),
    (EIGHT, "complex64", [1]),
    (EIGHT, "<f8", [1]),
    (EIGHT, "V8", [1]),
    (EIGHT, "float64,float64", [1]),
    (EIGHT, "", [1]),
    (EIGHT, None, [1]),
    (EIGHT, 8, [1]),
    (EIGHT[:-1], "float64", [1]),
    (EIGHT + "!", "float64", [1]),
    ("ünïcode", "float64", [1]),
    ("", "float64", [1]),
    (None, "float64", [1]),
    (8, "float64", [1]),
    ([0] * 8, "uint8", [8]),
    ({"a": 1}, "float64", [1]),
]


@pytest.mark.parametrize(("data", "dtype", "shape"), LIES)
def test_a_lying_array_is_no_message(data: Any, dtype: Any, shape: Any) -> None:
    with pytest.raises(ProtocolError):
        decode(array_line(data, dtype, shape))


@pytest.mark.parametrize("dtype", [[], ["float64"], {}, {"name": "float64"}])
def test_a_dtype_that_is_no_word_is_no_message(dtype: Any) -> None:
    with pytest.raises(ProtocolError):
        decode(array_line(EIGHT, dtype, [1]))


@pytest.mark.parametrize("shape", [[0, 2**70], [2**70, 0], [0, 2**40, 2**40]])
def test_an_empty_array_of_an_enormous_shape_is_no_message(shape: list[int]) -> None:
    with pytest.raises(ProtocolError):
        decode(array_line("", "float64", shape))


def test_a_table_that_only_resembles_an_array_stays_a_table() -> None:
    frame = {"a": {"array": "", "dtype": "float64"}, "b": {"shape": [1]}}
    assert sent(frame) == frame


BAD_LINES = [
    b"",
    b"\n",
    b"{}",
    b"null",
    b"1",
    b'"call"',
    b"[]",
    b"true",
    b'{"type":"call"',
    b'{"type":"call"}',
    b'{"type":"nothing"}',
    b'{"type":"Call","id":1,"task":"a.b","params":{}}',
    b'{"type":null}',
    b'{"type":1}',
    b'{"type":"cancel","id":1,"more":2}',
    b'{"type":"cancel","id":"1"}',
    b'{"type":"cancel","id":1.0}',
    b'{"type":"cancel","id":true}',
    b'{"type":"cancel","id":null}',
    b'{"type":"cancel","id":[1]}',
    b'{"type":"pause","id":1,"paused":1}',
    b'{"type":"pause","id":1,"paused":"yes"}',
    b'{"type":"call","id":1,"task":2,"params":{}}',
    b'{"type":"call","id":1,"task":"a.b","params":[]}',
    b'{"type":"call","id":1,"task":"a.b","params":null}',
    b'{"type":"call","id":1,"task":"a.b","params":{},"frames_per_second":"10"}',
    b'{"type":"call","id":1,"task":"a.b","params":{},"frames_per_second":true}',
    b'{"type":"cancel","id":1}{"type":"cancel","id":2}',
    b'{"type":"cancel","id":1} and more',
    b"Welcome to Ubuntu 24.04 LTS",
    b"\x1b[31mred",
    b"\x00\x00\x00",
    b"\xff\xfe\xfd",
    b'{"type":"cancel","id":\xff}',
    b'{"type":"failed","id":1,"kind":"\xe9","key":"","values":{}}',
    b'{"type":"cancel","id":' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"type":"finished","id":1,"frame":{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    b'{"a":' * 50_000,
]


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: repr(line[:30]))
def test_a_line_that_is_no_message_is_refused_as_such(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(line)


@pytest.mark.parametrize("kind", [b"[]", b"{}", b'["call"]', b'{"call":1}'])
def test_a_type_that_is_no_word_is_no_message(kind: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(b'{"type":' + kind + b',"id":1}')


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(line: bytes) -> None:
    try:
        message = decode(line)
    except ProtocolError:
        return
    assert type(message) in TYPES.values()


WORDS = st.sampled_from([*TYPES, "", "x"]) | st.none() | NUMBERS
SHAPES = st.lists(st.integers(-2, 2**33), max_size=5) | PLAIN
LYING_ARRAYS = st.fixed_dictionaries(
    {
        "array": PLAIN | st.binary(max_size=40).map(lambda told: base64.b64encode(told).decode()),
        "dtype": st.sampled_from([*sorted(DTYPES), "object", "uint64", "S3", "", None, 1]),
        "shape": SHAPES,
    }
)
NAMES = sorted({one.name for kind in TYPES.values() for one in fields(kind)})
TABLES = st.builds(
    lambda kind, table: {"type": kind, **table},
    WORDS,
    st.dictionaries(st.sampled_from(NAMES), PLAIN | LYING_ARRAYS, max_size=6),
)


@given(TABLES)
def test_any_table_is_a_message_or_refused(table: dict[str, Any]) -> None:
    try:
        message = decode(json.dumps(table).encode())
    except ProtocolError:
        return
    assert type(message) in TYPES.values()


@given(filled(Finished), st.data())
def test_a_damaged_message_is_a_message_or_refused(message: Finished, data: st.DataObject) -> None:
    line = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(line) - 1))
        line[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(line)))
    try:
        received = decode(bytes(line[:cut]))
    except ProtocolError:
        return
    assert type(received) in TYPES.values()


def test_what_decoding_needs_numpy_for_is_arrays_only() -> None:
    assert decode(encode(Call(3, "bayes.posterior", {"prior": 0.1}))) == Call(
        3, "bayes.posterior", {"prior": 0.1}
    )
    assert decode(b'{"type":"restart"}') == Restart()
    assert decode(b' {"id": 4, "type": "cancel"} \r\n') == Cancel(4)
    assert decode(encode(Hello(1, 2))) == Hello(1, 2)
    assert decode(encode(Pause(1, paused=True))) == Pause(1, paused=True)


def test_a_lone_surrogate_crosses() -> None:
    assert sent({"name": "\udcff"}) == {"name": "\udcff"}
