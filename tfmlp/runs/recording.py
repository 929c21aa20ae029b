"""A training run, recorded: drives a `Training` to its end and writes its run folder as it goes."""

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tfmlp.errors import CheckpointError, DivergenceError, Interruption, TfmlpError
from tfmlp.runs.checkpoints import Checkpoint, Checkpoints
from tfmlp.runs.lock import locked
from tfmlp.runs.record import FORMAT, RunFolder
from tfmlp.runs.versions import versions


def describe(training: Any, recipe: str | None) -> dict[str, Any]:
    """Returns what a record says of a `Training` before its first epoch."""
    config, data, backend = training.config, training.data, training.backend
    return {
        "format": FORMAT,
        "status": "interrupted",
        "recipe": recipe,
        "config": config.to_dict(),
        "seed": config.runtime.seed,
        "dataset": {
            "name": data.provenance.name,
            "source": data.provenance.source,
            "sha256": data.provenance.sha256,
            "files": data.provenance.files,
            "official": data.provenance.official,
            "sizes": {name: len(split) for name, split in data.splits.items()},
            "class_counts": {name: counts.tolist() for name, counts in data.class_counts().items()},
            "class_names": list(data.class_names),
        },
        "parameters": backend.parameters,
        "engine": {"name": backend.engine, "precision": backend.precision},
        "device": backend.device,
        "versions": versions(),
    }


def record_training(
    training: Any,
    folder: RunFolder,
    recipe: str | None,
    started: float,
    on_epoch: Callable[[dict[str, Any]], None],
    restore: Callable[[], None] | None = None,
) -> tuple[dict[str, Any], BaseException | None]:
    """Trains to the end, evaluates on the test rows, and leaves record, epochs, checkpoints and
    model in the run folder.

    The first Ctrl-C or SIGTERM ends the run at its next pause, within about a second, with a
    checkpoint; a second one ends it without that checkpoint.

    Args:
      training: A `Training`.
      folder: Where to write.
      recipe: The recipe's name, for the record.
      started: `time.perf_counter()` when the command started.
      on_epoch: Called with each epoch's figures, as `epochs.jsonl` holds them.
      restore: Where the folder holds this run already: puts its state into `training`. Called when
        nobody else can write there any more.

    Returns:
      The record, and what went wrong: the divergence or interruption that ended the run early, or
      that its end could not be written.

    Raises:
      CheckpointError: when the folder cannot be written, or another process holds it.
    """
    with locked(folder.path):
        if restore is not None:
            restore()
        record = describe(training, recipe)
        if restore is not None:
            record["resumed_after"] = _position(training)
            folder.reopen(record, [epoch.to_dict() for epoch in training.history])
        else:
            folder.start(record)
        return _train(training, folder, record, started, on_epoch)


def _train(
    training: Any, folder: RunFolder, record: dict[str, Any], started: float, on_epoch: Callable
) -> tuple[dict[str, Any], BaseException | None]:
    error: BaseException | None = None
    loop_started = time.perf_counter()
    runtime, epochs = training.config.runtime, training.config.optimization.epochs
    checkpoints = Checkpoints(folder.path, runtime.keep_checkpoints)
    record["checkpoint"] = _position(training) if training.history or training.step else None

    def is_asked_for() -> bool:
        steps = training.backend.steps
        is_step = runtime.checkpoint_steps is not None and steps % runtime.checkpoint_steps == 0
        return is_step or (
            runtime.checkpoint_minutes is not None
            and checkpoints.age >= 60 * runtime.checkpoint_minutes
        )

    def save(figure: float | None = None) -> None:
        checkpoints.save(
            Checkpoint(len(training.history), *training.get_state(), training.step, figure)
        )
        record["checkpoint"] = _position(training)

    def on_pause() -> None:
        if noted or is_asked_for():
            training.require_finite()
            save()
        if noted:
            raise Interruption(noted[0])

    training.on_pause, training.pause_every = on_pause, runtime.checkpoint_steps
    try:
        with _signals_noted() as noted:
            for epoch in training:
                folder.add_epoch(epoch.to_dict())
                on_epoch(epoch.to_dict())
                is_last = epoch.epoch == epochs or training.stopped_early
                if is_last or noted or checkpoints.is_due or is_asked_for():
                    save(training.figure(epoch))
                if noted and not is_last:
                    raise Interruption(noted[0])
        record["status"] = "stopped" if training.stopped_early else "completed"
    except DivergenceError as diverged:
        error, record["status"] = diverged, "diverged"
        record["divergence"] = diverged.divergence and diverged.divergence.to_dict()
        if training.history and record["checkpoint"] != _position(training):
            with contextlib.suppress(CheckpointError):  # what went wrong first is what is told
                save(None if training.step else training.figure(training.history[-1]))
    except KeyboardInterrupt as interrupt:
        error = interrupt
        training.restore_best()
    record["restores"] = [divergence.to_dict() for divergence in training.restores]
    training_seconds = time.perf_counter() - loop_started
    with (
        _interruptions_held()
    ):  # an impatient second Ctrl-C must not lose what the first one was to save
        return record, _finish(training, folder, record, started, training_seconds) or error


def _position(training: Any) -> dict[str, int]:
    """Returns where in a run a training stands: whole epochs, and steps after them."""
    return {"epoch": len(training.history), "step": training.step}


def _finish(
    training: Any,
    folder: RunFolder,
    record: dict[str, Any],
    started: float,
    training_seconds: float,
) -> TfmlpError | None:
    """Evaluates, and writes model and record. Returns what went wrong; the record's figures are
    there all the same.
    """
    error: TfmlpError | None = None
    record["test"] = None
    if record["status"] != "diverged":
        test = training.evaluate("test").to_dict()
        if math.isfinite(test["loss"]):
            record["test"] = test
        else:  # the last update of the run did it
            record["status"] = "diverged"
            error = DivergenceError(
                f"the test loss is {test['loss']} after the last epoch: lower --learning-rate, set"
                " --clip-norm, or check --preprocessing."
            )
    record["timing"] = {
        "total_seconds": round(time.perf_counter() - started, 3),
        "training_seconds": round(training_seconds, 3),
        "compile_seconds": round(training.backend.compile_seconds, 3),
    }
    best = training.best
    record["best"] = best and {"epoch": best.epoch, "validation": best.validation.to_dict()}
    try:
        if record["test"]:
            folder.save_model(training.model)
        folder.write(record)
    except CheckpointError as full:
        error = full
    return error


@contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """Yields a list that gets the number of the first SIGINT or SIGTERM; the second raises
    KeyboardInterrupt. Elsewhere than in the main thread it stays empty.
    """
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, frame: Any) -> None:
        if noted:
            raise Interruption(number)
        noted.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _interruptions_held() -> Iterator[None]:
    """Ignores Ctrl-C while open, where signals can be handled at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
