"""The programs that XLA compiled for a training, kept for the next one like it.

TensorFlow can write what it compiles into a folder and load it from there, in a third of the time.
But it fails at a file that is damaged, looks at neither the processor nor the number of threads,
and ends the process if it does not know the option. So each command gets a folder of its own, with
the programs that were kept for the same training (but for its seed) on this machine, and that are
whole. They are taken out of the store for as long as they are being loaded: what cannot be loaded,
whatever it does to the process, is compiled anew the next time. A program that was loaded computes
the same bits as one that was just compiled.
"""

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfmlp.config import Config
from tfmlp.errors import TfmlpError
from tfmlp.files import cache_dir

SWITCH = "TFMLP_COMPILE_CACHE"  # "0" turns it off
_FLAGS = "TF_XLA_FLAGS"
_TESTED = (
    "2.20.",
    "2.21.",
)  # versions of TensorFlow; one that does not know the option ends the process
_MOST_BYTES = 32 << 20  # of programs that are kept: some sixty
_ROOM = 64 << 20  # bytes that must be free: TensorFlow fails where it cannot write what it compiled
_PROCESSOR = (
    "model name",
    "cpu family",
    "model",
    "stepping",
    "flags",
    "CPU implementer",
    "CPU part",
    "Features",
)


@contextmanager
def kept_programs(config: Config) -> Iterator[None]:
    """While open, TensorFlow, which must be imported within, loads the programs that were kept for
    this training; afterwards those that it loaded or compiled are kept.

    Where that cannot be, it compiles.
    """
    try:
        store, name = _store(), _name(config)
        own = _own_folder(store, name)
    except Exception:  # no home, no room, no /proc, nobody's processor: there is always another way
        own = None
    if own is None:
        yield
        return
    try:
        _take(own, store, name)
        os.environ[_FLAGS] = (
            f"--tf_xla_persistent_cache_directory={own} --tf_xla_persistent_cache_device_types=CPU"
        )
        yield
    except (TfmlpError, KeyboardInterrupt):
        _keep(own, store, name)
        raise
    except Exception as error:
        if type(error).__module__.startswith(
            "tensorflow"
        ):  # perhaps of a program that can be kept but not loaded
            with contextlib.suppress(OSError):
                (store / f"{name}.off").touch()
        raise
    _keep(own, store, name)


def _store() -> Path:
    store = cache_dir() / "compiled"
    if not store.is_absolute():
        raise LookupError("no home")
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    return store


def _name(config: Config) -> str:
    """Returns a name for everything that decides what XLA makes of a training: the configuration
    but for its seed, TensorFlow, and the machine.
    """
    from importlib.metadata import version  # here, not above: only a command that trains needs it

    tensorflow = version("tensorflow")
    if not tensorflow.startswith(_TESTED):
        raise LookupError("another TensorFlow")
    with open("/proc/cpuinfo") as file:
        lines = file.read().partition("\n\n")[0].splitlines()
    processor = [line for line in lines if line.partition("\t")[0] in _PROCESSOR]
    options = config.to_dict()
    del options["runtime"]["seed"]
    facts = [
        tensorflow,
        processor,
        len(os.sched_getaffinity(0)),
        os.cpu_count(),
        os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
        options,
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _own_folder(store: Path, name: str) -> Path | None:
    """Returns a new folder for TensorFlow to use, which is removed at the command's end; None where
    it shall use none.
    """
    # With flags of the user's, XLA may compile something else, or write down what it does.
    if (
        os.environ.get(SWITCH) == "0"
        or _FLAGS in os.environ
        or "XLA_FLAGS" in os.environ
        or "tensorflow" in sys.modules
    ):
        return None
    if (store / f"{name}.off").exists():
        return None
    own = Path(tempfile.mkdtemp(prefix="tfmlp-compiled-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    if shutil.disk_usage(own).free < _ROOM or any(
        character.isspace() or character in "'\"" for character in str(own)
    ):
        return None  # a flag's value would end there
    return own


def _take(own: Path, store: Path, name: str) -> None:
    """Moves the kept programs of that name into a command's folder."""
    for kept in store.glob(f"{name}-*.pb.*"):
        with contextlib.suppress(OSError):  # another command took it
            content, status = kept.read_bytes(), kept.stat()
            file, _, digest = kept.name.removeprefix(f"{name}-").rpartition(".")
            # What is not ours, somebody else may have put there for us to run.
            if (
                hashlib.sha256(content).hexdigest() == digest
                and status.st_uid == os.getuid()
                and not status.st_mode & 0o022
            ):
                part = own / f"{file}.part"
                part.write_bytes(content)
                part.replace(own / file)
            kept.unlink()  # last, so that a signal loses nothing


def _keep(own: Path, store: Path, name: str) -> None:
    """Moves programs from a command's folder to those that are kept, and removes the oldest where
    they are too many.
    """
    with contextlib.suppress(OSError):  # no room, or another command was faster
        for program in own.glob("*.pb"):
            content = program.read_bytes()
            program.unlink()
            kept = (
                store / f"{name}-{program.name}.{hashlib.sha256(content).hexdigest()}"
            )  # a part of a file has another checksum
            with open(kept, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(content)
        total = 0
        for kept in sorted(
            store.glob("*.pb.*"), key=lambda path: path.stat().st_mtime, reverse=True
        ):
            total += kept.stat().st_size
            if total > _MOST_BYTES:
                kept.unlink()
