"""Writes scalars as an event file that TensorBoard reads; needs nothing but the standard library.

Source: a record is its length (uint64), the length's masked CRC-32C, the data and the data's
masked CRC-32C, all little-endian (tensorflow/core/lib/io/record_writer.cc); the data is an `Event`
(tensorflow/core/util/event.proto) with one `Summary.Value` (summary.proto).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CASTAGNOLI = 0x82F63B78
"""The polynomial of CRC-32C, its bits in reverse."""


LAST_BYTE = 0x80
"""What a varint's last byte is less than."""


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (CASTAGNOLI if value & 1 else 0)
        table.append(value)
    return table


TABLE = _table()
"""The remainder for each byte."""


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of some bytes (RFC 3720, appendix B.4)."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def event_file(start: float, scalars: Iterable[tuple[str, int, float, float]]) -> Iterator[bytes]:
    """Yield the records of an event file.

    Args:
        start: When it begins, in seconds since 1970.
        scalars: For each value its tag, its step, when it was, and the value itself.
    """
    yield _record(_double(1, start) + _bytes(3, b"brain.Event:2"))
    for tag, step, at, value in scalars:
        told = _bytes(1, tag.encode()) + _varint(2 << 3 | 5) + struct.pack("<f", value)
        yield _record(
            _double(1, at) + _varint(2 << 3 | 0) + _varint(step) + _bytes(5, _bytes(1, told))
        )


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    """Return the checksum as records have it: rotated, and shifted by a constant."""
    value = crc32c(data)
    return struct.pack("<I", ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    """Return a non-negative whole number, seven bits a byte, the lowest first."""
    told = bytearray()
    while value >= LAST_BYTE:
        told.append(value % LAST_BYTE | LAST_BYTE)
        value //= LAST_BYTE
    return bytes([*told, value])


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data
