"""Grading: what came of one submission, held against a rubric.

A submission never loses points because it was not understood: what is neither right, wrong nor
surely missing is left to a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tfmlp.checks.mentions import Mentions
from tfmlp.checks.rubric import Expected, Rubric, plain_names
from tfmlp.checks.sandbox import FileResult

UNNAMED = "its cause is not named"
_LONGEST = 500  # characters of a message that may come from a submission


class Verdict(StrEnum):
    """What is said of one thing that is expected; compares equal to its string."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Mark:
    """What is said of one thing that is expected in a submission.

    Attributes:
      expected: What is expected.
      verdict: What is said of it.
      why: The causes of what is wrong, or why something is unclear or missing.
      causes: Name and text of each cause.
      subjects: What in the submission it was found as.
    """

    expected: Expected
    verdict: Verdict
    why: str = ""
    causes: tuple[tuple[str, str], ...] = ()
    subjects: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """The points for it; those that a person has to judge are not in them."""
        if self.verdict == Verdict.RIGHT:
            return self.expected.points
        return self.expected.partial if self.verdict == Verdict.WRONG else 0

    def to_dict(self) -> dict[str, Any]:
        """Returns the mark as plain values."""
        causes = [{"name": name, "text": text} for name, text in self.causes]
        return {
            "expected": self.expected.name,
            "verdict": self.verdict.value,
            "points": self.points,
            "why": self.why,
            "causes": causes,
            "subjects": list(self.subjects),
        }


@dataclass(frozen=True)
class Grade:
    """What is said of a submission.

    Attributes:
      name: The submission's name.
      marks: One for each thing that is expected, in the rubric's order.
      result: What came of the file.
    """

    name: str
    marks: tuple[Mark, ...]
    result: FileResult

    @property
    def points(self) -> float:
        """The sum of its points."""
        return _total(mark.points for mark in self.marks)

    @property
    def most(self) -> float:
        """The points that it could have."""
        return _total(mark.expected.points for mark in self.marks)

    @property
    def by_hand(self) -> float:
        """The points that a person has to judge."""
        unclear = [one for one in self.marks if one.verdict == Verdict.UNCLEAR]
        return _total(mark.expected.points for mark in unclear)

    @property
    def error(self) -> str:
        """Why the file ended early, or ""."""
        return _cut(self.result.error or "")

    @property
    def needs_a_person(self) -> bool:
        """Whether a person has to look at it."""
        return bool(self.error) or any(one.verdict == Verdict.UNCLEAR for one in self.marks)

    @property
    def score(self) -> str:
        """Its points in words, such as "7 of 10, 3 to be judged by hand"."""
        ending = f", {show_points(self.by_hand)} to be judged by hand" if self.by_hand else ""
        return f"{show_points(self.points)} of {show_points(self.most)}{ending}"

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain values, without what the file printed."""
        result = {key: value for key, value in vars(self.result).items() if key != "output"}
        values = {"submission": self.name, "points": self.points, "of": self.most}
        values |= {"by_hand": self.by_hand, "needs_a_person": self.needs_a_person}
        return values | {"marks": [mark.to_dict() for mark in self.marks]} | result


def show_points(points: float) -> str:
    """Returns points as people write them: 7, 2.5."""
    return f"{points:.10g}"


def grade(name: str, result: FileResult, mentions: Mentions, rubric: Rubric) -> Grade:
    """Holds what came of a submission against a rubric.

    Args:
      name: The submission's name.
      result: What came of the file.
      mentions: The names in its text.
      rubric: What is expected.
    """
    marks = tuple(_mark(expected, result, mentions) for expected in rubric.expected)
    return Grade(name, marks, result)


def _mark(expected: Expected, result: FileResult, mentions: Mentions) -> Mark:
    fitting = [finding for finding in result.findings if expected.fits(finding)]
    subjects = tuple(_cut(finding["subject"]) for finding in fitting)
    if not fitting:
        return _not_found(expected, result, mentions)
    causes = tuple(_cause(finding) for finding in fitting if finding["right"] is False)
    if causes:
        why = "; ".join(dict.fromkeys(text for _, text in causes))
        return Mark(expected, Verdict.WRONG, why, causes, subjects)
    unclear = [_doubt(finding) for finding in fitting if finding["right"] is None]
    if unclear:
        return Mark(expected, Verdict.UNCLEAR, "; ".join(dict.fromkeys(unclear)), (), subjects)
    return Mark(expected, Verdict.RIGHT, "", (), subjects)


def _not_found(expected: Expected, result: FileResult, mentions: Mentions) -> Mark:
    if result.error:
        return Mark(expected, Verdict.UNCLEAR, "the file was not checked to its end")
    if mentions.is_left_empty(expected):
        return Mark(expected, Verdict.MISSING, "it is left empty")
    if result.unclear:
        return Mark(expected, Verdict.UNCLEAR, "something in the file was not understood")
    found = set().union(*(plain_names(finding["subject"]) for finding in result.findings))
    why = _cut(mentions.of(expected, found))
    return Mark(expected, Verdict.UNCLEAR if why else Verdict.MISSING, why)


def _doubt(finding: dict[str, Any]) -> str:
    cause = finding["cause"]
    return _cut(finding.get("undecided") or (cause["text"] if cause else "no verdict"))


def _cause(finding: dict[str, Any]) -> tuple[str, str]:
    cause = finding["cause"]
    return (cause["name"], _cut(cause["text"])) if cause else ("", UNNAMED)


def _total(points: Iterable[float]) -> float:
    return round(sum(points), 6)  # 0.1 + 0.2 is 0.3


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
