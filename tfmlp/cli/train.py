"""`tfmlp train`: from a name to a trained, evaluated, recorded model."""

import functools
import json
from typing import Any

import click

from tfmlp import files
from tfmlp.cli import main as program
from tfmlp.cli.options import Command, config_options, given_options, make_config, recipe_options
from tfmlp.cli.progress import describe_figures, say, show_epochs
from tfmlp.config import Config
from tfmlp.errors import ConfigError, DataError, DivergenceError
from tfmlp.runs.checkpoints import Checkpoints
from tfmlp.runs.record import RunFolder, default_folder
from tfmlp.runs.recording import record_training


@click.command(cls=Command)
@config_options()
@recipe_options
@click.option(
    "--resume",
    metavar="RUN",
    help=(
        "Go on with the run in this folder, from its last checkpoint, to the very weights of a run"
        " that was never stopped. With --epochs N, on to N epochs."
    ),
)
@click.option(
    "--out", metavar="PATH", help="The run folder to write. Without it, runs/DATASET-DATE-TIME."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the run's record, with its epochs, as JSON."
)
def train(
    recipe: str | None,
    config_file: str | None,
    resume: str | None,
    out: str | None,
    as_json: bool,
    **options,
) -> None:
    """Train a model, evaluate it on the test rows, and write a run folder.

    \b
    tfmlp train --dataset mnist
    tfmlp train --dataset svhn --data-dir DIR --epochs 20
    tfmlp train --dataset csv:house.csv --target price --task regression

    A run starts from a recipe (the dataset's own, or --recipe) or from --config; an option given
    here overrides it. The defaults shown below hold for what neither says.
    """
    if out == "":
        raise click.UsageError("--out is empty: name a folder, or leave it out.")
    earlier: dict[str, Any] = {}
    if resume is not None:
        if recipe or config_file or out:
            raise click.UsageError(
                "--resume goes on in the run's own folder with its own options: leave out --recipe,"
                " --config and --out."
            )
        folder = RunFolder(files.user_path(resume))
        earlier = folder.read()
        config, recipe = (
            _resumed_config(earlier, given_options(options), folder),
            earlier.get("recipe"),
        )
    else:
        config, recipe = make_config(recipe, config_file, options)
        folder = RunFolder(files.user_path(out) if out else default_folder(config.data.dataset))
        folder.check()

    from tfmlp.cli.loading import load_data

    data = load_data(config)
    from tfmlp.diagnosis.watch import Watch
    from tfmlp.training.loop import fit

    if resume is not None and data.provenance.sha256 != earlier["dataset"].get("sha256"):
        raise DataError(
            f"the data are not those that {folder.path} was trained on (their sha256 differ): a"
            " run cannot go on with other data."
        )
    training = fit(config, data)
    if (
        not (resume or out) and folder.path.exists()
    ):  # of another training, which began in the same second
        folder = RunFolder(default_folder(config.data.dataset))
    backend = training.backend
    say(
        f"{config.data.dataset}: {len(data.train):,} training rows, {backend.parameters:,}"
        f" parameters, {'recipe ' + recipe if recipe else 'no recipe'}, engine {backend.engine}"
    )
    for note in backend.notes:
        say(f"note: {note}")
    if config.optimization.batch_size > len(data.train):
        say(
            f"note: batch_size {config.optimization.batch_size:,} is more than the"
            f" {len(data.train):,} training rows: each epoch is one step."
        )
    counts = data.class_counts().get("train")
    watch = Watch([] if counts is None else (counts / counts.sum()).tolist())
    with show_epochs(config.optimization.epochs) as show:

        def on_epoch(epoch: dict) -> None:
            show(epoch)
            for warning in watch(epoch):
                say(f"warning: {warning}.")

        restore = functools.partial(_restore, training, folder) if resume is not None else None
        record, error = record_training(
            training, folder, recipe, program.STARTED, on_epoch, restore
        )
    test = record["test"]
    if as_json:
        click.echo(
            json.dumps(
                record | {"epochs": [epoch.to_dict() for epoch in training.history]}, indent=2
            )
        )
    elif test:
        if record["best"] and config.optimization.patience:
            click.echo(
                f"weights of epoch {record['best']['epoch']}, the best on the validation rows"
            )
        click.echo(describe_figures("test", test))
    if not as_json:
        click.echo(f"run folder {folder.path}")
    if isinstance(error, KeyboardInterrupt):
        say(f"to go on: tfmlp train --resume {folder.path}")
    elif isinstance(error, DivergenceError) and error.divergence:
        restores = len(training.restores)
        more = f" --max-restores {restores + 3}" if restores else ""
        say(f"to find out why: tfmlp diagnose {folder.path}")
        say(
            f"to go on after epoch {len(training.history)} with a lower learning rate: tfmlp train"
            f" --resume {folder.path} --on-divergence restore{more}"
        )
    if error is not None:
        raise error


