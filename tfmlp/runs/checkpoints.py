"""The checkpoints of a run: the last ones and the best one.

    RUN/checkpoints/epoch-000012/                after epoch 12
    RUN/checkpoints/epoch-000012-step-000345/    345 steps later

A damaged one is passed over for the one before.
"""

import contextlib
import os
import re
import shutil
import time
import warnings
from pathlib import Path

from tfmlp.errors import CheckpointError, TfmlpWarning
from tfmlp.runs.checkpoint import DAMAGE, Checkpoint, OtherFormat, read_score
from tfmlp.runs.folder import CHECKPOINTS

_SHARE = 50  # a save may take a fiftieth of the time since the one before
_ASIDE = ".aside"


class Checkpoints:
    """The checkpoints in a run folder.

    Args:
      run: The run folder.
      keep: How many of the last ones are kept; the one with the best score is kept besides.
    """

    def __init__(self, run: Path, keep: int = 2):
        self.path, self._keep = run / CHECKPOINTS, keep
        self._saved_at = time.monotonic()
        self._took = 0.0

    @property
    def is_due(self) -> bool:
        """Whether saving now would take at most 2 % of the time since the last save.

        Judged by how long the last save took.
        """
        return self.age >= _SHARE * self._took

    @property
    def age(self) -> float:
        """Seconds since the last save by this process, or since its beginning."""
        return time.monotonic() - self._saved_at

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, and removes those that are neither among the last nor the best.

        Raises:
          CheckpointError: when it cannot be written; the earlier ones are as they were.
        """
        started = time.monotonic()
        folder = self.path / checkpoint.name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._clear_temporaries()
            checkpoint.write(folder, self.path / f".{folder.name}{_ASIDE}")
            self._remove_others(folder)
        except OSError as error:
            raise CheckpointError(
                f"cannot write a checkpoint into {self.path}: {error.strerror or error}. Those"
                " before it are as they were; free space if it is that, and go on with --resume."
            ) from None
        self._saved_at, self._took = time.monotonic(), time.monotonic() - started

    def load(self) -> Checkpoint | None:
        """Returns the newest checkpoint that is whole, or None; warns of each that is not.

        Only for whoever holds the lock.

        Raises:
          CheckpointError: when one cannot be read for another reason than damage, or is of another
            format: the next save would remove it.
        """
        with contextlib.suppress(OSError):
            self._clear_temporaries()
        for folder in self._folders():
            try:
                return Checkpoint.read(folder)
            except OtherFormat as error:
                raise CheckpointError(
                    f"the checkpoint {folder} is of {error}: it was written by another version of"
                    " tfmlp. Start a new run."
                ) from None
            except DAMAGE as error:
                message = f"{folder} is damaged ({error}): taking the checkpoint before."
                warnings.warn(message, TfmlpWarning, stacklevel=2)
            except OSError as error:
                reason = error.strerror or error
                raise CheckpointError(f"cannot read the checkpoint {folder}: {reason}.") from None
        return None

    def _remove_others(self, newest: Path) -> None:
        """Removes what is later than the newest, and what is old and not the best.

        What is later is damaged, or of an attempt that was rolled back.
        """
        folders = self._folders()
        at = folders.index(newest)
        best = max(folders[at:], key=read_score)
        for folder in [*folders[:at], *folders[at + self._keep :]]:
            if folder != best:
                shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        """Returns the checkpoints' folders, the newest first."""
        if not self.path.is_dir():
            return []
        folders = [path for path in self.path.glob("epoch-*") if path.is_dir()]
        return sorted(folders, key=_position, reverse=True)

    def _clear_temporaries(self) -> None:
        """Clears what a process left that was killed while it saved."""
        for left in self.path.glob(".epoch-*"):
            folder = left.with_name(left.name.removeprefix(".").removesuffix(_ASIDE))
            if left.name.endswith(_ASIDE) and not folder.exists():
                os.rename(left, folder)
            else:
                shutil.rmtree(left, ignore_errors=True)


def _position(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]
