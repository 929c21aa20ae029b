"""`RunRecord`: what a run folder's run.json says of a run.

    record = RunFolder(path).read()
    record.test, record.config, record.dataset.sha256
    RunRecord.from_dict(record.to_dict()) == record

Format 2 has the data's schema; records of format 1 are still read.
"""

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = 2
_READABLE = (1, FORMAT)
# Attribute -> key in run.json, where they differ: scripts know the keys.
_KEYS = {"measured": "figures"}
_MISSING = dataclasses.MISSING


class Status(enum.StrEnum):
    """How a run stands."""

    INTERRUPTED = "interrupted"  # also the truth of a run that was killed
    COMPLETED = "completed"
    STOPPED = "stopped"  # its patience ended
    DIVERGED = "diverged"


class DamagedRecord(ValueError):
    """What is wrong with a record."""


class _Values:
    """A dataclass that is read from and written as plain JSON values."""

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values; an attribute that is None, and may be missing, is left out."""
        values = {}
        for known in dataclasses.fields(typing.cast(Any, self)):
            value = getattr(self, known.name)
            if value is None and known.default is None and not known.metadata.get("is_kept"):
                continue
            plain = value.to_dict() if isinstance(value, _Values) else value
            values[_KEYS.get(known.name, known.name)] = plain
        return values

    @classmethod
    def from_dict(cls, values: Any) -> typing.Self:
        """Makes the value from what `to_dict` returned; what is not known is passed over.

        Raises:
          DamagedRecord: when something is missing or of another type.
        """
        if not isinstance(values, Mapping):
            raise DamagedRecord(f"expected a table; received {type(values).__name__}")
        found = {}
        hints = typing.get_type_hints(cls)
        for known in dataclasses.fields(typing.cast(Any, cls)):
            key = _KEYS.get(known.name, known.name)
            if key in values:
                found[known.name] = _converted(hints[known.name], key, values[key])
            elif known.default is _MISSING and known.default_factory is _MISSING:
                raise DamagedRecord(f"{key} is missing")
        return cls(**found)


def _converted(hint: Any, key: str, value: Any) -> Any:
    """Returns a value as its attribute has it."""
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in kinds:
        return None
    kind = kinds[0]
    if isinstance(kind, type) and issubclass(kind, _Values):
        return kind.from_dict(value)
    if kind is Status:
        return Status(value)
    if not _is_of(kind, value):
        raise DamagedRecord(f"{key} must be {_shown(kind)}; received {value!r:.80}")
    return value


def _is_of(kind: Any, value: Any) -> bool:
    """Returns whether a JSON value is of a type such as int or dict[str, list[int]]."""
    origin, inner = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is Any:
        return True
    if origin in (int, float):
        return isinstance(value, int | origin) and not isinstance(value, bool)
    if not isinstance(value, origin):
        return False
    items = value.values() if origin is dict else value if origin is list else ()
    return all(_is_of(inner[-1], item) for item in items)


def _shown(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)


@dataclass(frozen=True)
class Position(_Values):
    """Where in a run a training stands: whole epochs, and steps after them."""

    epoch: int
    step: int


@dataclass(frozen=True)
class DatasetRecord(_Values):
    """The data of a run.

    Attributes:
      name: The name it was asked for by.
      source: A sentence for people.
      sha256: One digest for all files.
      sizes: Examples of each split.
      files: sha256 of each file.
      official: Whether the files are the published ones; None where there is nothing to compare.
      class_counts: Examples of each class, by split.
      class_names: A name for each class.
    """

    name: str
    source: str
    sha256: str
    sizes: dict[str, int]
    files: dict[str, str] = field(default_factory=dict)
    official: bool | None = field(default=None, metadata={"is_kept": True})
    class_counts: dict[str, list[int]] = field(default_factory=dict)
    class_names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class EngineRecord(_Values):
    """What computed a run: the engine's name and its precision."""

    name: str
    precision: str


@dataclass(frozen=True)
class Timing(_Values):
    """Seconds: of the whole command, of the training, of tracing and compiling."""

    total_seconds: float
    training_seconds: float
    compile_seconds: float


@dataclass(frozen=True)
class Best(_Values):
    """The best epoch and its validation metrics."""

    epoch: int
    validation: dict[str, float]


@dataclass(frozen=True)
class RunRecord(_Values):
    """What is known of a run.

    Attributes:
      format: Of the record.
      status: How the run stands.
      recipe: The recipe that it started from, if any.
      config: Every option, one table a group.
      seed: Its seed.
      dataset: Its data.
      parameters: The number of trainable weights.
      engine: What computed it.
      device: "/CPU:0" or "/GPU:0".
      versions: Of tfmlp, Python and the libraries that decide its metrics.
      schema: The data's schema, as `data.schema.Schema.to_dict` has it; None in format 1.
      framing: What its training images have in common, as `data.framing.Framing.to_dict` has it;
        None for tables, and in records of before.
      checkpoint: Where its last checkpoint stands.
      resumed_after: Where it was resumed.
      divergence: What was not finite.
      restores: What it was rolled back before.
      timing: None while it has not ended.
      best: Its best epoch.
      test: Its metrics on the test examples.
      measured: What an experiment measured, by label.

    >>> record = tfmlp.load_run("runs/third").record
    >>> record.dataset.sizes
    {'train': 5400, 'validation': 600, 'test': 1000}
    """

    format: int
    status: Status
    recipe: str | None = field(metadata={"is_kept": True})
    config: dict[str, Any]
    dataset: DatasetRecord
    seed: int = 0
    parameters: int = 0
    engine: EngineRecord | None = None
    device: str = "/CPU:0"
    versions: dict[str, str] = field(default_factory=dict)
    schema: dict[str, Any] | None = None
    framing: dict[str, Any] | None = None
    checkpoint: Position | None = None
    resumed_after: Position | None = None
    divergence: dict[str, Any] | None = None
    restores: list[Any] | None = None
    timing: Timing | None = None
    best: Best | None = None
    test: dict[str, float] | None = None
    measured: dict[str, float] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the run lived to write its last record."""
        return self.timing is not None

    def to_dict(self) -> dict[str, Any]:
        """Returns the record as run.json holds it."""
        values = super().to_dict()
        if self.has_ended:  # then "none" is an answer, too
            values = {"best": None, "test": None, "checkpoint": None, "divergence": None} | values
        return values

    @classmethod
    def from_dict(cls, values: Any) -> "RunRecord":
        """Makes a record from what run.json holds.

        Raises:
          DamagedRecord: when it is of another format, or was changed since.
        """
        is_table = isinstance(values, Mapping)
        version = values.get("format") if is_table else type(values).__name__
        if type(version) is not int or version not in _READABLE:
            raise DamagedRecord(f"expected a record of format {FORMAT}; received {version!r}")
        try:
            return super().from_dict(values)
        except ValueError as error:
            raise DamagedRecord(
                "expected the tables config, dataset and test of a run; received something else in"
                f" their places ({error}): it was changed since"
            ) from None
