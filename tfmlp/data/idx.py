"""IDX files, the format of the original MNIST.

A magic number (two zero bytes, a type, the number of dimensions), each dimension as a big-endian
32-bit number, then the values. Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten
digits".
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfmlp import files
from tfmlp.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 24  # bytes; memory grows with what the file holds, never with what its header claims


def read_idx(path: Path) -> tuple[np.ndarray, str]:
    """Reads an IDX file, gzipped or not (told by its first bytes, not by its name).

    Args:
      path: The file.

    Returns:
      The values, in the file's type and shape, and the sha256 of the unpacked bytes.

    Raises:
      DataError: when the file cannot be read or is not a whole IDX file.
    """
    try:
        files.require_regular(path)
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            # deflate packs at most about a thousandfold.
            return _read(
                gzip.open(raw) if packed else raw,
                path,
                path.stat().st_size * 1100 if packed else None,
            )
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{path} is a damaged gzip file ({error}): replace it by a whole copy."
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None


def _read(file: BinaryIO, path: Path, most: int | None) -> tuple[np.ndarray, str]:
    """Reads an open file, which holds at most so many bytes; None for as many as the file on disk
    has.
    """
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= 8:
        raise DataError(
            f"{path}: expected an IDX file, which starts with 00 00, a type and a number of"
            f" dimensions; received {head.hex(' ') or 'an empty file'}."
        )
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise DataError(f"{path} ends within its header: replace it by a whole copy.")
    shape = struct.unpack(f">{head[3]}I", sizes)
    dtype = np.dtype(_TYPES[head[2]])
    expected = math.prod(shape) * dtype.itemsize
    most = path.stat().st_size - 4 - 4 * head[3] if most is None else most
    files.require_memory(path, min(expected, most))
    body = bytearray()
    while len(body) < expected <= most and (chunk := file.read(min(_CHUNK, expected - len(body)))):
        body += chunk
    if len(body) < expected or file.read(1):
        received = (
            f"{len(body):,}"
            if body and len(body) < expected
            else f"at most {most:,}"
            if expected > most
            else "more"
        )
        raise DataError(
            f"{path}: its header promises {'x'.join(map(str, shape))} values, {expected:,} bytes;"
            f" received {received}. Replace it by a whole copy."
        )
    digest = hashlib.sha256(head + sizes)
    digest.update(body)
    if not expected:
        raise DataError(
            f"{path}: expected values; its header promises none ({'x'.join(map(str, shape))})."
        )
    return (
        np.frombuffer(body, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False),
        digest.hexdigest(),
    )
