"""What can happen to a process while it writes its run folder.

Each is called in the process that it is to happen to.
"""

import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

_AUDITED = """
    open os.mkdir os.rename os.remove os.rmdir os.chmod os.truncate tempfile.mkstemp
""".split()


def save_every_epoch() -> None:
    """Takes away the limit on the time that saving may take."""
    from tfmlp.runs.checkpoints import Checkpoints

    Checkpoints.is_due = True


class KillAt:
    """Kills the process just before its n-th operation on files of a run folder.

    Args:
      number: Which operation, from 0; with None, it only writes down what they are.
      run: The run folder's name.
      log: Where to write the operations, a line each.
    """

    def __init__(self, number: int | None, run: str, log: Path):
        self.number, self.run, self.log = number, run, log

    def __call__(self) -> None:
        save_every_epoch()
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        count, run = 0, os.path.abspath(self.run)

        def note(event: str, arguments: tuple) -> None:
            nonlocal count
            path = _changed_path(event, arguments)
            if path is None or not (path == run or path.startswith(f"{run}/")):
                return
            if count == self.number:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            os.write(descriptor, f"{event} {os.path.relpath(path)}\n".encode())

        sys.addaudithook(note)


def _changed_path(event: str, arguments: tuple) -> str | None:
    """Returns the path of the file that an audited operation changes, if it does."""
    if event not in _AUDITED or not isinstance(arguments[0], str | os.PathLike):
        return None
    name = os.fsdecode(arguments[0])
    if event == "open" and str(arguments[1]).startswith("r"):
        return None
    if event in ("os.remove", "os.rmdir") and arguments[1] >= 0:
        # Within a folder that is open, as shutil.rmtree does it.
        return os.path.join(os.readlink(f"/proc/self/fd/{arguments[1]}"), name)
    return os.path.abspath(name)


class KillHalfway:
    """Kills the process when it has written half of a file.

    Args:
      what: "arrays" of a checkpoint, its "values", a "line" of epochs.jsonl, or the "model".
      time: Which of its kind, from 1.
    """

    def __init__(self, what: str, time: int):
        self.what, self.time = what, time

    def __call__(self) -> None:
        save_every_epoch()
        import numpy as np

        from tfmlp.runs.folder import RunFolder

        owner, name = {
            "arrays": (np, "savez"),
            "values": (Path, "write_text"),
            "line": (RunFolder, "add_epoch"),
            "model": (RunFolder, "save_model"),
        }[self.what]
        whole, calls = getattr(owner, name), 0

        def half(*arguments, **options):
            nonlocal calls
            if self.what == "values" and arguments[0].name != "values.json":
                return whole(*arguments, **options)
            calls += 1
            if calls < self.time:
                return whole(*arguments, **options)
            path = arguments[0].path / "epochs.jsonl" if self.what == "line" else arguments[0]
            before = path.stat().st_size if self.what == "line" else 0
            if self.what == "model":
                (arguments[0].path / ".model.keras.half.keras").write_bytes(b"PK half a model")
            else:
                whole(*arguments, **options)
                if self.what == "arrays":
                    arguments[0].flush()
                    path = Path(arguments[0].name)
                os.truncate(path, (before + path.stat().st_size) // 2)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, half)


class JumpingClock:
    """Makes the wall clock jump by up to a year, back and forth."""

    def __call__(self) -> None:
        save_every_epoch()
        whole, stream = time.time, random.Random(0)
        time.time = lambda: whole() + stream.uniform(-3e7, 3e7)


class AfterEpoch:
    """Does something to the run folder's process once an epoch is written down.

    Args:
      epoch: Which one.
      action: Called with the run folder's path.
    """

    def __init__(self, epoch: int, action: Callable[[Path], None]):
        self.epoch, self.action = epoch, action

    def __call__(self) -> None:
        save_every_epoch()
        from tfmlp.runs.folder import RunFolder

        add = RunFolder.add_epoch

        def add_epoch(folder, epoch):
            add(folder, epoch)
            if epoch["epoch"] == self.epoch:
                self.action(folder.path)

        RunFolder.add_epoch = add_epoch


def take_file_handles(run: Path) -> None:
    """Leaves the process no further file handle."""
    free = os.dup(0)
    os.close(free)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, most))


def lock_away(run: Path) -> None:
    """Makes the folder of checkpoints unusable: a file lies where it was."""
    (run / "checkpoints").rename(run / "away")
    (run / "checkpoints").write_text("no folder")
