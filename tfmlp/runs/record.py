"""The run folder.

    run.json         the record: configuration, dataset, engine, timing, best epoch, test figures
    epochs.jsonl     one line per epoch, written as it ends
    model.keras      the trained model
    checkpoints/     what training goes on from, as in `runs.checkpoints`

`run.json` is written when the run starts, with the status "interrupted", which is the truth unless
the run lives to write another.
"""

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.errors import CheckpointError

FORMAT = 1
RECORD, EPOCHS, MODEL, CHECKPOINTS = "run.json", "epochs.jsonl", "model.keras", "checkpoints"
_RECORD_LIMIT = 1 << 26  # bytes


def default_folder(dataset: str) -> Path:
    """Returns a new name for a run folder: runs/DATASET-DATE-TIME, below the current folder."""
    stem = "".join(
        c if c.isalnum() or c in "-_" else "-" for c in Path(dataset).name.partition(".")[0]
    )[:40]
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
        """Finds out, before any work is done, whether a run can be written here. Leaves nothing
        behind.

        Raises:
          CheckpointError: when the folder holds a run already, is no folder, or cannot be written.
        """
        try:
            if os.path.lexists(self.path) and not self.path.is_dir():
                raise CheckpointError(
                    f"the run folder {self.path} is no folder: choose another --out."
                )
            if held := [
                name for name in (RECORD, EPOCHS, MODEL, CHECKPOINTS) if (self.path / name).exists()
            ]:
                raise CheckpointError(
                    f"the run folder {self.path} already holds a run ({', '.join(held)}): choose"
                    " another --out, or remove it."
                )
            nearest = next(
                folder for folder in (self.path, *self.path.absolute().parents) if folder.exists()
            )
        except (OSError, ValueError) as error:  # ValueError for a name with a NUL in it
            reason = getattr(error, "strerror", None) or error
            raise CheckpointError(
                f"cannot use the run folder {self.path}: {reason}: choose another --out."
            ) from None
        try:
            tempfile.TemporaryFile(dir=nearest).close()
        except OSError as error:
            reason = error.strerror if nearest.is_dir() else "it is no folder"
            raise CheckpointError(
                f"cannot write the run folder {self.path}: {nearest} is not a writable folder"
                f" ({reason}): choose another --out."
            ) from None

    def start(self, record: dict[str, Any]) -> None:
        """Makes the folder, and writes the record as far as it is known."""
        self.check()
        is_new = not self.path.exists()
        try:
            with _writing(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
            self._clear()
            # First, so that a run that is killed now can be resumed.
            self.write(record | {"status": "interrupted"})
            with _writing(self.path):
                (self.path / EPOCHS).touch()
        except CheckpointError:  # a folder that holds no run must not look as if it did
            with contextlib.suppress(OSError):
                (self.path / RECORD).unlink(missing_ok=True)
                if is_new:
                    self.path.rmdir()
            raise

    def reopen(self, record: dict[str, Any], epochs: list[dict[str, Any]]) -> None:
        """Goes on with a run: writes its epochs anew, up to the checkpoint, and the record as
        interrupted; clears what a killed process left half written.
        """
        self._clear()
        with _writing(self.path), files.written_atomically(self.path / EPOCHS) as temporary:
            temporary.write_text(
                "".join(json.dumps(epoch, allow_nan=False) + "\n" for epoch in epochs),
                encoding="utf-8",
            )
        self.write(record | {"status": "interrupted"})

    def _clear(self) -> None:
        """Removes what a process left that was killed while it wrote a file."""
        for left in self.path.glob(".*"):
            if left.name.startswith(tuple(f".{name}." for name in (RECORD, EPOCHS, MODEL))):
                left.unlink(missing_ok=True)

    def add_epoch(self, epoch: dict[str, Any]) -> None:
        """Adds a line to `epochs.jsonl`."""
        with _writing(self.path), open(self.path / EPOCHS, "a", encoding="utf-8") as file:
            file.write(json.dumps(epoch, allow_nan=False) + "\n")

    def read_epochs(self) -> list[dict[str, Any]]:
        """Returns the epochs that were written; a last line that was cut off is left out."""
        try:
            lines = (self.path / EPOCHS).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"cannot read {self.path / EPOCHS}: {getattr(error, 'strerror', None) or error}."
            ) from None
        epochs = []
        for line in lines:
            try:
                epochs.append(json.loads(line))
            except ValueError:
                break
        return epochs

    def write(self, record: dict[str, Any]) -> None:
        """Writes `run.json`, whole or not at all."""
        text = json.dumps(record, indent=2, allow_nan=False)
        with _writing(self.path), files.written_atomically(self.path / RECORD) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    def save_model(self, model) -> None:
        """Writes `model.keras`, whole or not at all."""
        with _writing(self.path), files.written_atomically(self.path / MODEL) as temporary:
            model.save(temporary)

    def read(self) -> dict[str, Any]:
        """Returns the record.

        Raises:
          CheckpointError: when there is none that can be read.
        """
        path = self.path / RECORD
        try:
            files.require_regular(path)
            if path.stat().st_size > _RECORD_LIMIT:
                raise CheckpointError(
                    f"{path}: expected a record of at most {_RECORD_LIMIT:,} bytes."
                )
            record = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CheckpointError(
                f"expected a run folder with a {RECORD}; cannot read {path}: {error.strerror}."
            ) from None
        except (ValueError, RecursionError) as error:
            raise CheckpointError(f"{path} is not valid JSON: {error}.") from None
        if (
            not isinstance(record, dict)
            or type(record.get("format")) is not int
            or record["format"] != FORMAT
        ):
            received = record.get("format") if isinstance(record, dict) else type(record).__name__
            raise CheckpointError(
                f"{path}: expected a record of format {FORMAT}; received {received!r}."
            )
        test = record.get("test")
        whole = (
            isinstance(record.get("recipe"), str | None)
            and isinstance(record.get("config"), dict)
            and isinstance(record.get("dataset"), dict)
            and (test is None or isinstance(test, dict))
        )
        if not whole or (
            test and not all(isinstance(value, int | float) for value in test.values())
        ):
            raise CheckpointError(
                f"{path}: expected the tables config, dataset and test of a run; received something"
                " else in their places: it was changed since."
            )
        return record


class _writing:
    """Turns the errors of writing files into the one a user can act on."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, traceback) -> None:
        if isinstance(error, OSError):
            raise CheckpointError(
                f"cannot write into the run folder {self._path}: {error.strerror or error}: free"
                " space or choose another --out."
            ) from None
