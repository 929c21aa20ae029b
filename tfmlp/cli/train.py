"""`tfmlp train`: from a name to a trained, evaluated, recorded model."""

import json
from typing import Any

import click

from tfmlp import files
from tfmlp.cli import main as program
from tfmlp.cli.display import (
    JsonLines,
    check_board,
    display_options,
    draw_confusion,
    open_board,
    show_training,
)
from tfmlp.cli.options import Command, config_options, given_options, make_config, recipe_options
from tfmlp.cli.progress import say, tell
from tfmlp.cli.results import describe_result
from tfmlp.errors import DivergenceError, TfmlpError
from tfmlp.runs.folder import RunFolder, default_folder


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
@click.option("--report", is_flag=True, help="At the end, write RUN/report.html, as tfmlp report.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the run's record, with its epochs, as JSON."
)
@display_options
def train(
    recipe: str | None,
    config_file: str | None,
    resume: str | None,
    out: str | None,
    report: bool,
    as_json: bool,
    json_lines: bool,
    tensorboard: str | None,
    **options: Any,
) -> None:
    """Train a model, evaluate it on the test examples, and write a run folder.

    \b
    tfmlp train --dataset mnist
    tfmlp train --dataset svhn --data-dir DIR --epochs 20
    tfmlp train --dataset csv:house.csv --target price --task regression

    A run starts from a recipe (the dataset's own, or --recipe) or from --config; an option given
    here overrides it. The defaults shown below hold for what neither says.
    """
    from tfmlp.cli.resume import resume_run, resumed_config

    if out == "":
        raise click.UsageError("--out is empty: name a folder, or leave it out.")
    if as_json and json_lines:
        raise click.UsageError("--json and --json-lines both say what to print: give one.")
    check_board(tensorboard)
    given = given_options(options)
    earlier = None
    if resume is not None:
        if recipe or config_file or out:
            raise click.UsageError(
                "--resume goes on in the run's own folder with its own options: leave out --recipe,"
                " --config and --out."
            )
        folder = RunFolder(files.user_path(resume))
        earlier = folder.read()
        config, recipe = resumed_config(earlier, given, folder), earlier.recipe
    else:
        config, recipe = make_config(recipe, config_file, options)
        folder = RunFolder(files.user_path(out) if out else default_folder(config.data.dataset))
        folder.check()

    from tfmlp.cli.loading import load_data

    data = load_data(config)
    from tfmlp.diagnosis.constant import constant_loss
    from tfmlp.diagnosis.watch import Watch
    from tfmlp.runner import run_training
    from tfmlp.training.assembly import plan_for
    from tfmlp.training.loop import fit

    restore = None
    if earlier is not None:
        data, restore = resume_run(data, earlier, folder)
    training = fit(config, data)
    for sentence in config.without_effect(given):
        say(f"warning: {sentence}.")
    # Of another training, which began in the same second.
    if not (resume or out) and folder.path.exists():
        folder = RunFolder(default_folder(config.data.dataset))
    backend = training.backend
    tell(
        f"{config.data.dataset}: {len(data.train):,} training examples,"
        f" {backend.parameters:,} parameters,"
        f" {'recipe ' + recipe if recipe else 'no recipe'}, engine {backend.engine}"
    )
    for note in backend.notes:
        tell(f"note: {note}")
    if config.optimization.batch_size > len(data.train):
        tell(
            f"note: batch_size {config.optimization.batch_size:,} is more than the"
            f" {len(data.train):,} training examples: each epoch is one step."
        )
    counts = data.class_counts()
    shares = {split: (one / one.sum()).tolist() for split, one in counts.items()}
    constant = constant_loss(config, data)
    watch = Watch(shares.get("train", []), shares.get("validation", []), constant)
    printing = JsonLines() if json_lines else None
    board = open_board(training, tensorboard, folder.path, resumed=resume is not None)
    with show_training(training, watch, printing) as shown:
        outcome = run_training(
            training,
            folder,
            recipe=recipe,
            started=program.STARTED,
            observers=shown if board is None else [*shown, board],
            restore=restore and (lambda: restore(training)),
            earlier=earlier,
        )
    record, error = outcome.record, outcome.error
    for warning in watch.at_end(record.test["loss"]) if record.test else ():
        say(f"warning: {warning}.")
    if printing is not None:
        printing.end({"folder": str(folder.path)} | record.to_dict())
    elif as_json:
        epochs = [epoch.to_dict() for epoch in training.history]
        click.echo(json.dumps(record.to_dict() | {"epochs": epochs}, indent=2))
    else:
        if record.test and record.best and config.optimization.patience:
            click.echo(f"weights of epoch {record.best.epoch}, the best in validation")
        if record.test:
            standardized = plan_for(config, data).standardize_target
            click.echo(describe_result("test", record.test, data, standardized))
        click.echo(f"run folder {folder.path}")
    # The result is there by now, whatever becomes of these.
    if board is not None and error is None and record.test:
        board.end(record.test, draw_confusion(folder.path))
    if report:
        error = _write_report(folder, error)
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


def _write_report(folder: RunFolder, error: BaseException | None) -> BaseException | None:
    """Writes the report of a run, and returns its error: its own, or else that of the report."""
    from tfmlp.loaded import load_run
    from tfmlp.reports.report import write_report

    try:
        tell(f"report {write_report([load_run(folder.path)])}")
    except (TfmlpError, ModuleNotFoundError) as failed:
        if error is None:
            return failed
        say(f"error: {failed}")
    return error
