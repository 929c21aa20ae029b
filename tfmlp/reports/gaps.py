"""Gaps: what a run folder does not say, each in a sentence for whoever looks for it."""

from typing import TYPE_CHECKING

from tfmlp import files
from tfmlp.errors import CheckpointError

if TYPE_CHECKING:
    from tfmlp.loaded import LoadedRun
    from tfmlp.runs.evaluation import Evaluation
    from tfmlp.runs.record import Lengthening


def read_evaluation(run: "LoadedRun") -> tuple["Evaluation | None", str | None]:
    """Returns a run's evaluation, or None and a sentence that says why there is none."""
    try:
        return run.evaluation, None
    except CheckpointError as error:
        text = str(error)
        # Not where it begins with a path.
        begins = text.startswith(("the ", "cannot "))
        return None, text[:1].upper() + text[1:] if begins else text


def lengthened(run: "LoadedRun") -> list["Lengthening"]:
    """Returns how a run was made longer, where it is not what a run as long from the beginning is:
    a constant learning rate knows no end.
    """
    if run.config.optimization.schedule == "constant":
        return []
    return run.record.lengthened or []


def gaps_of(run: "LoadedRun", evaluation: "Evaluation | None", reason: str | None) -> list[str]:
    """Returns what is missing in a run folder, and why.

    Args:
      run: The run.
      evaluation: Its evaluation, if it has one.
      reason: Why it has none.
    """
    record, path = run.record, files.shown(run.path)
    sentences = []
    if record.divergence:
        sentences.append(f"The training diverged: {_divergence(record.divergence)}.")
    elif record.status == "diverged":
        sentences.append("The training diverged.")
    elif not record.has_ended:
        sentences.append(
            f"This run has not ended: after {len(run.epochs):,} of"
            f" {run.config.optimization.epochs:,} epochs, it is still running or was cut off. If it"
            f" was cut off, tfmlp train --resume {path} goes on with it."
        )
    elif record.status == "interrupted":
        sentences.append(
            f"The training was interrupted after {len(run.epochs):,} of"
            f" {run.config.optimization.epochs:,} epochs; tfmlp train --resume {path} goes on with"
            " it."
        )
    for longer in lengthened(run):
        sentences.append(
            f"This run was made longer: planned until epoch {longer.planned:,}, it went on after"
            f" epoch {longer.after:,}, and its learning rate with it."
            + " If it was interrupted there, no command repeats it."
            * (longer.after < longer.planned)
        )
    if not record.test:
        sentences.append("There are no metrics of the test examples.")
    ended = record.checkpoint.epoch if record.checkpoint and record.has_ended else 0
    if len(run.epochs) < ended:
        sentences.append(
            f"Of {ended:,} epochs, epochs.jsonl has {len(run.epochs):,}: it was cut off since."
        )
    elif not run.epochs:
        sentences.append("No epoch has ended, so there are no learning curves.")
    if run.epochs and all(epoch.validation is None for epoch in run.epochs):
        sentences.append("No examples were held out for validation.")
    if record.schema is None:
        sentences.append(
            "The record is of an earlier format, which does not describe the model's inputs."
        )
    sentences += _of_evaluation(run, evaluation, reason)
    return sentences


def _of_evaluation(
    run: "LoadedRun", evaluation: "Evaluation | None", reason: str | None
) -> list[str]:
    if evaluation is None:
        return [
            f"{reason} What it would show is left out: confusion matrix, calibration, mistakes,"
            " errors, weights and histograms."
        ]
    if not evaluation.has_ended:
        return ["The model has not been evaluated on the test examples yet."]
    if evaluation.task == "classification" and evaluation.confusion is None:
        return ["With so many classes, there is no confusion matrix, and no table of the classes."]
    return []


def _divergence(found: dict[str, object]) -> str:
    """Returns what was not finite, in words; a record may say less than today's."""
    tensor, value = found.get("tensor", "something"), found.get("value", "not finite")
    where = [f"{what} {found[what]}" for what in ("step", "epoch") if what in found]
    rate = found.get("learning_rate")
    if rate is not None:
        where.append(f"learning rate {rate}")
    return f"{tensor} became {value}" + (f" ({', '.join(where)})" if where else "")
