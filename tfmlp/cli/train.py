"""`tfmlp train`: from a name to a trained, evaluated, recorded model."""

import json
import time
from pathlib import Path

import click

from tfmlp.cli import main as program
from tfmlp.cli.options import Command, config_options, make_config, recipe_options
from tfmlp.cli.progress import describe_figures, show_downloads, show_epochs
from tfmlp.errors import DivergenceError
from tfmlp.runs.record import RunFolder, default_folder
from tfmlp.runs.versions import versions


@click.command(cls=Command)
@config_options()
@recipe_options
@click.option("--out", type=click.Path(), help="The run folder to write. Without it, runs/DATASET-DATE-TIME.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's record, with its epochs, as JSON.")
def train(recipe: str | None, config_file: str | None, out: str | None, as_json: bool, **options) -> None:
    """Train a model, evaluate it on the test rows, and write a run folder.

    \b
    tfmlp train --dataset mnist
    tfmlp train --dataset svhn --data-dir DIR --epochs 20
    tfmlp train --dataset csv:house.csv --target price --task regression
    """
    config, recipe = make_config(recipe, config_file, options)
    folder = RunFolder(Path(out) if out else default_folder(config.data.dataset))
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
    click.echo(
        f"{config.data.dataset}: {len(data.train):,} training rows, {backend.parameters:,} parameters, "
        f"{'recipe ' + recipe if recipe else 'no recipe'}, engine {backend.engine}",
        err=True,
    )
    if config.optimization.batch_size > len(data.train):
        click.echo(
            f"note: batch_size {config.optimization.batch_size:,} is more than the {len(data.train):,} training rows: each epoch is one step.",
            err=True,
        )
    record = {
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
        "engine": {"name": backend.engine, "precision": config.runtime.precision},
        "device": backend.device,
        "versions": versions(),
    }
    folder.start(record)
    error: BaseException | None = None
    started = time.perf_counter()
    try:
        with show_epochs(config.optimization.epochs) as show:
            for epoch in training:
                folder.add_epoch(epoch.to_dict())
                show(epoch.to_dict())
        record["status"] = "stopped" if training.stopped_early else "completed"
    except DivergenceError as divergence:
        error, record["status"] = divergence, "diverged"
    except KeyboardInterrupt as interrupt:
        error = interrupt
    training_seconds = time.perf_counter() - started

    test = None if record["status"] == "diverged" else training.evaluate("test").to_dict()
    if test:
        folder.save_model(training.model)
    record["timing"] = {
        "total_seconds": round(time.perf_counter() - program.STARTED, 3),
        "training_seconds": round(training_seconds, 3),
        "compile_seconds": round(backend.compile_seconds, 3),
    }
    best = training.best
    record["best"] = best and {"epoch": best.epoch, "validation": best.validation.to_dict()}
    record["test"] = test
    folder.write(record)
    if as_json:
        click.echo(json.dumps({"format": 1} | record | {"epochs": [epoch.to_dict() for epoch in training.history]}, indent=2))
    elif test:
        if best and config.optimization.patience:
            click.echo(f"weights of epoch {best.epoch}, the best on the validation rows")
        click.echo(describe_figures("test", test))
    if not as_json:
        click.echo(f"run folder {folder.path}")
    if error is not None:
        raise error
