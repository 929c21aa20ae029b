"""`tfmlp train`: from a name to a trained, evaluated, recorded model."""

import json

import click

from tfmlp import files
from tfmlp.cli import main as program
from tfmlp.cli.options import Command, config_options, make_config, recipe_options
from tfmlp.cli.progress import describe_figures, say, show_downloads, show_epochs
from tfmlp.runs.record import RunFolder, default_folder
from tfmlp.runs.recording import record_training


@click.command(cls=Command)
@config_options()
@recipe_options
@click.option("--out", metavar="PATH", help="The run folder to write. Without it, runs/DATASET-DATE-TIME.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's record, with its epochs, as JSON.")
def train(recipe: str | None, config_file: str | None, out: str | None, as_json: bool, **options) -> None:
    """Train a model, evaluate it on the test rows, and write a run folder.

    \b
    tfmlp train --dataset mnist
    tfmlp train --dataset svhn --data-dir DIR --epochs 20
    tfmlp train --dataset csv:house.csv --target price --task regression

    A run starts from a recipe (the dataset's own, or --recipe) or from --config; an option given here overrides it. The defaults
    shown below hold for what neither says.
    """
    config, recipe = make_config(recipe, config_file, options)
    if out == "":
        raise click.UsageError("--out is empty: name a folder, or leave it out.")
    folder = RunFolder(files.user_path(out) if out else default_folder(config.data.dataset))
    folder.check()

    from tfmlp.cli.quiet import import_tensorflow

    import_tensorflow()
    from tfmlp.data.sources import load_configured
    from tfmlp.training.device import choose_device
    from tfmlp.training.loop import fit

    choose_device(config.runtime)  # before reading data, which may start TensorFlow: threads cannot be set later
    with show_downloads() as progress:
        data = load_configured(config.data, config.runtime.seed, progress)
    training = fit(config, data)
    backend = training.backend
    say(
        f"{config.data.dataset}: {len(data.train):,} training rows, {backend.parameters:,} parameters, "
        f"{'recipe ' + recipe if recipe else 'no recipe'}, engine {backend.engine}"
    )
    for note in backend.notes:
        say(f"note: {note}")
    if config.optimization.batch_size > len(data.train):
        say(f"note: batch_size {config.optimization.batch_size:,} is more than the {len(data.train):,} training rows: each epoch is one step.")
    with show_epochs(config.optimization.epochs) as show:
        record, error = record_training(training, folder, recipe, program.STARTED, show)
    test = record["test"]
    if as_json:
        click.echo(json.dumps(record | {"epochs": [epoch.to_dict() for epoch in training.history]}, indent=2))
    elif test:
        if record["best"] and config.optimization.patience:
            click.echo(f"weights of epoch {record['best']['epoch']}, the best on the validation rows")
        click.echo(describe_figures("test", test))
    if not as_json:
        click.echo(f"run folder {folder.path}")
    if error is not None:
        raise error
