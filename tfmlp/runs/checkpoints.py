"""The checkpoints of a run: everything that training changes, whole or not at all.

    RUN/checkpoints/epoch-000012/arrays.npz      weights, slots of the optimizer, figures of the
    epoch, best weights
                                values.json      history, early stopping
                                manifest.json    format, where in the run, its figure, sha256 and
                                size of the two
    RUN/checkpoints/epoch-000012-step-000345/    345 steps after the end of epoch 12

A checkpoint is written into a temporary folder, flushed to disk, renamed, and the folder around it
flushed. A damaged one is passed over for the one before.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.errors import CheckpointError, TfmlpWarning
from tfmlp.runs.record import CHECKPOINTS

_FORMAT = 2
_SHARE = 50  # a save may take a fiftieth of the time since the one before
_ASIDE = ".aside"
# What reading something damaged can raise; json's errors are ValueErrors.
_DAMAGE = (
    FileNotFoundError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    RecursionError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    CheckpointError,
)
_ARRAYS, _VALUES, _MANIFEST = "arrays.npz", "values.json", "manifest.json"


@dataclass
class Checkpoint:
    """What was saved.

    Attributes:
      epoch: The last epoch that it contains whole.
      arrays: Arrays by name.
      values: JSON values.
      step: Steps after the end of that epoch.
      figure: How good it is, higher being better; None where that is not known.
    """

    epoch: int
    arrays: dict[str, np.ndarray]
    values: dict[str, Any]
    step: int = 0
    figure: float | None = None


class Checkpoints:
    """The checkpoints in a run folder.

    Args:
      run: The run folder.
      keep: How many of the last ones are kept; the one with the best figure is kept besides.
    """

    def __init__(self, run: Path, keep: int = 2):
        self.path, self._keep = run / CHECKPOINTS, keep
        self._saved_at = time.monotonic()
        self._took = 0.0

    @property
    def is_due(self) -> bool:
        """Whether saving now would take at most 2 % of the time since the last save, going by how
        long that one took.
        """
        return self.age >= _SHARE * self._took

    @property
    def age(self) -> float:
        """Seconds since the last save by this process, or since its beginning."""
        return time.monotonic() - self._saved_at

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, and removes those that are neither among the last ones nor the best.

        Raises:
          CheckpointError: when it cannot be written; the earlier ones are as they were.
        """
        started = time.monotonic()
        final = self.path / (
            f"epoch-{checkpoint.epoch:06d}"
            + (f"-step-{checkpoint.step:06d}" if checkpoint.step else "")
        )
        temporary = self.path / f".{final.name}.{os.getpid()}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._clear_temporaries()
            temporary.mkdir()
            with open(temporary / _ARRAYS, "wb") as file:
                np.savez(file, **checkpoint.arrays)
            (temporary / _VALUES).write_text(json.dumps(checkpoint.values), encoding="utf-8")
            entries = {name: _identity(temporary / name) for name in (_ARRAYS, _VALUES)}
            manifest = {
                "format": _FORMAT,
                "epoch": checkpoint.epoch,
                "step": checkpoint.step,
                "figure": checkpoint.figure,
                "files": entries,
            }
            (temporary / _MANIFEST).write_text(
                json.dumps(manifest | {"sha256": _digest(manifest)}), encoding="utf-8"
            )
            for name in (_ARRAYS, _VALUES, _MANIFEST, ""):
                _flush(temporary / name)
            aside = self.path / f".{final.name}{_ASIDE}"
            if final.exists():  # of an earlier attempt at this epoch
                os.rename(final, aside)
            os.rename(temporary, final)
            _flush(self.path)
            shutil.rmtree(aside, ignore_errors=True)
            self._remove_others(final)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise CheckpointError(
                f"cannot write a checkpoint into {self.path}: {error.strerror or error}. Those"
                " before it are as they were; free space if it is that, and go on with --resume."
            ) from None
        self._saved_at, self._took = time.monotonic(), time.monotonic() - started

    def load(self) -> Checkpoint | None:
        """Returns the newest checkpoint that is whole, or None; warns of each that is not. Only for
        whoever holds the lock.

        Raises:
          CheckpointError: when one cannot be read for another reason than damage, or is of another
            format: the next save would remove it.
        """
        with contextlib.suppress(OSError):
            self._clear_temporaries()
        for folder in self._folders():
            try:
                return _read(folder)
            except _OtherFormat as error:
                raise CheckpointError(
                    f"the checkpoint {folder} is of {error}: it was written by another version of"
                    " tfmlp. Start a new run."
                ) from None
            except _DAMAGE as error:
                warnings.warn(
                    f"{folder} is damaged ({error}): taking the checkpoint before.",
                    TfmlpWarning,
                    stacklevel=2,
                )
            except OSError as error:
                raise CheckpointError(
                    f"cannot read the checkpoint {folder}: {error.strerror or error}."
                ) from None
        return None

    def _remove_others(self, newest: Path) -> None:
        """Removes what is later than the newest (damaged, or of an attempt that was gone back
        from), and what is old and not the best.
        """
        folders = self._folders()
        at = folders.index(newest)
        best = max(folders[at:], key=_figure)
        for folder in [*folders[:at], *folders[at + self._keep :]]:
            if folder != best:
                shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        """Returns the checkpoints' folders, the newest first."""
        if not self.path.is_dir():
            return []
        return sorted(
            (path for path in self.path.glob("epoch-*") if path.is_dir()),
            key=lambda path: [int(number) for number in re.findall(r"\d+", path.name)],
            reverse=True,
        )

    def _clear_temporaries(self) -> None:
        """Clears what a process left that was killed while it saved."""
        for left in self.path.glob(".epoch-*"):
            final = left.with_name(left.name.removeprefix(".").removesuffix(_ASIDE))
            if left.name.endswith(_ASIDE) and not final.exists():
                os.rename(left, final)
            else:
                shutil.rmtree(left, ignore_errors=True)


def _figure(folder: Path) -> float:
    try:
        figure = _read_manifest(folder)["figure"]
    except (OSError, *_DAMAGE):
        figure = None
    return float("-inf") if figure is None else figure


def _digest(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


class _OtherFormat(CheckpointError):
    """A checkpoint of another version."""


def _read_manifest(folder: Path) -> dict[str, Any]:
    manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    # The first format had no sha256.
    if ("sha256" in manifest or manifest["format"] == _FORMAT) and manifest.pop(
        "sha256"
    ) != _digest(manifest):
        raise CheckpointError("its manifest was changed")
    if manifest["format"] != _FORMAT:
        raise _OtherFormat(f"format {manifest['format']!r}, expected {_FORMAT}")
    return manifest


def _identity(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        return {
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "bytes": path.stat().st_size,
        }


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(folder: Path) -> Checkpoint:
    manifest = _read_manifest(folder)
    for name in (_ARRAYS, _VALUES):
        if _identity(folder / name) != manifest["files"][name]:
            raise CheckpointError(f"{name} is not what the manifest says")
    with np.load(folder / _ARRAYS, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    values = json.loads((folder / _VALUES).read_text(encoding="utf-8"))
    return Checkpoint(manifest["epoch"], arrays, values, manifest["step"], manifest["figure"])
