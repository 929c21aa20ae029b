"""MATLAB 5 files: their structure, held against the file's length before SciPy reads it.

SciPy's reader trusts what it reads: a wrong type number in an uncompressed file ends the process,
and a size that a header claims is allocated. Layout: "MAT-File Format", The MathWorks.
"""

import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from tfmlp import files
from tfmlp.errors import DataError

_MAGIC = b"MATLAB 5.0 MAT-file"
_HEADER = 128  # bytes of text, and the mark of the byte order at their end
_HEAD = 4096  # bytes of a variable in which its header, as short as it is, must end
# Bytes of a value, by the number of its type.
_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED, _UTF8 = 1, 5, 6, 14, 15, 16
_NUMERIC_CLASSES, _OPAQUE = range(6, 16), 17
_OTHER_CLASSES = {1: "a cell array", 2: "a struct", 3: "an object", 4: "text", 5: "a sparse matrix"}


def check_mat(path: Path, names: tuple[str, ...]) -> None:
    """Checks that a file is a MATLAB 5 file in which some variables are plain numeric arrays, as
    large as their headers say.

    Args:
      path: The file.
      names: The variables that will be read; of others only the header is looked at, as SciPy does.

    Raises:
      DataError: when it is not such a file.
    """
    try:
        files.require_regular(path)
        with open(path, "rb") as file:
            head = file.read(_HEADER)
            if not head.startswith(_MAGIC):
                start = f"a file that starts with {head[: len(_MAGIC)]!r}"
                raise DataError(
                    f"{path}: expected a MATLAB 5 .mat file; received"
                    f" {start if head else 'an empty file'}. MATLAB 7.3 files must be saved again"
                    " with -v7."
                )
            order = {b"IM": "<", b"MI": ">"}.get(head[126:128])
            if order is None:
                raise _Damaged("its header ends too soon")
            size = _check_variables(file, path.stat().st_size, order, names)
    except _Unfit as error:
        raise DataError(f"{path}: {error}") from None
    except _Damaged as error:
        raise DataError(
            f"{path} is a damaged .mat file ({error}): replace it by a whole copy."
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None
    files.require_memory(path, size)


class _Damaged(Exception):
    """What is wrong with a file."""


class _Unfit(Exception):
    """What a whole file holds instead of what is wanted."""


def _check_variables(file: BinaryIO, length: int, order: str, names: tuple[str, ...]) -> int:
    """Checks one variable after the other; returns the bytes that they take when unpacked."""
    size, at = 0, _HEADER
    while at < length:
        file.seek(at)
        tag = file.read(8)
        if len(tag) < 8:
            raise _Damaged("it ends within a variable")
        kind, count = struct.unpack(f"{order}II", tag)
        if kind not in (_MATRIX, _COMPRESSED) or at + 8 + count > length:
            raise _Damaged(
                f"a variable of type {kind} and {count:,} bytes at byte {at:,} of {length:,}"
            )
        content, unpacked = file.read(min(count, _HEAD)), count
        if kind == _COMPRESSED:
            content, unpacked = _unpacked(content, count, order)
        size += _check_matrix(content, unpacked, order, names)
        at += 8 + count
    return size


def _unpacked(packed: bytes, count: int, order: str) -> tuple[bytes, int]:
    """Returns the beginning of a compressed variable of `count` bytes, and the bytes that all of it
    takes.
    """
    try:
        content = zlib.decompressobj().decompress(packed, _HEAD)
    except zlib.error as error:
        raise _Damaged(str(error)) from None
    if len(content) < 8:
        raise _Damaged("a compressed variable without a header")
    kind, unpacked = struct.unpack_from(f"{order}II", content)
    if kind != _MATRIX:
        raise _Damaged(f"a compressed variable of type {kind}")
    # zlib packs at most about a thousandfold.
    if unpacked > 1100 * count + _HEAD:
        raise _Damaged(f"{unpacked:,} bytes in {count:,} compressed ones")
    return content[8:], unpacked


def _check_matrix(content: bytes, count: int, order: str, names: tuple[str, ...]) -> int:
    """Checks an array's header against the bytes that the array has; returns how many of them will
    be read.
    """
    flags, at = _element(content, 0, order)
    if flags != (_UINT32, 8):
        raise _Damaged(f"array flags of type {flags[0]} and {flags[1]} bytes")
    (bits,) = _take(content, at, f"{order}I")
    array_class, is_complex = bits & 0xFF, bits & 0x800
    at += 8
    if array_class == _OPAQUE:
        return 0
    (kind, size), start = _element(content, at, order)
    if kind not in (_INT32, _UINT32) or not 8 <= size <= 128 or size % 4:
        raise _Damaged(f"dimensions of type {kind} and {size} bytes")
    shape = _take(content, start, f"{order}{size // 4}i")
    at = _end(at, start, size)
    (kind, size), start = _element(content, at, order)
    if kind not in (_INT8, _UTF8) or size > 63:
        raise _Damaged(f"a name of type {kind} and {size} bytes")
    name = bytes(content[start : start + size]).decode("latin-1")
    if name not in names:
        return 0
    if array_class not in _NUMERIC_CLASSES or is_complex:
        other = "complex numbers" if is_complex else f"an array of class {array_class}"
        what = _OTHER_CLASSES.get(array_class, other)
        raise _Unfit(f"{name} must be a plain array of numbers; received {what}.")
    at = _end(at, start, size)
    (kind, size), start = _element(content, at, order)
    if (
        kind not in _ITEM_BYTES
        or min(shape) < 0
        or math.prod(shape) * _ITEM_BYTES[kind] != size
        or start + size > count
    ):
        raise _Damaged(
            f"{name} claims {'x'.join(map(str, shape))} values of type {kind} in {size:,} bytes"
        )
    return count


def _element(content: bytes, at: int, order: str) -> tuple[tuple[int, int], int]:
    """Returns an element's type and size in bytes, and where its values begin: four bytes after a
    short tag, eight after a long one.
    """
    (first,) = _take(content, at, f"{order}I")
    if first >> 16:
        return (first & 0xFFFF, first >> 16), at + 4
    return (first, _take(content, at + 4, f"{order}I")[0]), at + 8


def _end(at: int, start: int, size: int) -> int:
    """Returns where the element after this one begins: on a multiple of eight."""
    return at + 8 if start == at + 4 else start + -(-size // 8) * 8


def _take(content: bytes, at: int, form: str) -> tuple[int, ...]:
    if at + struct.calcsize(form) > len(content):
        raise _Damaged("it ends within a variable's header")
    return struct.unpack_from(form, content, at)
