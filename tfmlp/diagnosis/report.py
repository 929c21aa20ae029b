"""`Diagnosis`: the findings and facts of an investigation."""

from dataclasses import dataclass, field
from typing import Any

from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.range_test import RangeTest


@dataclass
class Diagnosis:
    """What `diagnose` found.

    Attributes:
      findings: The most important first; none for a healthy training.
      facts: What else was seen, by name.
      range_test: The range test of the learning rate.
      seconds: How long the investigation took.

    >>> print(Diagnosis())
    healthy: nothing wrong was found
    """

    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    range_test: RangeTest = field(default_factory=RangeTest)
    seconds: float = 0.0

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def names(self) -> set[Name]:
        """The names of the findings."""
        return {finding.name for finding in self.findings}

    def sort(self) -> None:
        """Puts the most important finding first, and keeps the first one of each name."""
        unique = {finding.name: finding for finding in reversed(self.findings)}
        self.findings = sorted(unique.values(), key=lambda finding: -finding.severity)

    def to_dict(self) -> dict[str, Any]:
        """Returns the diagnosis as plain values."""
        return {
            "healthy": self.healthy,
            "findings": [finding.to_dict() for finding in self.findings],
            "facts": self.facts,
            "seconds": round(self.seconds, 1),
        }

    def __str__(self) -> str:
        if self.healthy:
            return "healthy: nothing wrong was found"
        return "\n".join(
            f"{number}. {finding.text}\n   seen: {finding.evidence}\n   cure: {finding.cure}"
            for number, finding in enumerate(self.findings, 1)
        )
