"""One checkpoint: everything that training changes, in a folder that is whole or not there.

epoch-000012/arrays.npz      weights, slots of the optimizer, metrics of the epoch, best weights
             values.json     history, early stopping
             manifest.json   format, where in the run, its score, sha256 and size of the two
"""

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.errors import CheckpointError

_FORMAT = 3  # arrays by the names of layers; before, they were numbered
_ARRAYS, _VALUES, _MANIFEST = "arrays.npz", "values.json", "manifest.json"
# What reading something damaged can raise; json's errors are ValueErrors.
DAMAGE = (
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


class OtherFormat(CheckpointError):
    """A checkpoint of another version."""


@dataclass
class Checkpoint:
    """What was saved.

    Attributes:
      epoch: The last epoch that it contains whole.
      arrays: Arrays by name.
      values: JSON values.
      step: Steps after the end of that epoch.
      score: How good it is, higher being better; None where that is not known.
    """

    epoch: int
    arrays: dict[str, np.ndarray]
    values: dict[str, Any]
    step: int = 0
    score: float | None = None

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"epoch-{self.epoch:06d}" + (f"-step-{self.step:06d}" if self.step else "")

    def write(self, folder: Path, aside: Path) -> None:
        """Writes the checkpoint into a folder, whole or not at all.

        It is written into a temporary folder beside, flushed to disk, and renamed.

        Args:
          folder: Its own folder, which may hold an earlier attempt.
          aside: Where an earlier attempt is put meanwhile.
        """
        temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            temporary.mkdir()
            with open(temporary / _ARRAYS, "wb") as file:
                np.savez(file, allow_pickle=False, **self.arrays)
            (temporary / _VALUES).write_text(json.dumps(self.values), encoding="utf-8")
            manifest = {
                "format": _FORMAT,
                "epoch": self.epoch,
                "step": self.step,
                "score": self.score,
                "files": {name: _identity(temporary / name) for name in (_ARRAYS, _VALUES)},
            }
            sealed = manifest | {"sha256": _digest(manifest)}
            (temporary / _MANIFEST).write_text(json.dumps(sealed), encoding="utf-8")
            for name in (_ARRAYS, _VALUES, _MANIFEST, ""):
                flush(temporary / name)
            if folder.exists():
                os.rename(folder, aside)
            os.rename(temporary, folder)
            flush(folder.parent)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        shutil.rmtree(aside, ignore_errors=True)

    @classmethod
    def read(cls, folder: Path) -> "Checkpoint":
        """Reads a checkpoint.

        Raises:
          OtherFormat: when another version wrote it.
          DAMAGE: any of these, when it is not whole.
          OSError: when it cannot be read.
        """
        manifest = _read_manifest(folder)
        for name in (_ARRAYS, _VALUES):
            if _identity(folder / name) != manifest["files"][name]:
                raise CheckpointError(f"{name} is not what the manifest says")
        with np.load(folder / _ARRAYS, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        values = json.loads((folder / _VALUES).read_text(encoding="utf-8"))
        return cls(manifest["epoch"], arrays, values, manifest["step"], manifest["score"])


def read_score(folder: Path) -> float:
    """Returns a checkpoint's score; minus infinity where it is not known or not readable."""
    try:
        score = _read_manifest(folder)["score"]
    except (OSError, *DAMAGE):
        score = None
    return float("-inf") if score is None else float(score)


def flush(path: Path) -> None:
    """Has a file or a folder written to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    # The first format had no sha256.
    is_sealed = "sha256" in manifest or manifest["format"] != 1
    if is_sealed and manifest.pop("sha256") != _digest(manifest):
        raise CheckpointError("its manifest was changed")
    if manifest["format"] != _FORMAT:
        raise OtherFormat(f"format {manifest['format']!r}, expected {_FORMAT}")
    return manifest


def _digest(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _identity(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": sha256, "bytes": path.stat().st_size}
