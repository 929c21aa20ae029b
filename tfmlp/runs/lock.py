"""The lock of a run folder: one process at a time."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tfmlp import files
from tfmlp.errors import CheckpointError

_LOCK = ".lock"


@contextlib.contextmanager
def locked(run: Path) -> Iterator[None]:
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
        raise CheckpointError(
            f"cannot write into the run folder {run}: {error.strerror or error}:"
            f" {files.cure(error, 'train into another folder')}."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CheckpointError(
                f"another process is training into {run}: wait for it, or train into another"
                " folder."
            ) from None
        try:
            yield
        finally:
            # A folder that holds no run must not look as if it did.
            if not (run / "run.json").exists():
                with contextlib.suppress(OSError):
                    (run / _LOCK).unlink()
                    if is_new:
                        run.rmdir()
