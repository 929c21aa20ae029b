"""The summary of a run: what a report says of it, as plain values.

summary = summarize(tfmlp.load_run("runs/third"))
summary.headline.value, summary.command, summary.to_dict()
"""

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tfmlp import files
from tfmlp.reports.changes import Option, options_of, repeat_command
from tfmlp.reports.classes import ClassScores, Confused, class_scores, most_confused
from tfmlp.reports.gaps import gaps_of, lengthened, read_evaluation
from tfmlp.reports.headline import Headline, headline_of
from tfmlp.runs.record import Status

if TYPE_CHECKING:
    from tfmlp.loaded import LoadedRun
    from tfmlp.runs.evaluation import Evaluation


@dataclass(frozen=True)
class Summary:
    """What a report says of a run.

    Attributes:
      name: The name of its folder; its path, where others have the same name.
      run: The run.
      evaluation: What its model does with the test examples; None where its folder does not say.
      headline: Its first metric; None without test metrics.
      class_names: A name for each class.
      classes: How well each class is recognized; empty where the folder does not say.
      confused: The pairs of classes that are confused most often.
      options: Every option beside its default.
      command: The command that repeats it; several lines of a run that was made longer.
      gaps: What its folder does not say, each in a sentence.
    """

    name: str
    run: "LoadedRun"
    evaluation: "Evaluation | None"
    headline: Headline | None
    class_names: list[str]
    classes: list[ClassScores]
    confused: list[Confused]
    options: list[Option]
    command: str
    gaps: list[str]

    @property
    def path(self) -> str:
        """Its folder, as people read it."""
        return files.shown(self.run.path)

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        metrics = self.run.record.test or {}
        if self.run.schema is not None:
            return self.run.schema.task
        return "regression" if "rmse" in metrics else "classification"

    @property
    def status(self) -> str:
        """How it stands, in words: a run that still trains is not "interrupted"."""
        record = self.run.record
        is_open = record.status == Status.INTERRUPTED and not record.has_ended
        return "not ended" if is_open else str(record.status)

    @property
    def net(self) -> str:
        """The net, in words."""
        model = self.run.config.model
        units = [f"{n:,}" for n in model.hidden_units]
        if not units:
            return "a linear model"
        listed = " and ".join([", ".join(units[:-1]), units[-1]] if units[1:] else units)
        plural = "s" if units[1:] else ""
        return (
            f"a multilayer perceptron with {len(units)} hidden layer{plural} of {listed} units"
            f" ({model.activation})"
        )

    @property
    def changed(self) -> list[Option]:
        """The options that have not their defaults."""
        return [option for option in self.options if not option.is_default]

    def to_dict(self) -> dict[str, Any]:
        """Returns the summary as JSON has it: the record, and what follows from it."""
        record = self.run.record.to_dict()
        evaluation = self.evaluation
        return {
            "name": self.name,
            "path": self.path,
            "task": self.task,
            "net": self.net,
            "headline": self.headline and asdict(self.headline),
            "gaps": self.gaps,
            "command": self.command,
            "changed_options": {option.name: option.value for option in self.changed},
            "classes": [asdict(one) for one in self.classes],
            "confused": [asdict(one) for one in self.confused],
            "confusion": evaluation and evaluation.confusion,
            "ece": evaluation and evaluation.calibration and evaluation.calibration.ece,
            "record": record,
            "epochs": [epoch.to_dict() for epoch in self.run.epochs],
        }


def summarize_all(runs: Sequence["LoadedRun"]) -> list[Summary]:
    """Returns the summaries of runs."""
    names = [run.path.absolute().name for run in runs]
    return [
        summarize(run, name if names.count(name) == 1 else files.shown(run.path))
        for run, name in zip(runs, names)
    ]


def summarize(run: "LoadedRun", name: str | None = None) -> Summary:
    """Returns the summary of a run.

    Args:
      run: The run.
      name: What it is called; without it, the name of its folder.
    """
    evaluation, reason = read_evaluation(run)
    names = _class_names(run, evaluation)
    classes, confused = [], []
    if evaluation and evaluation.confusion:
        classes = class_scores(evaluation.confusion, names)
        confused = most_confused(evaluation.confusion, names)
    return Summary(
        name=name or run.path.absolute().name,
        run=run,
        evaluation=evaluation,
        headline=headline_of(run, evaluation.regression if evaluation else None),
        class_names=names,
        classes=classes,
        confused=confused,
        options=options_of(run.config, run.record.recipe),
        command=_command(run),
        gaps=gaps_of(run, evaluation, reason),
    )


def _command(run: "LoadedRun") -> str:
    config, recipe = run.config, run.record.recipe
    if not (longer := lengthened(run)):
        return repeat_command(config, recipe)
    path = shlex.quote(files.shown(run.path))
    first, *more = [one.planned for one in longer] + [config.optimization.epochs]
    command = repeat_command(config.replace(epochs=first), recipe)
    going_on = [f"tfmlp train --resume {path} --epochs {epochs}" for epochs in more]
    return "\n".join([f"{command} --out {path}", *going_on])


def _class_names(run: "LoadedRun", evaluation: "Evaluation | None") -> list[str]:
    """Returns a name for each class; where the record has none, its number."""
    names = list(run.record.dataset.class_names)
    count = len(evaluation.confusion or ()) if evaluation else 0
    for mistake in evaluation.mistakes if evaluation else ():
        count = max(count, mistake.label + 1, mistake.predicted + 1)
    return names + [str(label) for label in range(len(names), count)]
