"""The examples of a .npy file, read when they are asked for: for data that do not fit in memory."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tfmlp.errors import DataError

Array = npt.NDArray[Any]

_ALIGNMENT = 64  # bytes: TensorFlow takes an array that lies so without copying it


class RowFile:
    """Looks like the array that a .npy file holds, and reads only the examples that are indexed.

    Reads go through `pread`, not through a memory map: mapped pages would count as this process'
    memory, and a file that shrinks would kill it.

    Args:
      path: A .npy file of uint8 or float32 in C order, [n, ...].
      rows: The numbers of its examples, in this order; all of them if None.

    Attributes:
      shape: (n, ...).
      dtype: uint8 or float32.

    Raises:
      DataError: when it is not such a file.
    """

    def __init__(self, path: Path, rows: Array | None = None):
        self.path, self._rows = path, rows
        array = _mapped(path)
        example_shape = array.shape[1:]
        if array.ndim == 3:  # gray images without their channel
            example_shape = (*example_shape, 1)
        self.dtype: np.dtype[Any] = array.dtype
        count = len(array) if rows is None else len(rows)
        self.shape: tuple[int, ...] = (count, *example_shape)
        self._offset = array.offset
        self._example_bytes = int(np.prod(example_shape)) * array.dtype.itemsize
        self._file = open(path, "rb", buffering=0)  # as long as this object lives

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes that the examples would take in memory."""
        return self.shape[0] * self._example_bytes

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, numbers: Array) -> "RowFile":
        """Returns the same file with some of these examples only; reads nothing."""
        rows = np.arange(len(self)) if self._rows is None else self._rows
        return RowFile(self.path, rows[numbers])

    def __getitem__(self, index: slice | Array) -> Array:
        """Reads examples [b, ...], by a slice or by their numbers."""
        numbers = index
        if isinstance(numbers, slice):
            numbers = np.arange(*numbers.indices(len(self)))
        rows = np.asarray(numbers) if self._rows is None else self._rows[numbers]
        values = _aligned((len(rows), *self.shape[1:]), self.dtype)
        memory = values.reshape(-1).view(np.uint8).data
        size, descriptor = self._example_bytes, self._file.fileno()
        # Examples that follow one another in the file are read at once.
        firsts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        counts = np.diff(firsts, append=len(rows))
        for first, count in zip(firsts.tolist(), counts.tolist()):
            place, at = first * size, self._offset + int(rows[first]) * size
            end = place + count * size
            while place < end:  # one call reads at most 2 GB
                read = os.preadv(descriptor, [memory[place:end]], at)
                if not read:
                    raise DataError(f"{self.path} became shorter while it was read.")
                place, at = place + read, at + read
        return values


Features = Array | RowFile


def _mapped(path: Path) -> "np.memmap[Any, np.dtype[Any]]":
    """Returns the file's array, of which only the header was read and held against the length."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
    except Exception as error:
        # NumPy parses the header as Python, and raises whatever that stumbled over.
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not a whole .npy file of plain numbers ({reason}).") from None
    if (
        isinstance(array, np.memmap)
        and array.dtype in (np.uint8, np.float32)
        and array.ndim >= 2
        and array.flags.c_contiguous
    ):
        return array
    what = type(array).__name__
    if isinstance(array, np.ndarray):
        what = f"{array.dtype} {array.shape}"
    raise DataError(
        f"{path}: expected uint8 or float32 rows [n, ...] in C order, to be read from disk;"
        f" received {what}."
    )


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    first = -memory.ctypes.data % _ALIGNMENT
    return memory[first : first + size].view(dtype).reshape(shape)
