"""A training with its record: drives a `Training` to its end and keeps its run folder.

    outcome = run_training(fit(config, data), RunFolder(path), recipe="mnist", started=started)
    outcome.record.test, outcome.error

What watches the training is a list of observers: the epochs' file, whatever the caller adds
(progress, warnings, measurements), and the checkpoints, which also end a run that a signal asked to
end.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tfmlp import signals
from tfmlp.config import Config
from tfmlp.data.framing import measure_framing
from tfmlp.errors import CheckpointError, DivergenceError, TfmlpError
from tfmlp.examination.examination import examine_beginning, examine_end
from tfmlp.runs.evaluation import LayerHistograms
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.lock import locked
from tfmlp.runs.record import (
    FORMAT,
    Best,
    DatasetRecord,
    EngineRecord,
    Lengthening,
    RunRecord,
    Status,
    Timing,
)
from tfmlp.runs.versions import versions
from tfmlp.saver import EpochWriter, Saver, position
from tfmlp.training.loop import Training
from tfmlp.training.observer import Observer


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
      record: Its record.
      error: The divergence or interruption that ended it early, or that its end could not be
        written; None where all is well.
    """

    record: RunRecord
    error: BaseException | None


def run_training(
    training: Training,
    folder: RunFolder,
    *,
    recipe: str | None,
    started: float,
    observers: Iterable[Observer] = (),
    restore: Callable[[], None] | None = None,
    earlier: RunRecord | None = None,
) -> Outcome:
    """Trains to the end, evaluates on the test examples, and leaves all of it in the run folder.

    The first Ctrl-C or SIGTERM ends the run at its next pause, within about a second, with a
    checkpoint; a second one ends it without that checkpoint.

    Args:
      training: What trains.
      folder: Where to write.
      recipe: The recipe's name, for the record.
      started: `time.perf_counter()` when the command started.
      observers: What else watches the training.
      restore: Where the folder holds this run already: puts its state into `training`. Called when
        no other process can write there any more.
      earlier: The record of this run, as `restore` found it.

    Raises:
      CheckpointError: when the folder cannot be written, or another process holds it.
    """
    with locked(folder.path):
        if restore is not None:
            restore()
        record = describe(training, recipe)
        if restore is not None:
            record = dataclasses.replace(record, resumed_after=position(training))
            if earlier is not None:
                record = _going_on(record, earlier)
            folder.reopen(record, [epoch.to_dict() for epoch in training.history])
        else:
            folder.start(record)
            folder.write_evaluation(examine_beginning(training))
        return _train(training, folder, record, started, observers)


def _going_on(record: RunRecord, earlier: RunRecord) -> RunRecord:
    """Returns the record of a run that goes on: engine and precision as they were asked for, not
    as they are pinned now, and how it was made longer.
    """
    asked, now = earlier.config.get("runtime", {}), record.config["runtime"]
    names = [name for name in ("engine", "precision") if name in asked]
    config = record.config | {"runtime": now | {name: asked[name] for name in names}}
    planned = Config.from_dict(earlier.config).optimization.epochs
    lengthened = list(earlier.lengthened or ())
    if config["optimization"]["epochs"] > planned and record.resumed_after is not None:
        lengthened.append(Lengthening(planned, record.resumed_after.epoch))
    return dataclasses.replace(record, config=config, lengthened=lengthened or None)


def describe(training: Training, recipe: str | None) -> RunRecord:
    """Returns what a record says of a training before its first epoch."""
    config, data, backend = training.config, training.data, training.backend
    source = data.provenance
    framing = measure_framing(data.train.features)
    return RunRecord(
        format=FORMAT,
        status=Status.INTERRUPTED,
        recipe=recipe,
        config=config.to_dict(),
        seed=config.runtime.seed,
        dataset=DatasetRecord(
            name=source.name,
            source=source.source,
            sha256=source.sha256,
            files=source.files,
            official=source.official,
            sizes={name: len(split) for name, split in data.splits.items()},
            class_counts={name: one.tolist() for name, one in data.class_counts().items()},
            class_names=list(data.class_names),
        ),
        schema=data.schema.to_dict(),
        framing=None if framing is None else framing.to_dict(),
        parameters=backend.parameters,
        engine=EngineRecord(backend.engine, backend.precision),
        device=backend.device,
        versions=versions(),
    )


def _train(
    training: Training,
    folder: RunFolder,
    record: RunRecord,
    started: float,
    observers: Iterable[Observer],
) -> Outcome:
    error: BaseException | None = None
    divergence = None
    loop_started = time.perf_counter()
    training.pause_every = training.config.runtime.checkpoint_steps
    with signals.noted() as noted:
        saver = Saver(training, folder, noted)
        training.observers += [EpochWriter(folder), *observers, saver]
        try:
            for _ in training:
                pass
            status = Status.STOPPED if training.stopped_early else Status.COMPLETED
        except DivergenceError as diverged:
            error, status, divergence = diverged, Status.DIVERGED, diverged.divergence
            saver.save_after_divergence()
        except KeyboardInterrupt as interrupt:
            error, status = interrupt, Status.INTERRUPTED
            training.restore_best()
    record = dataclasses.replace(
        record,
        status=status,
        divergence=divergence and divergence.to_dict(),
        restores=[one.to_dict() for one in training.restores],
        checkpoint=saver.saved,
    )
    seconds = time.perf_counter() - loop_started
    with signals.held():
        ended = _finish(training, folder, record, started, seconds)
    return Outcome(ended.record, ended.error or error)


def _finish(
    training: Training, folder: RunFolder, record: RunRecord, started: float, seconds: float
) -> Outcome:
    """Evaluates, and writes model and record; the record's metrics are there in any case."""
    error: TfmlpError | None = None
    status, test = record.status, None
    if status != Status.DIVERGED:
        metrics = training.evaluate("test")
        if math.isfinite(metrics.loss):
            test = metrics.to_dict()
        else:  # the last update of the run did it
            status = Status.DIVERGED
            error = DivergenceError(
                f"the test loss is {metrics.loss} after the last epoch: lower --learning-rate, set"
                " --clip-norm, or check --preprocessing."
            )
    evaluation = examine_end(training, _beginning(folder), status == Status.DIVERGED)
    best = training.best
    record = dataclasses.replace(
        record,
        status=status,
        test=test,
        timing=Timing(
            total_seconds=round(time.perf_counter() - started, 3),
            training_seconds=round(seconds, 3),
            compile_seconds=round(training.backend.compile_seconds, 3),
        ),
        best=Best(best.epoch, best.validation.to_dict()) if best and best.validation else None,
    )
    try:
        if test:
            folder.save_model(training.model.save)
        folder.write_evaluation(evaluation)
        folder.write(record)
    except CheckpointError as full:
        error = full
    return Outcome(record, error)


def _beginning(folder: RunFolder) -> list[LayerHistograms]:
    """Returns the histograms of the run's beginning; none where they are missing or damaged."""
    try:
        return folder.read_evaluation().layers.beginning
    except CheckpointError:  # a run of an earlier version that was resumed
        return []
