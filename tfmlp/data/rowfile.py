"""The rows of a .npy file, read when they are asked for: for data that do not fit in memory."""

import os
from pathlib import Path

import numpy as np

from tfmlp.errors import DataError

_ALIGNMENT = 64  # bytes: TensorFlow takes an array that lies so without copying it


class RowFile:
    """Looks like the array that a .npy file holds, and reads only the rows that are indexed.

    Reads go through `pread`, not through a memory map: mapped pages would count as this process'
    memory, and a file that shrinks would kill it.

    Args:
      path: A .npy file of uint8 or float32 in C order, [n, ...].
      rows: Which of its rows, in this order; all of them if None.

    Attributes:
      shape: (n, ...).
      dtype: uint8 or float32.

    Raises:
      DataError: when it is not such a file.
    """

    def __init__(self, path: Path, rows: np.ndarray | None = None):
        self.path, self._rows = path, rows
        try:
            array = np.load(
                path, mmap_mode="r", allow_pickle=False
            )  # reads the header, and that the file is as long as it says
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
        except (
            Exception
        ) as error:  # NumPy parses the header as Python, and raises whatever that stumbled over
            raise DataError(
                f"{path} is not a whole .npy file of plain numbers"
                f" ({' '.join(str(error).split())})."
            ) from None
        if (
            not isinstance(array, np.memmap)
            or array.dtype not in (np.uint8, np.float32)
            or array.ndim < 2
            or not array.flags.c_contiguous
        ):
            what = (
                f"{array.dtype} {array.shape}"
                if isinstance(array, np.ndarray)
                else type(array).__name__
            )
            raise DataError(
                f"{path}: expected uint8 or float32 rows [n, ...] in C order, to be read from disk;"
                f" received {what}."
            )
        row_shape = (
            array.shape[1:] if array.ndim != 3 else (*array.shape[1:], 1)
        )  # gray images without their channel
        self.dtype, self.shape = (
            array.dtype,
            (
                len(array) if rows is None else len(rows),
                *row_shape,
            ),
        )
        self._offset, self._row_bytes = array.offset, int(np.prod(row_shape)) * array.dtype.itemsize
        self._file = open(path, "rb", buffering=0)  # as long as this object lives

    ndim = property(lambda self: len(self.shape))
    nbytes = property(lambda self: self.shape[0] * self._row_bytes)

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, rows: np.ndarray) -> "RowFile":
        """Returns the same file with some of these rows only; reads nothing."""
        return RowFile(
            self.path, np.arange(len(self))[rows] if self._rows is None else self._rows[rows]
        )

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        """Reads rows [b, ...], by a slice or by their numbers."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        rows = np.asarray(rows) if self._rows is None else self._rows[rows]
        values = _aligned((len(rows), *self.shape[1:]), self.dtype)
        memory, size, descriptor = (
            memoryview(values.reshape(-1).view(np.uint8)),
            self._row_bytes,
            self._file.fileno(),
        )
        # Rows that follow one another are read at once.
        firsts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        for first, count in zip(firsts.tolist(), np.diff(firsts, append=len(rows)).tolist()):
            place, at = first * size, self._offset + int(rows[first]) * size
            end = place + count * size
            while place < end:  # one call reads at most 2 GB
                read = os.preadv(descriptor, [memory[place:end]], at)
                if not read:
                    raise DataError(f"{self.path} became shorter while it was read.")
                place, at = place + read, at + read
        return values


def _aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    first = -memory.ctypes.data % _ALIGNMENT
    return memory[first : first + size].view(dtype).reshape(shape)
