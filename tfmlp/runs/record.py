"""`RunRecord`: what a run folder's run.json says of a run.

    record = RunFolder(path).read()
    record.test, record.config, record.dataset.sha256
    RunRecord.from_dict(record.to_dict()) == record

Format 2 has the data's schema; records of format 1 are still read.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfmlp.runs.values import DamagedRecord, Values

FORMAT = 2
_READABLE = (1, FORMAT)


class Status(enum.StrEnum):
    """How a run stands."""

    INTERRUPTED = "interrupted"  # also the truth of a run that was killed
    COMPLETED = "completed"
    STOPPED = "stopped"  # its patience ended
    DIVERGED = "diverged"


@dataclass(frozen=True)
class Position(Values):
    """Where in a run a training stands: whole epochs, and steps after them."""

    epoch: int
    step: int


@dataclass(frozen=True)
class Lengthening(Values):
    """How a run was made longer: for how many epochs it was planned until then, and after which
    epoch it went on.
    """

    planned: int
    after: int


@dataclass(frozen=True)
class DatasetRecord(Values):
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
class EngineRecord(Values):
    """What computed a run: the engine's name and its precision."""

    name: str
    precision: str


@dataclass(frozen=True)
class Timing(Values):
    """Seconds: of the whole command, of the training, of tracing and compiling."""

    total_seconds: float
    training_seconds: float
    compile_seconds: float


@dataclass(frozen=True)
class Best(Values):
    """The best epoch and its validation metrics."""

    epoch: int
    validation: dict[str, float]


@dataclass(frozen=True)
class RunRecord(Values):
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
      lengthened: How it was made longer, each time that it was.
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
    lengthened: list[Lengthening] | None = None
    divergence: dict[str, Any] | None = None
    restores: list[Any] | None = None
    timing: Timing | None = None
    best: Best | None = None
    test: dict[str, float] | None = None
    # Scripts know it by the key.
    measured: dict[str, float] | None = field(default=None, metadata={"key": "figures"})

    @property
    def has_ended(self) -> bool:
        """Whether the run lived to write its last record."""
        return self.timing is not None

    @property
    def goes_on(self) -> bool:
        """Whether the run was resumed and has not ended since: its folder has the model of before,
        and what that makes of the test examples.
        """
        return self.resumed_after is not None and not self.has_ended

    def digests_beside(self, dataset: str) -> set[str] | None:
        """Returns the sha256 of all that the run was trained on, where a dataset's name is that of
        other data; None where it is that of the run's own.
        """
        if dataset in (self.dataset.name, self.config.get("data", {}).get("dataset")):
            return None
        return {self.dataset.sha256, *self.dataset.files.values()}

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
