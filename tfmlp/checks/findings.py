"""Findings: what was found in a user's file."""

from dataclasses import dataclass, field
from typing import Any

from tfmlp.checks.asks import Ask
from tfmlp.checks.reports import FunctionReport, GradientReport


@dataclass
class Finding:
    """What was found of one thing in a file.

    Attributes:
      subject: What it is called in the file.
      kind: "derivative", "loss", "softmax", "dropout" or "gradient".
      report: A `FunctionReport` or a `GradientReport`.
    """

    subject: str
    kind: str
    report: FunctionReport | GradientReport

    def to_dict(self) -> dict[str, Any]:
        """Returns the finding as plain values."""
        report = self.report
        values = {"subject": self.subject, "kind": self.kind} | report.to_dict()
        return values | {"text": str(report)} if isinstance(report, GradientReport) else values


@dataclass
class FileFindings:
    """Everything that was found in a file.

    Attributes:
      findings: What could be checked.
      unclear: What looks as if it should be checked, and could not be.
    """

    findings: list[Finding] = field(default_factory=list)
    unclear: list[Ask] = field(default_factory=list)
