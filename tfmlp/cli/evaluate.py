"""`tfmlp evaluate`: a run's metrics, computed anew."""

import json
import math
from typing import Any

import click

from tfmlp import files
from tfmlp.cli.options import Command, config_options, given_options
from tfmlp.cli.progress import say
from tfmlp.cli.results import describe_result
from tfmlp.cli.resume import warn_of_model
from tfmlp.config import Config
from tfmlp.data.matching import match
from tfmlp.errors import CheckpointError
from tfmlp.runs.folder import RunFolder

_TOLERANCE = 1e-5  # relative; another batch size or machine sums in another order


@click.command(cls=Command)
@click.argument("run")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="Which examples to evaluate on.",
)
@config_options("dataset", "data_dir", "tfds_dir", "drop")
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
def evaluate(run: str, split: str, as_json: bool, **options: Any) -> None:
    """Evaluate the model in the run folder RUN, and compare with what the run recorded.

    The run's own dataset is used unless another is named; its columns and classes are matched by
    name. Of another file without test examples of its own, all examples are used. Exits with 1 when
    the metrics are not those recorded.
    """
    folder = RunFolder(files.user_path(run))
    record = folder.read()
    config = Config.from_dict(record.config, source=f"{folder.path}/run.json")
    if config.data.task is None and record.schema is not None:
        config = config.replace(task=record.schema["task"])  # the run's, whatever these labels are
    config = config.replace(**given_options(options))
    from tfmlp.model.modelfile import find_model

    model_file = find_model(folder.path)
    warn_of_model(record, folder.path)

    from tfmlp.cli.loading import load_data

    trained_on = record.digests_beside(config.data.dataset)
    data = load_data(config, trained_on)
    from tfmlp.model.saved import load_model
    from tfmlp.training.evaluation import evaluate_model

    model = load_model(model_file)
    same_data = data.provenance.sha256 == record.dataset.sha256
    if model.schema is not None:
        data = match(data, model.schema)
    metrics = evaluate_model(model, config, data, split).to_dict()
    recorded = record.test if split == "test" else None
    if trained_on is None and not same_data:
        say("warning: these data are not those the run was trained on (their sha256 differ).")
    if as_json:
        result = {"run": str(folder.path), "split": split, **metrics}
        click.echo(json.dumps(result | {"recorded": recorded, "same_data": same_data}, indent=2))
    else:
        click.echo(describe_result(split, metrics, data, model.target_scale is not None))
    if recorded and same_data:
        _compare(recorded, metrics)


def _compare(recorded: dict[str, float], metrics: dict[str, Any]) -> None:
    differing = [
        f"{name} {value} (now {metrics.get(name)})"
        for name, value in recorded.items()
        if not _is_same(name, value, metrics.get(name, math.nan))
    ]
    if differing:
        raise CheckpointError(
            f"the run recorded other metrics: {', '.join(differing)}. Its model or its record was"
            " changed since."
        )
    say("the metrics are those that the run recorded")


def _is_same(name: str, recorded: float, now: float) -> bool:
    # R squared is a difference from 1, and can be near 0.
    least = _TOLERANCE if name == "r2" else 0.0
    return math.isclose(recorded, now, rel_tol=_TOLERANCE, abs_tol=least)
