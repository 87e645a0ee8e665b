"""IDX, the format of MNIST: reading what may be damaged or lie, and writing it.

A file is two zero bytes, the type of the elements, the number of dimensions, one 32-bit size for
each of them, then the elements row by row; every number is big-endian. It may be gzipped.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section on file formats,
http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from tutor.errors import TutorError
from tutor.safe import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
"""The type of the elements on disk by its code in the header."""

LARGEST = 1 << 30
"""The size in bytes above which the elements are not read; those of MNIST take 47 MB."""

MOST_DIMENSIONS = 64
"""The most dimensions that a numpy array has; the format could count to 255."""

HIGHEST_SIZE = (1 << 32) - 1
"""The greatest size that a dimension has in the format."""

CHUNK = 1 << 20
"""How many bytes are read at a time, and so how much more than what is there is ever held."""

GZIP_MAGIC = b"\x1f\x8b"
"""How a gzipped file begins."""

_CODES = {(dtype.kind, dtype.itemsize): code for code, dtype in TYPES.items()}


def read(file: BinaryIO | bytes, *, largest: int = LARGEST, name: str = "") -> NDArray[Any]:
    """Return the array in an IDX file, gzipped or not.

    The sizes in the header are compared with `largest`, and with the length of a file that is not
    gzipped, before anything is allocated. A gzipped one is expanded as far as its header promises
    and not a byte further, so memory never exceeds what is really there by more than `CHUNK`.

    Args:
        file: The content, or a binary file that can seek, read from where it stands to its end.
        largest: The most bytes that the elements may take.
        name: What messages call the file; else its path.

    Returns:
        A writable array of uint8, int8, int16, int32, float32 or float64 in the machine's byte
        order, with the shape in the header.

    Raises:
        TutorError: if the file cannot be read, is no IDX file, is cut off or damaged, has
            anything after its last element, or is larger than `largest`.
    """
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    name = one_line(name or getattr(stream, "name", "") or "IDX")
    try:
        return _read(*_expanded(stream), largest, name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TutorError("error.data.gzip", file=name, detail=one_line(error)) from error
    except OSError as error:
        detail = one_line(error.strerror or error)
        raise TutorError("error.data.unreadable", file=name, detail=detail) from error


def read_path(path: Path, *, largest: int = LARGEST) -> NDArray[Any]:
    """Return the array in the IDX file at `path`, as `read` does.

    Raises:
        TutorError: as `read`, and if there is no such file.
    """
    try:
        if not path.is_file():
            raise TutorError("error.data.no_file", file=one_line(path))
        file = path.open("rb")
    except OSError as error:
        detail = one_line(error.strerror or error)
        raise TutorError("error.data.unreadable", file=one_line(path), detail=detail) from error
    with file:
        return read(file, largest=largest, name=str(path))


def write(array: NDArray[Any]) -> bytes:
    """Return an array as the content of an IDX file, not gzipped.

    Args:
        array: Of uint8, int8, int16, int32, float32 or float64, in any byte order and layout.

    Raises:
        TutorError: if the format or `read` has no place for its type, dimensions or sizes.
    """
    begin = header(array)
    return begin + array.astype(TYPES[begin[2]]).tobytes()


def header(array: NDArray[Any]) -> bytes:
    """Return what stands before the elements of `array` in an IDX file; raises as `write`."""
    code = _CODES.get((array.dtype.kind, array.dtype.itemsize))
    if code is None or array.ndim > MOST_DIMENSIONS or max(array.shape, default=0) > HIGHEST_SIZE:
        shape = one_line(array.shape)
        raise TutorError("error.data.idx_write", dtype=one_line(array.dtype), shape=shape)
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)


def _expanded(file: BinaryIO) -> tuple[BinaryIO, int | None]:
    """Return a file's content without compression, and its length where that is known."""
    start = file.tell()
    magic = _take(file, len(GZIP_MAGIC))
    end = file.seek(0, io.SEEK_END)
    file.seek(start)
    if magic == GZIP_MAGIC:
        return gzip.GzipFile(fileobj=file, mode="rb"), None  # type: ignore[return-value]
    return file, end - start


def _read(file: BinaryIO, length: int | None, largest: int, name: str) -> NDArray[Any]:
    dtype, shape = _header(file, name)
    claimed = dtype.itemsize * math.prod(max(size, 1) for size in shape)
    if claimed > largest:
        shown = one_line(" × ".join(map(str, shape)))
        raise TutorError("error.data.idx_large", file=name, shape=shown, largest=largest)
    expected = 0 if 0 in shape else claimed
    if length is not None:
        _compare(length - 4 - 4 * len(shape), expected, name)
    elements = _take(file, expected + 1)
    _compare(len(elements), expected, name)
    array = np.frombuffer(elements, dtype) if elements else np.empty(0, dtype)
    if not dtype.isnative:
        array = array.byteswap(inplace=True).view(dtype.newbyteorder())
    return array.reshape(shape)


def _header(file: BinaryIO, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = _take(file, 4)
    if magic[:2] != bytes(2)[: len(magic)]:
        raise TutorError("error.data.idx_magic", file=name, found=magic.hex(" "))
    _compare(min(len(magic), 4), 4, name)
    code, dimensions = magic[2:]
    if code not in TYPES:
        raise TutorError("error.data.idx_type", file=name, found=f"{code:02X}")
    if dimensions > MOST_DIMENSIONS:
        raise TutorError(
            "error.data.idx_dimensions", file=name, found=dimensions, most=MOST_DIMENSIONS
        )
    sizes = _take(file, 4 * dimensions)
    _compare(len(sizes), 4 * dimensions, name)
    return TYPES[code], struct.unpack(f">{dimensions}I", sizes)


def _compare(found: int, expected: int, name: str) -> None:
    """Refuse a part of the file that has fewer or more bytes than expected."""
    if found < expected:
        raise TutorError("error.data.idx_short", file=name, found=found, expected=expected)
    if found > expected:
        raise TutorError("error.data.idx_long", file=name, expected=expected)


def _take(file: BinaryIO, count: int) -> bytearray:
    """Read `count` bytes, or all that are there, holding no more than those."""
    taken = bytearray()
    while chunk := file.read(min(CHUNK, count - len(taken))):
        taken += chunk
    return taken