# What may differ from the run that is resumed: how long it goes on, and on what.
_RESUMABLE = (
    "epochs",
    "threads",
    "device",
    "data_dir",
    "tfds_dir",
    "on_divergence",
    "max_restores",
    "checkpoint_steps",
    "checkpoint_minutes",
    "keep_checkpoints",
)


def _resumed_config(record: dict[str, Any], given: dict[str, Any], folder: RunFolder) -> Config:
    """Returns the configuration of a run that is to go on, with engine and precision pinned to what
    it had.

    Raises:
      ConfigError: when options are given that would make it another run.
    """
    config = Config.from_dict(record["config"], source=f"{folder.path}/run.json")
    current = {name: value for group in config.to_dict().values() for name, value in group.items()}
    given = {
        name: list(value) if isinstance(value, tuple) else value for name, value in given.items()
    }
    changed = [
        name for name, value in given.items() if name not in _RESUMABLE and value != current[name]
    ]
    if changed:
        raise ConfigError(
            f"a resumed run cannot change {', '.join(changed)}: only {', '.join(_RESUMABLE)} may"
            " differ. Start a new run instead."
        )
    engine = record.get("engine") if isinstance(record.get("engine"), dict) else {}
    pinned = {
        name: engine[key]
        for name, key in (("engine", "name"), ("precision", "precision"))
        if config.runtime.backend == "tensorflow" and key in engine
    }
    epochs = given.get("epochs", config.optimization.epochs)
    if epochs < config.optimization.epochs:
        raise ConfigError(
            f"--epochs {epochs} is less than the run's {config.optimization.epochs}: a resumed run"
            " can only be made longer."
        )
    if epochs > config.optimization.epochs and config.optimization.schedule != "constant":
        say(
            f"note: the learning rate goes on as in a run of {epochs} epochs, not as it was planned"
            f" for {config.optimization.epochs}."
        )
    return config.replace(
        **pinned | {name: value for name, value in given.items() if name in _RESUMABLE}
    )


def _restore(training: Any, folder: RunFolder) -> None:
    """Puts the last whole checkpoint into a training, and says from where it goes on."""
    checkpoint = Checkpoints(folder.path).load()
    if checkpoint is None:
        say(f"{folder.path} has no whole checkpoint: starting from the first epoch")
        return
    training.set_state(checkpoint.arrays, checkpoint.values)
    epochs = training.config.optimization.epochs
    step = (
        f" and step {checkpoint.step:,} of {training.backend.steps_per_epoch:,} of the next"
        if checkpoint.step
        else ""
    )
    if training.stopped_early:
        say(
            f"{folder.path} was stopped after epoch {checkpoint.epoch}, when its patience ended:"
            " nothing is left to train"
        )
    elif checkpoint.epoch >= epochs:
        say(
            f"{folder.path} ended after epoch {checkpoint.epoch}: nothing is left to train;"
            " --epochs N goes on to N"
        )
    else:
        say(f"going on after epoch {checkpoint.epoch} of {epochs}{step}")
