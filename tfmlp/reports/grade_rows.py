"""Grades as rows of a CSV file, and as an object of JSON: for scripts and spreadsheets."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from tfmlp.checks.grading import Grade, show_points
from tfmlp.checks.rubric import Rubric
from tfmlp.checks.tally import tally

FORMAT = 1
BEGINNING = "submission,points,of,by_hand,"  # of every table
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def render_csv(grades: Sequence[Grade], rubric: Rubric) -> str:
    """Returns a table with a header line and a line a submission.

    For each thing that is expected it has the verdict, the points, and why. A text that a
    spreadsheet would take for a formula gets a ' before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = BEGINNING.strip(",").split(",")
    for one in rubric.expected:
        heads += [one.name, f"{one.name}: points", f"{one.name}: why"]
    writer.writerow(_guarded(cell) for cell in [*heads, "error"])
    for grade in grades:
        numbers = [show_points(value) for value in (grade.points, grade.most, grade.by_hand)]
        cells = [_guarded(grade.name), *numbers]
        for mark in grade.marks:
            cells += [mark.verdict, show_points(mark.points), _guarded(mark.why)]
        writer.writerow([*cells, _guarded(grade.error)])
    return text.getvalue()


def render_json(grades: Sequence[Grade], rubric: Rubric) -> str:
    """Returns an object with the tally and everything that was found in each submission."""
    values: dict[str, Any] = {
        "tfmlp_grades": FORMAT,
        "title": rubric.title,
        "points": rubric.points,
        "tally": tally(grades, rubric).to_dict(),
        "submissions": [grade.to_dict() for grade in grades],
    }
    return json.dumps(values, indent=2) + "\n"


def _guarded(text: str) -> str:
    """Returns a cell's text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
