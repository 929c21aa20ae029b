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
from typing import BinaryIO, cast

import numpy as np

from tfmlp import files
from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 24  # bytes; memory grows with what the file holds, never with what its header claims
_PACKED = 1100  # deflate packs at most about a thousandfold


def read_idx(path: Path) -> tuple[Array, str]:
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
        size = path.stat().st_size
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if packed:
                return _read(cast(BinaryIO, gzip.open(raw)), path, size * _PACKED)
            return _read(raw, path, size)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{path} is a damaged gzip file ({error}): replace it by a whole copy."
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None


def _read(file: BinaryIO, path: Path, length: int) -> tuple[Array, str]:
    """Reads an open file of at most so many (unpacked) bytes."""
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= 8:
        raise DataError(
            f"{path}: expected an IDX file, which starts with 00 00, a type and a number of"
            f" dimensions; received {head.hex(' ') or 'an empty file'}."
        )
    dimensions = head[3]
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise DataError(f"{path} ends within its header: replace it by a whole copy.")
    shape = struct.unpack(f">{dimensions}I", sizes)
    shown_shape = "x".join(map(str, shape))
    dtype = np.dtype(_TYPES[head[2]])
    expected = math.prod(shape) * dtype.itemsize
    most = length - len(head) - len(sizes)
    files.require_memory(path, min(expected, most))
    body = bytearray()
    while len(body) < expected <= most and (chunk := file.read(min(_CHUNK, expected - len(body)))):
        body += chunk
    if len(body) < expected or file.read(1):
        received = "more"
        if expected > most:
            received = f"at most {most:,}"
        elif len(body) < expected:
            received = f"{len(body):,}"
        raise DataError(
            f"{path}: its header promises {shown_shape} values, {expected:,} bytes;"
            f" received {received}. Replace it by a whole copy."
        )
    if not expected:
        raise DataError(f"{path}: expected values; its header promises none ({shown_shape}).")
    digest = hashlib.sha256(head + sizes)
    digest.update(body)
    values = np.frombuffer(body, dtype).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False), digest.hexdigest()
