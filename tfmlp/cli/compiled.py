"""The programs that XLA compiled, kept from one command to the next.

TensorFlow can write what it compiled into a folder, and load it from there, which takes a third of the time. But it fails where it finds a damaged file there, or no room for a new
one, and does not look at the processor. So each command gets a folder of its own, with the programs that are whole and that this TensorFlow compiled for this processor. What it
adds is moved to them at its end, with its checksum as the end of its name. A program that was loaded computes the same bits as one that was just compiled.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from tfmlp.files import cache_dir, sha256_of

SWITCH = "TFMLP_COMPILE_CACHE"  # "0" turns it off
_FLAGS = "TF_XLA_FLAGS"
_MOST_BYTES = 32 << 20  # some sixty programs of half a megabyte, all of which are read at each start
_ROOM = 8 << 20  # bytes that must be free for what a command compiles
_STALE = 24 * 3600  # seconds after which the folder of a command that was killed is removed
_SETTINGS = ("XLA_FLAGS", _FLAGS, "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
_PROCESSOR = ("model name", "cpu family", "model", "stepping", "flags", "CPU implementer", "CPU part", "Features")

_offered: list[Path] = []  # the kept programs that this command can load


def keep_compiled_programs() -> None:
    """Has TensorFlow, which must not have been imported yet, load the programs that are kept, and keeps those that it compiles. Where that cannot be, it compiles everything."""
    flags = os.environ.get(_FLAGS, "")
    if os.environ.get(SWITCH) == "0" or "persistent_cache" in flags or (flags and not flags.startswith("-")):  # the last names a file of flags
        return
    try:
        store = _store()
        own = Path(tempfile.mkdtemp(prefix="run-", dir=store))
    except (OSError, LookupError):
        return
    atexit.register(_take_over, own, os.getpid())
    try:
        if any(character.isspace() or character in "'\"" for character in str(own)):
            return  # a flag's value would end there
        with tempfile.TemporaryFile(dir=own) as file:
            os.posix_fallocate(file.fileno(), 0, _ROOM)
        for kept in store.glob("*.pb.*"):
            name, _, digest = kept.name.rpartition(".")
            if sha256_of(kept) == digest:
                os.link(kept, own / name)
                _offered.append(kept)
            else:
                kept.unlink()
    except OSError:
        return
    os.environ[_FLAGS] = f"{flags} --tf_xla_persistent_cache_directory={own} --tf_xla_persistent_cache_device_types=CPU".strip()


def forget_compiled_programs() -> None:
    """Removes the programs that this command could load."""
    for kept in _offered:
        with contextlib.suppress(OSError):
            kept.unlink()


def _store() -> Path:
    """Returns the folder of the programs for this machine. What lies there is run, so nobody else may write there."""
    folder = cache_dir() / "compiled"
    store = folder / _machine()
    folder.parent.mkdir(parents=True, exist_ok=True)
    for each in (folder, store):
        each.mkdir(mode=0o700, exist_ok=True)
        status = each.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            raise PermissionError(f"others can write to {each}")
    return store


def _machine() -> str:
    """Returns a name for everything that decides what XLA makes of a program, but for the program."""
    from importlib.metadata import version  # here, not above: only a command that computes needs it

    with open("/proc/cpuinfo") as file:
        lines = file.read().partition("\n\n")[0].splitlines()
    facts = [line for line in lines if line.partition("\t")[0] in _PROCESSOR]
    if not facts:
        raise LookupError("no facts about this processor")
    facts += [version("tensorflow"), str(os.cpu_count()), str(len(os.sched_getaffinity(0)))]
    facts += [f"{name}={os.environ.get(name)}" for name in _SETTINGS]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _take_over(own: Path, process: int) -> None:
    """Moves what a command compiled to the programs that are kept, and removes its folder, and the oldest programs where they are too many."""
    if os.getpid() != process:
        return  # forked
    store = own.parent
    known = {kept.name.rpartition(".")[0] for kept in _offered}
    try:
        for path in own.glob("*.pb"):
            if path.name not in known:
                path.replace(store / f"{path.name}.{sha256_of(path)}")
        total = 0
        for path in sorted(store.glob("*.pb.*"), key=lambda path: path.stat().st_mtime, reverse=True):
            total += path.stat().st_size
            if total > _MOST_BYTES:
                path.unlink()
        for path in store.glob("run-*"):
            if path.stat().st_mtime < time.time() - _STALE:
                shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass  # another command was faster, or nothing can be written any more
    shutil.rmtree(own, ignore_errors=True)
