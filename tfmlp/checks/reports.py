"""Reports: what a check of gradients or of a single function found."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.checks.causes import Cause, CauseName
from tfmlp.checks.html import table

_HEADS = {False: "likely cause", None: "if it is wrong", True: ""}
_COLUMNS = ("parameter", "verdict", "largest error", "where", "given", "measured")


@dataclass(frozen=True)
class ParameterVerdict:
    """What was found of one parameter's gradient.

    Attributes:
      name: The parameter's name.
      right: Whether the gradient agrees with the differences.
      error: The largest difference, relative to the larger of the two derivatives or a thousandth
        of the parameter's largest.
      where: The index of the entry where it is.
      given, measured: The gradient's entry there, and the central difference.
      entries: How many entries were looked at; of these `kinks` lie on a kink and were held against
        both sides.
      kinks: See `entries`.
      cause: What is wrong with this gradient taken alone, or None.
      note: A remark, such as that float32 noise is all there is.
    """

    name: str
    right: bool
    error: float
    where: tuple[int, ...]
    given: float | None
    measured: float
    entries: int
    kinks: int
    cause: Cause | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Returns the verdict as plain values; what is not finite is None."""
        values = vars(self) | {
            "where": list(self.where),
            "cause": self.cause and self.cause.to_dict(),
        }
        return {key: None if _is_endless(value) else value for key, value in values.items()}

    def cells(self, wrong: str = "WRONG") -> tuple[str, ...]:
        """Returns the verdict as cells of the report's table, with a word for what is wrong."""
        given = "none" if self.given is None else f"{self.given:.6g}"
        note = f"  ({self.note})" if self.note else ""
        return (
            *(self.name, "right" if self.right else wrong, f"{self.error:.1e}"),
            *(str(list(self.where)).replace(" ", ""), given, f"{self.measured:.6g}{note}"),
        )


@dataclass(frozen=True)
class GradientReport:
    """What `check` or `check_gradients` found.

    Attributes:
      parameters: A verdict for each parameter.
      cause: The likely cause of what is wrong, or None.
      recognized: What the net was recognized as, or "".
      convention: What one factor on all gradients means, where it is no error; or None.
      undecided: Why it can neither be called right nor wrong, or "".
      loss: The loss that was tried on the outputs, or "" where it was given.
      factor: What all gradients are times those of the loss; of a step, what it subtracts is.

    >>> w = np.array([0.5, -1.0])
    >>> report = tfmlp.check_gradients(lambda w: (w**2).sum(), w, -2 * w)
    >>> report.right, report.cause.text
    (False, 'the gradient has the wrong sign')
    """

    parameters: tuple[ParameterVerdict, ...]
    cause: Cause | None
    recognized: str = ""
    convention: Cause | None = None
    undecided: str = ""
    loss: str = ""
    factor: float = 1.0

    @property
    def right(self) -> bool | None:
        """Whether every gradient is right; None where that cannot be decided."""
        if self.undecided or (self.cause is not None and self.cause.name is CauseName.SMALL):
            return None
        return all(verdict.right for verdict in self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain values."""
        return {
            "right": self.right,
            "cause": self.cause and self.cause.to_dict(),
            "convention": self.convention and self.convention.to_dict(),
            "undecided": self.undecided,
            "recognized": self.recognized,
            "loss": self.loss,
            "factor": self.factor,
            "parameters": [verdict.to_dict() for verdict in self.parameters],
        }

    def __str__(self) -> str:
        width = max(len(_COLUMNS[0]), *(len(verdict.name) for verdict in self.parameters))
        form = f"{{:{width}}}  {{:7}}  {{:>13}}  {{:12}}  {{:11}}  {{}}"
        lines = [form.format(*_COLUMNS)]
        lines += [form.format(*cells) for cells in self._rows()]
        return "\n".join([*lines, *self.sentences])

    @property
    def sentences(self) -> list[str]:
        """What there is to say besides the table."""
        said = (
            (_HEADS[self.right], self.cause and self.cause.text),
            ("convention", self.convention and self.convention.text),
            ("not decided", self.undecided),
            ("loss", self.loss),
        )
        return [f"{head}: {text}" for head, text in said if text]

    def _repr_html_(self) -> str:
        heading = {True: "right", False: "wrong", None: "not decided"}[self.right]
        return table(heading, _COLUMNS, self._rows(), self.sentences)

    def _rows(self) -> list[tuple[str, ...]]:
        wrong = "differs" if self.right is None else "WRONG"
        return [verdict.cells(wrong) for verdict in self.parameters]


@dataclass(frozen=True)
class FunctionReport:
    """What was found of one function; it is right where there is no cause.

    Attributes:
      cause: What is wrong, or None.
      note: A remark, such as in which terms a derivative is written.
      detail: The point with the largest difference, in words.

    >>> report = tfmlp.check_derivative(np.sin, lambda x: -np.cos(x))
    >>> report.right, report.cause.text
    (False, 'the derivative has the wrong sign')
    """

    cause: Cause | None = None
    note: str = ""
    detail: str = ""

    @property
    def right(self) -> bool:
        """Whether the function is right."""
        return self.cause is None

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain values."""
        return {
            "right": self.right,
            "cause": self.cause and self.cause.to_dict(),
            "note": self.note,
            "detail": self.detail,
        }

    def __str__(self) -> str:
        verdict = f"WRONG: {self.cause.text}" if self.cause else "right"
        remarks = [f"({remark})" for remark in (self.detail, self.note) if remark]
        return " ".join([verdict, *remarks])


def _is_endless(value: Any) -> bool:
    return isinstance(value, float) and not np.isfinite(value)
