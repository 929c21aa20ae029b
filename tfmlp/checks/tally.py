"""The tally of many grades: how many are right in what, and how often each cause is there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfmlp.checks.grading import Grade, Verdict
from tfmlp.checks.rubric import Expected, Rubric


@dataclass(frozen=True)
class ExpectedTally:
    """How many submissions have which verdict on one thing that is expected."""

    expected: Expected
    counts: dict[Verdict, int]


@dataclass(frozen=True)
class CauseTally:
    """Which submissions have a cause.

    Attributes:
      expected: In what.
      name: The cause's name, or "" for those that are not named.
      text: Its text; where there are several, the commonest.
      numbers: The submissions' numbers, from 0.
    """

    expected: Expected
    name: str
    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Tally:
    """What came of all submissions together.

    Attributes:
      expected: In the rubric's order.
      causes: The commonest first.
      full: How many submissions have all points.
      by_hand: How many need a person.
      errors: How many ended early.
    """

    expected: tuple[ExpectedTally, ...]
    causes: tuple[CauseTally, ...]
    full: int
    by_hand: int
    errors: int

    def to_dict(self) -> dict[str, Any]:
        """Returns the tally as plain values."""
        return {
            "expected": [
                {"name": one.expected.name, "points": one.expected.points}
                | {verdict.value: count for verdict, count in one.counts.items()}
                for one in self.expected
            ],
            "causes": [
                {"expected": one.expected.name, "name": one.name, "text": one.text}
                | {"count": len(one.numbers)}
                for one in self.causes
            ],
            "full": self.full,
            "by_hand": self.by_hand,
            "errors": self.errors,
        }


def tally(grades: Sequence[Grade], rubric: Rubric) -> Tally:
    """Counts what came of submissions."""
    expected = []
    causes: list[CauseTally] = []
    for place, one in enumerate(rubric.expected):
        marks = [grade.marks[place] for grade in grades]
        verdicts = Counter(mark.verdict for mark in marks)
        expected.append(ExpectedTally(one, {verdict: verdicts[verdict] for verdict in Verdict}))
        named = {name: None for mark in marks for name, _ in mark.causes}
        for name in named:
            numbers = tuple(n for n, mark in enumerate(marks) if name in dict(mark.causes))
            texts = Counter(text for mark in marks for key, text in mark.causes if key == name)
            causes.append(CauseTally(one, name, texts.most_common(1)[0][0], numbers))
    causes.sort(key=lambda one: -len(one.numbers))
    return Tally(
        tuple(expected),
        tuple(causes),
        full=sum(grade.points == grade.most for grade in grades),
        by_hand=sum(grade.needs_a_person for grade in grades),
        errors=sum(bool(grade.error) for grade in grades),
    )
