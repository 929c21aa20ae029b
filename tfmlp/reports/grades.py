"""The folder of grades: results.csv and index.html, each written whole or not at all."""

import os
from collections.abc import Sequence
from pathlib import Path

from tfmlp import files
from tfmlp.checks.grading import Grade
from tfmlp.checks.rubric import Rubric, RubricError
from tfmlp.reports.grade_rows import BEGINNING, render_csv
from tfmlp.reports.grades_page import render_grades

TABLE, PAGE = "results.csv", "index.html"
# What these files have near their beginning.
_MARKS = {TABLE: BEGINNING, PAGE: '<meta name="generator" content="tfmlp '}
_BEGINNING = 1000  # bytes


def prepare_folder(folder: Path) -> None:
    """Makes a folder for grades, if it is not there; those of an earlier time may be in it.

    Raises:
      RubricError: when it cannot be made or written to, or has files of these names that are
        something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, mark in _MARKS.items():
            path = folder / name
            if os.path.lexists(path) and not _begins(path, mark):
                raise RubricError(
                    f"{path} is there and was not written by tfmlp check: choose another --out, or"
                    " remove it."
                )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except (OSError, ValueError) as error:  # ValueError for a name with a NUL in it
        reason = getattr(error, "strerror", None) or error
        raise RubricError(f"cannot write into {folder}: {reason}: choose another --out.") from None


def write_grades(grades: Sequence[Grade], rubric: Rubric, folder: Path) -> list[Path]:
    """Writes the table and the page of grades.

    Args:
      grades: In the order in which they are shown.
      rubric: What they were held against.
      folder: See `prepare_folder`.

    Returns:
      The files.

    Raises:
      DataError: when they cannot be written.
    """
    texts = {TABLE: render_csv(grades, rubric), PAGE: render_grades(grades, rubric)}
    for name, text in texts.items():
        with files.written_result(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="replace", newline="")
    return [folder / name for name in texts]


def _begins(path: Path, mark: str) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return mark.encode() in file.read(_BEGINNING)
