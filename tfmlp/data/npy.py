"""One array in NumPy's .npy format, its header held against its bytes before memory is taken."""

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from tfmlp import files
from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError

_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def check_header(file: IO[bytes], name: str, length: int) -> None:
    """Holds an array's header against the bytes that there are.

    Args:
      file: An open .npy file, at its beginning.
      name: What a message calls the array.
      length: The file's bytes.

    Raises:
      ValueError: when they differ, or the values are not plain ones.
    """
    version = np.lib.format.read_magic(file)
    reader = _HEADER_READERS.get(version)
    if reader is None:
        raise ValueError(
            f"{name} is of version {'.'.join(map(str, version))} of the format, whose arrays are"
            " not plain"
        )
    shape, _, dtype = reader(file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects")
    expected = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or file.tell() + expected != length:
        raise ValueError(
            f"the header of {name} promises {'x'.join(map(str, shape)) or 'one'} of {dtype},"
            f" {expected:,} bytes; there are {length - file.tell():,}"
        )


def read_npy(path: Path) -> Array:
    """Reads a .npy file.

    Raises:
      DataError: when it is not a whole file of plain numbers.
    """
    try:
        files.require_regular(path)
        files.require_memory(path, path.stat().st_size)
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                check_header(file, path.stem, path.stat().st_size)
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except DataError:
        raise
    except Exception as error:
        # NumPy parses the header as Python, and raises whatever that stumbled over.
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not a whole .npy file of plain numbers ({reason}).") from None
    if not isinstance(array, np.ndarray):
        raise DataError(
            f"{path}: expected one array; received an archive: name it .npz and use"
            " arrays:FILE.npz."
        )
    return array
