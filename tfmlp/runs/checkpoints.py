"""The checkpoints of a run: everything that training changes, whole or not at all.

    RUN/checkpoints/epoch-000012/arrays.npz      weights, slots of the optimizer, best weights
                                values.json      history, early stopping
                                manifest.json    format, epoch, sha256 and size of the two

A checkpoint is written into a temporary folder, flushed to disk, renamed, and the folder around it flushed. A damaged one is passed over for the one before.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.errors import CheckpointError, TfmlpWarning

FOLDER = "checkpoints"
_FORMAT = 1
_KEEP = 2  # the last ones
_SHARE = 50  # a save may take a fiftieth of the time since the one before
_LOCK = ".lock"
_ARRAYS, _VALUES, _MANIFEST = "arrays.npz", "values.json", "manifest.json"


@dataclass
class Checkpoint:
    """What was saved.

    Attributes:
      epoch: The last epoch that it contains.
      arrays: Arrays by name.
      values: JSON values.
    """

    epoch: int
    arrays: dict[str, np.ndarray]
    values: dict[str, Any]


class Checkpoints:
    """The checkpoints in a run folder.

    Args:
      run: The run folder.
    """

    def __init__(self, run: Path):
        self.path = run / FOLDER
        self._saved_at = float("-inf")
        self._took = 0.0

    @property
    def is_due(self) -> bool:
        """Whether saving now would take at most 2 % of the time since the last save, going by how long that one took."""
        return time.monotonic() - self._saved_at >= _SHARE * self._took

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, and removes those that are older than the last two.

        Raises:
          CheckpointError: when it cannot be written; the earlier ones are as they were.
        """
        started = time.monotonic()
        final = self.path / f"epoch-{checkpoint.epoch:06d}"
        temporary = self.path / f".{final.name}.{os.getpid()}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._clear_temporaries()
            temporary.mkdir()
            with open(temporary / _ARRAYS, "wb") as file:
                np.savez(file, **checkpoint.arrays)
            (temporary / _VALUES).write_text(json.dumps(checkpoint.values), encoding="utf-8")
            entries = {name: _identity(temporary / name) for name in (_ARRAYS, _VALUES)}
            (temporary / _MANIFEST).write_text(json.dumps({"format": _FORMAT, "epoch": checkpoint.epoch, "files": entries}), encoding="utf-8")
            for name in (_ARRAYS, _VALUES, _MANIFEST, ""):
                _flush(temporary / name)
            if final.exists():  # of an earlier attempt at this epoch
                shutil.rmtree(final)
            os.rename(temporary, final)
            _flush(self.path)
            for old in self._folders()[_KEEP:]:
                shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise CheckpointError(
                f"cannot write a checkpoint into {self.path}: {error.strerror or error}: free space; the run can go on from the checkpoint before."
            ) from None
        self._saved_at, self._took = time.monotonic(), time.monotonic() - started

    def load(self) -> Checkpoint | None:
        """Returns the newest checkpoint that is whole, or None; warns of each that is not."""
        for folder in self._folders():
            try:
                return _read(folder)
            except (OSError, ValueError, KeyError, TypeError, EOFError, CheckpointError) as error:
                warnings.warn(f"{folder} is damaged ({error}): taking the checkpoint before.", TfmlpWarning, stacklevel=2)
        return None

    def _folders(self) -> list[Path]:
        """Returns the checkpoints' folders, the newest first."""
        return sorted((path for path in self.path.glob("epoch-*") if path.is_dir()), reverse=True) if self.path.is_dir() else []

    def _clear_temporaries(self) -> None:
        for left in self.path.glob(".epoch-*"):  # of a process that was killed while it saved
            shutil.rmtree(left, ignore_errors=True)


def _identity(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(folder: Path) -> Checkpoint:
    manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    if manifest["format"] != _FORMAT:
        raise CheckpointError(f"format {manifest['format']!r}, expected {_FORMAT}")
    for name in (_ARRAYS, _VALUES):
        if _identity(folder / name) != manifest["files"][name]:
            raise CheckpointError(f"{name} is not what the manifest says")
    with np.load(folder / _ARRAYS, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return Checkpoint(int(manifest["epoch"]), arrays, json.loads((folder / _VALUES).read_text(encoding="utf-8")))


@contextlib.contextmanager
def locked(run: Path):
    """Holds a run folder for this process; the lock dies with it.

    Raises:
      CheckpointError: when another process holds it.
    """
    import fcntl

    is_new = not run.exists()
    try:
        run.mkdir(parents=True, exist_ok=True)
        file = open(run / _LOCK, "w")
    except OSError as error:
        raise CheckpointError(f"cannot write into the run folder {run}: {error.strerror or error}: free space or choose another --out.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CheckpointError(f"another process is training into {run}: wait for it, or choose another --out.") from None
        try:
            yield
        finally:
            if not (run / "run.json").exists():  # a folder that holds no run must not look as if it did
                with contextlib.suppress(OSError):
                    (run / _LOCK).unlink()
                    if is_new:
                        run.rmdir()
