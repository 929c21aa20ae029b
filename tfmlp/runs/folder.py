"""The run folder.

    run.json         the record: configuration, dataset, engine, timing, best epoch, test metrics
    epochs.jsonl     one line per epoch, written as it ends
    evaluation.json  what the model does with the test examples, and its layers
    model.keras      the trained model
    checkpoints/     what training goes on from, as in `runs.checkpoints`

`run.json` is written when the run starts, with the status "interrupted", which is the truth unless
the run lives to write another.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from tfmlp import files
from tfmlp.errors import CheckpointError
from tfmlp.runs.evaluation import Evaluation
from tfmlp.runs.record import RunRecord
from tfmlp.runs.values import DamagedRecord

RECORD, EPOCHS, MODEL, CHECKPOINTS = "run.json", "epochs.jsonl", "model.keras", "checkpoints"
EVALUATION = "evaluation.json"
_NAMES = RECORD, EPOCHS, EVALUATION, MODEL, CHECKPOINTS
_RECORD_LIMIT = 1 << 26  # bytes
T = TypeVar("T")


def default_folder(dataset: str) -> Path:
    """Returns a new name for a run folder: runs/DATASET-DATE-TIME, below the current folder."""
    name = Path(dataset).name.partition(".")[0]
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:40]
    base = Path("runs") / f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = [base, *(base.with_name(f"{base.name}-{n}") for n in range(2, 100))]
    return next(path for path in names if not path.exists())


class RunFolder:
    """A folder that one training run writes into.

    Args:
      path: The folder; made by `start`, with its parents.
    """

    def __init__(self, path: Path):
        self.path = path

    def check(self) -> None:
        """Finds out, before any work is done, whether a run can be written here.

        Leaves nothing behind.

        Raises:
          CheckpointError: when the folder holds a run already, is no folder, or cannot be written.
        """
        path = self.path
        try:
            if os.path.lexists(path) and not path.is_dir():
                raise CheckpointError(f"the run folder {path} is no folder: choose another --out.")
            held = [n for n in _NAMES if (path / n).exists()]
            if held:
                raise CheckpointError(
                    f"the run folder {path} already holds a run ({', '.join(held)}): choose"
                    " another --out, or remove it."
                )
        except (OSError, ValueError) as error:  # ValueError for a name with a NUL in it
            reason = getattr(error, "strerror", None) or error
            raise CheckpointError(
                f"cannot use the run folder {path}: {reason}: choose another --out."
            ) from None
        try:
            files.require_writable_folder(path)
        except OSError as error:
            raise CheckpointError(
                f"cannot write the run folder {path}: {error.filename} is not a writable folder"
                f" ({error.strerror}): choose another --out."
            ) from None

    def start(self, record: RunRecord) -> None:
        """Makes the folder, and writes the record as far as it is known."""
        self.check()
        is_new = not self.path.exists()
        try:
            with self._writing():
                self.path.mkdir(parents=True, exist_ok=True)
            self._clear()
            self.write(record)  # first, so that a run that is killed now can be resumed
            with self._writing():
                (self.path / EPOCHS).touch()
        except CheckpointError:  # a folder that holds no run must not look as if it did
            with contextlib.suppress(OSError):
                (self.path / RECORD).unlink(missing_ok=True)
                if is_new:
                    self.path.rmdir()
            raise

    def reopen(self, record: RunRecord, epochs: list[dict[str, Any]]) -> None:
        """Goes on with a run: writes its epochs anew, up to the checkpoint, and the record."""
        self._clear()
        lines = [json.dumps(epoch, allow_nan=False) + "\n" for epoch in epochs]
        self._write_text(EPOCHS, "".join(lines))
        self.write(record)

    def _clear(self) -> None:
        """Removes what a process left that was killed while it wrote a file."""
        prefixes = tuple(f".{name}." for name in _NAMES)
        for left in self.path.glob(".*"):
            if left.name.startswith(prefixes):
                left.unlink(missing_ok=True)

    def add_epoch(self, epoch: dict[str, Any]) -> None:
        """Adds a line to `epochs.jsonl`."""
        with self._writing(), open(self.path / EPOCHS, "a", encoding="utf-8") as file:
            file.write(json.dumps(epoch, allow_nan=False) + "\n")

    def read_epochs(self) -> list[dict[str, Any]]:
        """Returns the epochs that were written; a last line that was cut off is left out."""
        try:
            lines = (self.path / EPOCHS).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CheckpointError(f"cannot read {self.path / EPOCHS}: {reason}.") from None
        epochs = []
        for line in lines:
            try:
                epochs.append(json.loads(line))
            except ValueError:
                break
        return epochs

    def write(self, record: RunRecord) -> None:
        """Writes `run.json`, whole or not at all."""
        self._write_text(RECORD, json.dumps(record.to_dict(), indent=2, allow_nan=False) + "\n")

    def save_model(self, save: Callable[[Path], None]) -> None:
        """Writes `model.keras`, whole or not at all; `save` writes it to a path."""
        with self._writing(), files.written_atomically(self.path / MODEL) as temporary:
            save(temporary)

    def write_evaluation(self, evaluation: Evaluation) -> None:
        """Writes `evaluation.json`, whole or not at all."""
        text = json.dumps(evaluation.to_dict(), allow_nan=False, separators=(",", ":"))
        self._write_text(EVALUATION, text + "\n")

    def read(self) -> RunRecord:
        """Returns the record.

        Raises:
          CheckpointError: when there is none that can be read.
        """
        try:
            return self._read(RECORD, RunRecord.from_dict)
        except OSError as error:
            raise CheckpointError(
                f"expected a run folder with a {RECORD}; cannot read {self.path / RECORD}:"
                f" {error.strerror}."
            ) from None

    def read_evaluation(self, record: RunRecord | None = None) -> Evaluation:
        """Returns what the run's model does with the test examples, and its layers.

        Args:
          record: The run's record, where the evaluation must be of the model that it tells of.

        Raises:
          CheckpointError: when there is no such file that can be read.
        """
        if record is not None and record.goes_on:
            raise CheckpointError(
                f"the run {self.path} was resumed and has not ended since: its {EVALUATION} is of"
                " the model of before."
            )
        try:
            found = self._read(EVALUATION, Evaluation.from_dict)
        except FileNotFoundError:
            raise CheckpointError(
                f"the run {self.path} has no {EVALUATION}: it was made by an earlier version of"
                " tfmlp, or diverged; train again."
            ) from None
        except OSError as error:
            raise CheckpointError(
                f"cannot read {self.path / EVALUATION}: {error.strerror}."
            ) from None
        tested = record.test.get("count") if record is not None and record.test else None
        if found.has_ended and tested not in (None, found.count):
            raise CheckpointError(
                f"{self.path / EVALUATION} is of another run: it tells of {found.count:,} test"
                f" examples, and the record of {tested:,}."
            )
        return found

    def _read(self, name: str, make: Callable[[Any], T]) -> T:
        """Returns what a function makes of a JSON file's values.

        Raises:
          CheckpointError: when the file is damaged.
          OSError: when it cannot be read.
        """
        path = self.path / name
        files.require_regular(path)
        if path.stat().st_size > _RECORD_LIMIT:
            raise CheckpointError(f"{path}: expected a record of at most {_RECORD_LIMIT:,} bytes.")
        try:
            return make(json.loads(path.read_text(encoding="utf-8")))
        except DamagedRecord as error:
            raise CheckpointError(f"{path}: {error}.") from None
        except (ValueError, RecursionError) as error:
            raise CheckpointError(f"{path} is not valid JSON: {error}.") from None

    def _write_text(self, name: str, text: str) -> None:
        with self._writing(), files.written_atomically(self.path / name) as temporary:
            temporary.write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns the errors of writing files into the one that a user can act on."""
        try:
            yield
        except OSError as error:
            raise CheckpointError(
                f"cannot write into the run folder {self.path}: {error.strerror or error}:"
                f" {files.cure(error, 'train into another folder')}."
            ) from None
