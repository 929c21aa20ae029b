"""A submission: a file that someone handed in."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tfmlp.checks.rubric import RubricError

ENDINGS = (".py", ".ipynb")
_SKIPPED = ("__pycache__", "__MACOSX")


@dataclass(frozen=True)
class Submission:
    """A file that someone handed in.

    Attributes:
      name: Its path as given, or below the folder that was given.
      path: The file.
    """

    name: str
    path: Path


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
            found.setdefault(os.path.realpath(one), Submission(name, one))
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    """Yields the submissions in a folder and those below it, sorted; hidden ones are skipped."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if one[0] != "." and one not in _SKIPPED)
        for name in sorted(names):
            if name[0] != "." and name.lower().endswith(ENDINGS):
                yield Path(place, name)
