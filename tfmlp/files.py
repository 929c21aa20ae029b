"""Files and folders: where data lives, what identifies a file, how a file is written whole."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfmlp.errors import DataError

DATA_DIR_VARIABLE = "TFMLP_DATA_DIR"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_BEGINNING = 1000  # bytes of a file in which it says what it is
_CHECKOUT = Path(__file__).resolve().parent.parent
# Small data that come with the package, wherever it is installed.
PACKAGED = Path(__file__).resolve().parent / "data" / "files"


def machine_memory() -> int:
    """Returns this machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def cache_dir() -> Path:
    """Returns the user's cache folder for tfmlp: $XDG_CACHE_HOME/tfmlp, or the system's usual
    place.
    """
    import platformdirs  # here, not above: only commands that touch data need it

    return Path(platformdirs.user_cache_dir("tfmlp"))


def data_folders(name: str, data_dir: str | None) -> list[Path]:
    """Returns the folders in which the files of a dataset are looked for, in this order.

    A folder the user names is the only one looked at, so that a mistyped one is never replaced by
    another copy. Otherwise $TFMLP_DATA_DIR, the checkout's `data/`, and the cache. Downloads go to
    the named folder, or to the cache.

    Args:
      name: The dataset's folder name, such as "mnist".
      data_dir: The folder the user named, or None.
    """
    roots = [user_path(data_dir)] if data_dir else []
    if not roots:
        variable = os.environ.get(DATA_DIR_VARIABLE)
        roots = [user_path(variable)] if variable else []
        # Installed elsewhere, the folder above the package is not ours.
        if (_CHECKOUT / "setup.cfg").is_file():
            roots.append(_CHECKOUT / "data")
        roots.append(cache_dir())
    return [folder for root in roots for folder in (root, root / name)]


def download_folder(name: str, data_dir: str | None) -> Path:
    """Returns where downloaded or generated files of a dataset are put: the folder the user named,
    or the cache.
    """
    return user_path(data_dir) if data_dir else cache_dir() / name


def user_path(text: str) -> Path:
    """Returns a path the user typed, with `~` as their home folder."""
    return Path(os.path.expanduser(text))  # Path.expanduser fails for a user that does not exist


def is_file(path: Path) -> bool:
    """Returns whether a path is a regular file that can be looked at; False for names no file can
    have.
    """
    try:
        return path.is_file()
    except OSError:
        return False


def require_regular(path: Path) -> None:
    """Refuses what is no regular file: a pipe would be waited for, and a device never ends.

    Raises:
      OSError: when it is not there, or is something else.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    path.stat()


def require_memory(path: Path, size: int) -> None:
    """Refuses a file whose contents would take more than half of this machine's memory.

    Args:
      path: The file.
      size: Bytes that its contents take, as its header promises them.

    Raises:
      DataError: when that is too much.
    """
    if size > machine_memory() // 2:
        raise DataError(
            f"{path}: its contents take {size / 1e9:,.1f} GB, and at most half of this machine's"
            f" {machine_memory() / 1e9:,.0f} GB of memory can be used for them: take fewer rows, or"
            " a folder of .npy files, which stay on disk (arrays:FOLDER)."
        )


def shown(path: Path) -> str:
    """Returns a path as people read it: relative to the current folder where it lies below it."""
    try:
        here = Path.cwd()
    except OSError:  # the current folder was removed
        return str(path)
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)


def sha256_of(path: Path) -> str:
    """Returns the sha256 of a file's bytes, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_writable_folder(path: Path) -> None:
    """Finds out whether files can be written into a folder, which need not be there yet; leaves
    nothing behind.

    Raises:
      OSError: when they cannot; its filename is the folder that is no writable one.
    """
    nearest = next(one for one in (path, *path.absolute().parents) if one.exists())
    try:
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        reason = error.strerror if nearest.is_dir() else "it is no folder"
        raise OSError(error.errno, reason, str(nearest)) from None


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; when the block ends well, it is flushed to disk and
    takes `path`'s place.

    A reader sees the old file or the whole new one, never a part. When the block raises, nothing is
    left behind.
    """
    descriptor, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix
    )
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        # mkstemp makes files that only the owner reads; a result is a file like any other.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def written_result(path: Path) -> Iterator[Path]:
    """As `written_atomically`, for a file that the user named; its folder is made.

    Raises:
      DataError: when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_atomically(path) as temporary:
            yield temporary
    except BrokenPipeError:
        raise  # stdout's
    except OSError as error:
        what_to_do = cure(error, "choose another file")
        raise DataError(f"cannot write {path}: {error.strerror or error}: {what_to_do}.") from None


def cure(error: OSError, otherwise: str) -> str:
    """Returns what to do where a file cannot be written; another name does not empty a disk."""
    return "free space" if error.errno in _FULL else otherwise


def may_be_replaced(path: Path, *marks: str) -> bool:
    """Returns whether a result may be written to a path: nothing is there, or an earlier result.

    Args:
      path: The path.
      marks: What results of the kind have near their beginning, one of them each.
    """
    if not os.path.lexists(path):
        return True
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        beginning = file.read(_BEGINNING)
    return any(mark.encode() in beginning for mark in marks)


def paths_of(value: Any) -> list[str | Path]:
    """Returns one path, or several, as a list; an empty one where the value is something else."""
    if isinstance(value, str | Path):
        return [value]
    is_list = isinstance(value, list | tuple) and all(isinstance(one, str | Path) for one in value)
    return list(value) if is_list else []
