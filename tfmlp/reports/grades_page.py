"""The page of grades: one HTML file that says who is right, and who has which cause."""

from collections.abc import Sequence
from typing import Any

from tfmlp.checks.grading import Grade, show_points
from tfmlp.checks.rubric import Rubric
from tfmlp.checks.tally import tally
from tfmlp.checks.wording import in_words
from tfmlp.reports.frame import make_environment

_MOST_DETAILS = 20_000  # characters of a submission's tables that are shown
_VERDICTS = {"right": "right", "wrong": "wrong", "missing": "missing", "unclear": "by hand"}


def render_grades(grades: Sequence[Grade], rubric: Rubric) -> str:
    """Returns the page of submissions held against a rubric."""
    environment = make_environment()
    environment.filters |= {"points": show_points, "verdict": _VERDICTS.__getitem__}
    template = environment.get_template("grades.html")
    return template.render(
        title=rubric.title,
        rubric=rubric,
        grades=grades,
        tally=tally(grades, rubric),
        verdicts=_VERDICTS,
        details=[_details(grade) for grade in grades],
    )


def _details(grade: Grade) -> dict[str, Any]:
    """Returns what is shown of a submission beside its marks."""
    result = grade.result
    tables = "\n\n".join(in_words(finding) for finding in result.findings)
    if len(tables) > _MOST_DETAILS:
        tables = f"{tables[:_MOST_DETAILS]}..."
    return {"tables": tables, "unclear": result.unclear, "notes": result.notes}
