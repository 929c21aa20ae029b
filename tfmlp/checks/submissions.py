"""A submission: a file that someone handed in, and a copy of it that it may spoil."""

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tfmlp import files
from tfmlp.checks.rubric import RubricError

ENDINGS = (".py", ".ipynb")
_SKIPPED = ("__pycache__", "__MACOSX")
_MOST_BYTES = 64 << 20  # of a file that is copied


@dataclass(frozen=True)
class Submission:
    """A file that someone handed in.

    Attributes:
      name: Its path as given, or below the folder that was given.
      path: The file.
      root: The folder that was given, or the file's own.
    """

    name: str
    path: Path
    root: Path


def submissions_in(paths: Iterable[Path]) -> list[Submission]:
    """Returns the submissions among files, and in folders and the folders below them, in order.

    Raises:
      RubricError: when a path does not exist, or there is nothing to grade in it.
    """
    found: dict[str, Submission] = {}
    for path in paths:
        if not os.path.lexists(path):
            raise RubricError(
                f"there is no file or folder {path}: name files ({', '.join(ENDINGS)}), or folders"
                " of them."
            )
        several = list(_below(path)) if path.is_dir() else [path]
        if not several:
            raise RubricError(
                f"expected submissions in the folder {path}; found no {' and no '.join(ENDINGS)}"
                " file: name another folder."
            )
        for one in several:
            name = os.fsencode(one).decode("utf-8", "replace")
            root = path if path.is_dir() else path.parent
            found.setdefault(os.path.realpath(one), Submission(name, one, root))
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    """Yields the submissions in a folder and those below it, sorted; hidden ones are skipped."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if one[0] != "." and one not in _SKIPPED)
        for name in sorted(names):
            if name[0] != "." and name.lower().endswith(ENDINGS):
                yield Path(place, name)


@contextmanager
def copied(submission: Submission) -> Iterator[tuple[Path, Path]]:
    """Copies a submission to a folder of its own, with those files beside and above it that it
    names: what it deletes or overwrites there is not missed by others.

    Yields:
      The folder, and the copy in it.

    Raises:
      OSError: when it cannot be read, or is too large.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place, path, root = Path(folder).resolve(), submission.path, submission.root
        words, text = _copy(path, place / path.relative_to(root))
        above = [one for one in path.parents if one.is_relative_to(root)]
        entries = [one for folder in above for one in sorted(folder.iterdir())]
        beside = [one for one in entries if one not in (path, *above)]
        wanted = [one for one in beside if _is_named(one, words, text)]
        for one in wanted:  # grows
            with contextlib.suppress(OSError):  # its own trouble is not the submission's
                words, text = _copy(one, place / one.relative_to(root))
                more = (other for other in beside if _is_named(other, words, text))
                wanted += [other for other in more if other not in wanted]
        yield place, place / path.relative_to(root)


def _is_named(path: Path, words: set[str], text: str) -> bool:
    """Whether a text names a module, a package or another file."""
    return path.stem in words if path.suffix in ("", ".py") else path.name in text


def _copy(path: Path, copy: Path) -> tuple[set[str], str]:
    """Copies a file, or the modules of a package; returns the words and the text of code."""
    if path.is_dir():
        if any(path.glob("*.py")):
            shutil.copytree(path, copy, symlinks=True, ignore=_no_modules)
        return set(), ""
    files.require_regular(path)
    if path.stat().st_size > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {_MOST_BYTES >> 20} MB")
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, copy)
    if path.suffix.lower() not in ENDINGS:
        return set(), ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return set(re.findall(r"\w+", text)), text


def _no_modules(folder: str, names: list[str]) -> list[str]:
    """Returns what in a package is neither a module nor a package."""
    is_package = {name: os.path.isdir(os.path.join(folder, name)) for name in names}
    return [
        name for name in names if name in _SKIPPED or not (is_package[name] or name.endswith(".py"))
    ]
