"""`tfmlp diagnose`: why does a training not learn?"""

import json
from pathlib import Path

import click

from tfmlp import files
from tfmlp.cli.options import Command, config_options, make_config, recipe_options
from tfmlp.cli.progress import say
from tfmlp.config import Config
from tfmlp.errors import ConfigError
from tfmlp.runs.record import RunFolder


@click.command(cls=Command)
@click.argument("run", metavar="[RUN]", required=False)
@config_options()
@recipe_options
@click.option(
    "--plot", metavar="FILE.png", help="Draw the learning rate's range test into this file."
)
@click.option(
    "--seconds",
    type=click.FloatRange(5, 3600),
    default=45,
    show_default=True,
    help="About how long the investigation may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def diagnose(
    run: str | None,
    recipe: str | None,
    config_file: str | None,
    plot: str | None,
    seconds: float,
    as_json: bool,
    **options,
) -> None:
    """Find out why a training does not learn.

    \b
    tfmlp diagnose --recipe svhn-custom-loop --data-dir DIR
    tfmlp diagnose --dataset mnist --learning-rate 0.5
    tfmlp diagnose runs/mnist-...

    Takes the options of train, or a run folder. Looks at the data, at the model before its first
    step, and at a few hundred steps of training; prints what is wrong, the most important first,
    each with what was seen and a cure, or that nothing is.
    """
    history = None
    if run is not None:
        if recipe or config_file or any(value is not None for value in options.values()):
            raise click.UsageError(
                "a run folder says all options itself: give either it or options."
            )
        folder = RunFolder(files.user_path(run))
        config, history = (
            Config.from_dict(folder.read()["config"], source=f"{folder.path}/run.json"),
            folder.read_epochs(),
        )
    else:
        config, recipe = make_config(recipe, config_file, options)
    if config.runtime.backend != "tensorflow":
        raise ConfigError(
            f"diagnose looks at TensorFlow models; received backend {config.runtime.backend}."
        )

    from tfmlp.cli.loading import load_data

    data = load_data(config)
    from tfmlp.diagnosis.diagnose import diagnose_config, draw_range_test

    whose = f"the run {run}" if run is not None else f"recipe {recipe}" if recipe else "no recipe"
    net = "-".join(map(str, config.model.hidden_units)) or "no hidden layer"
    say(f"looking at {config.data.dataset} with {net} ({whose}), at most about {seconds:g} s")
    diagnosis = diagnose_config(config, data, history, seconds)
    if plot:
        draw_range_test(diagnosis, Path(files.user_path(plot)))
    if as_json:
        click.echo(json.dumps(diagnosis.to_dict(), indent=2))
        return
    click.echo(str(diagnosis))
    change = {
        name: value
        for finding in reversed(diagnosis.findings[:2])
        for name, value in finding.change.items()
    }
    if change:
        click.echo(
            "\nto try: " + " ".join(_as_option(name, value) for name, value in change.items())
        )


def _as_option(name: str, value) -> str:
    dashed = name.replace("_", "-")
    return (
        (f"--{dashed}" if value else f"--no-{dashed}")
        if isinstance(value, bool)
        else f"--{dashed} {value}"
    )
