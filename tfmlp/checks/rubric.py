"""A rubric: what a teacher expects in each submission, and the points for it.

title = "Week 3"

[[expected]]
subject = "sigmoid / sigmoid_prime"
points = 2

[[expected]]
kind = "gradient"
points = 6
partial = 2
"""

import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.checks import words
from tfmlp.errors import ConfigError, nearest

KINDS = {
    "derivative": "derivative of an activation",
    "loss": "loss with its gradient",
    "softmax": "softmax",
    "dropout": "dropout",
    "gradient": "gradient of a net",
}
_KEYS = ("title", "seconds", "megabytes", "expected")
_ENTRY_KEYS = ("subject", "kind", "points", "partial")
_MOST_BYTES, _MOST_POINTS, _LONGEST = 1 << 20, 1_000_000, 200
_LIMITS = {"seconds": (0.1, 86_400), "megabytes": (256, 1 << 20)}


class RubricError(ConfigError):
    """A rubric, or what is to be graded with it, is not as it should be."""

    exit_code = 2


@dataclass(frozen=True)
class Expected:
    """One thing that is expected in a submission.

    Attributes:
      subject: What it is called, as `check` names it, or "": any of the kind.
      kind: One of `KINDS`, or "": of any kind.
      points: For what is right.
      partial: For what is there and wrong.
    """

    subject: str
    kind: str
    points: float
    partial: float = 0

    @property
    def name(self) -> str:
        """How tables name it."""
        if self.subject and self.kind:
            return f"{self.subject} ({self.kind})"
        return self.subject or KINDS[self.kind]

    @property
    def names(self) -> frozenset[str]:
        """The names that its subject may have, as `plain_names` writes them; with "sigmoid_prime"
        that of the function, for its derivative may be called otherwise.
        """
        names = [part.strip() for part in self.subject.lower().split("/")]
        names += [
            name.removeprefix(prefix).removesuffix(suffix)
            for name in names
            for prefix in ("", *words.DERIVATIVE_PREFIXES)
            for suffix in ("", *words.DERIVATIVE_SUFFIXES)
            if "" in (prefix, suffix)
        ]
        return plain_names("/".join(names))

    def fits(self, finding: dict[str, Any]) -> bool:
        """Whether a finding is about this: of its kind, and with a name in common.

        Args:
          finding: As `Finding.to_dict`.
        """
        if self.kind and finding["kind"] != self.kind:
            return False
        return not self.subject or bool(self.names & plain_names(finding["subject"]))


@dataclass(frozen=True)
class Rubric:
    """What is expected in each submission.

    Attributes:
      title: What the page is called.
      expected: At least one.
      seconds, megabytes: The limits of each submission, or None.
    """

    title: str
    expected: tuple[Expected, ...]
    seconds: float | None = None
    megabytes: int | None = None

    @property
    def points(self) -> float:
        """The points of a submission in which everything is right."""
        return sum(one.points for one in self.expected)


def plain_names(subject: str) -> frozenset[str]:
    """Returns the names in a subject such as "relu / d_relu", without case and underscores."""
    parts = (part.strip().casefold().replace("_", "") for part in subject.split("/"))
    return frozenset(part for part in parts if part)


def read_rubric(path: Path) -> Rubric:
    """Reads a rubric.

    Raises:
      RubricError: when it cannot be read, or something in it is not as it should be.
    """
    try:
        files.require_regular(path)
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise RubricError(f"{path}: expected a rubric of at most {_MOST_BYTES:,} bytes.")
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise RubricError(
            f"cannot read the rubric {path}: {error.strerror}: name a TOML file."
        ) from None
    except (ValueError, RecursionError) as error:
        raise RubricError(f"{path} is not valid TOML: {error}.") from None
    return _rubric(tables, path)


def _rubric(tables: dict[str, Any], path: Path) -> Rubric:
    _require_known(tables, _KEYS, str(path))
    entries = tables.get("expected")
    is_list = isinstance(entries, list) and all(isinstance(one, dict) for one in entries)
    if not is_list or not entries:
        received = "none" if not entries else repr(entries)
        raise RubricError(
            f"{path}: expected at least one table [[expected]]; received {received}: add one with"
            " a subject (or a kind) and its points."
        )
    expected = [_expected(one, f"{path}: [[expected]] {n}") for n, one in enumerate(entries, 1)]
    names = [one.name for one in expected]
    for name in names:
        if names.count(name) > 1:
            raise RubricError(f"{path}: {name!r} is expected {names.count(name)} times: keep one.")
    limits = {
        name: _number(tables, name, *_LIMITS[name], str(path)) for name in _LIMITS if name in tables
    }
    if limits.get("megabytes", 256) % 1:
        raise RubricError(
            f"{path}: megabytes must be a whole number; received {limits['megabytes']:g}."
        )
    title = _text(tables, "title", str(path)) or path.stem
    megabytes = int(limits["megabytes"]) if "megabytes" in limits else None
    return Rubric(title, tuple(expected), limits.get("seconds"), megabytes)


def _expected(entry: dict[str, Any], where: str) -> Expected:
    _require_known(entry, _ENTRY_KEYS, where)
    subject, kind = _text(entry, "subject", where), _text(entry, "kind", where)
    if kind and kind not in KINDS:
        raise RubricError(f"{where}: unknown kind {kind!r}: {nearest(kind, KINDS)}.")
    if not plain_names(subject) and (subject or not kind):
        raise RubricError(
            f"{where}: expected a subject, such as 'relu', or a kind ({', '.join(KINDS)}); received"
            f" {'neither' if not subject else repr(subject)}: add one."
        )
    if "points" not in entry:
        raise RubricError(f"{where}: expected points, a number from 0 on; received none: add them.")
    points = _number(entry, "points", 0, _MOST_POINTS, where)
    partial = _number(entry, "partial", 0, points, where) if "partial" in entry else 0
    return Expected(subject, kind, points, partial)


def _require_known(table: dict[str, Any], known: Iterable[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise RubricError(f"{where}: unknown key {name!r}: {nearest(name, known)}.")


def _text(table: dict[str, Any], name: str, where: str) -> str:
    value = table.get(name, "")
    is_text = isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST
    if not is_text or (name in table and not value.strip()):
        shown = f"{str(value)[:40]!r}" + (f" ({len(value)} characters)" if is_text else "")
        raise RubricError(
            f"{where}: {name} must be a text of one line, at most {_LONGEST} characters; received"
            f" {shown}."
        )
    return value.strip()


def _number(table: dict[str, Any], name: str, least: float, most: float, where: str) -> float:
    value = table[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not least <= value <= most:
        raise RubricError(
            f"{where}: {name} must be a number from {least:g} to {most:,g}; received"
            f" {str(value)[:40]!r}."
        )
    return value
