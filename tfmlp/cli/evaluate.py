"""`tfmlp evaluate`: a run's figures, computed anew."""

import json
import math
from pathlib import Path

import click

from tfmlp.cli.options import Command, config_options, given_options
from tfmlp.cli.progress import describe_figures, say
from tfmlp.config import Config
from tfmlp.errors import CheckpointError, DataError
from tfmlp.runs.record import MODEL, RunFolder

_TOLERANCE = 1e-5  # relative; another batch size or machine sums in another order


@click.command(cls=Command)
@click.argument("run")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="Which rows to evaluate on.",
)
@config_options("dataset", "data_dir", "tfds_dir")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(run: str, split: str, as_json: bool, **options) -> None:
    """Evaluate the model in the run folder RUN, and compare with what the run recorded.

    The run's own dataset is used unless another is named. Exits with 1 when the figures are not
    those recorded.
    """
    folder = RunFolder(Path(run))
    record = folder.read()
    config = Config.from_dict(record.get("config", {}), source=f"{folder.path}/run.json")
    given = given_options(options)
    config = config.replace(**given)
    if not (folder.path / MODEL).is_file():
        raise CheckpointError(
            f"expected a saved model at {folder.path / MODEL}; there is none, the run has not"
            f" ended: tfmlp train --resume {folder.path}"
        )
    if "resumed_after" in record and "test" not in record:
        say(
            "warning: this run was resumed and has not ended since: the model is that of before."
            f" To end it: tfmlp train --resume {folder.path}"
        )

    from tfmlp.cli.loading import load_data

    data = load_data(config)
    from tfmlp.model.saved import load_model
    from tfmlp.training.evaluation import Evaluation
    from tfmlp.training.losses import find_loss_name

    model = load_model(folder.path / MODEL)
    if data.feature_shape != model.feature_shape or data.num_classes != model.num_classes:
        raise DataError(
            f"the model takes rows of shape {model.feature_shape} and tells {model.num_classes}"
            f" classes apart; {config.data.dataset} has {data.feature_shape} and"
            f" {data.num_classes}."
        )
    if split not in data.splits:
        raise DataError(
            f"the run held out no {split} rows; evaluate on {' or '.join(data.splits)}."
        )
    figures = Evaluation(model, data, find_loss_name(config, data.task))(
        data.splits[split].features, data.splits[split].labels
    ).to_dict()
    recorded = record.get("test") if split == "test" else None
    same_data = data.provenance.sha256 == record.get("dataset", {}).get("sha256")
    if not same_data:
        click.echo(
            "warning: these data are not those the run was trained on (their sha256 differ).",
            err=True,
        )
    if as_json:
        click.echo(
            json.dumps(
                {
                    "run": str(folder.path),
                    "split": split,
                    **figures,
                    "recorded": recorded,
                    "same_data": same_data,
                },
                indent=2,
            )
        )
    else:
        click.echo(describe_figures(split, figures))
    if recorded and same_data:
        differing = [
            name
            for name, value in recorded.items()
            if not math.isclose(value, figures.get(name, math.nan), rel_tol=_TOLERANCE)
        ]
        if differing:
            shown = ", ".join(
                f"{name} {recorded[name]} (now {figures.get(name)})" for name in differing
            )
            raise CheckpointError(
                f"the run recorded other figures: {shown}. Its model or its record was changed"
                " since."
            )
        click.echo("the figures are those that the run recorded", err=True)
