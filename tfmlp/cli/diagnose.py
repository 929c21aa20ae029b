"""`tfmlp diagnose`: why does a training not learn?"""

import json
from typing import Any

import click

from tfmlp import files
from tfmlp.cli.options import Command, config_options, make_config, recipe_options
from tfmlp.cli.progress import say, show_work
from tfmlp.config import Config
from tfmlp.errors import ConfigError
from tfmlp.runs.folder import RunFolder


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
    **options: Any,
) -> None:
    """Find out why a training does not learn.

    \b
    tfmlp diagnose --recipe svhn-custom-loop --data-dir DIR
    tfmlp diagnose --dataset mnist --learning-rate 0.5
    tfmlp diagnose runs/mnist-...

    Takes the options of train, or a run folder. Looks at the data, at the model before its first
    step, and at a few hundred steps of training. Prints what is wrong, the most important first,
    each with what was seen and a cure; or that nothing is wrong.
    """
    history = None
    if run is not None:
        if recipe or config_file or any(value is not None for value in options.values()):
            raise click.UsageError("a run folder holds all options: give either it or options.")
        folder = RunFolder(files.user_path(run))
        config = Config.from_dict(folder.read().config, source=f"{folder.path}/run.json")
        history, origin = folder.read_epochs(), f"the run {run}"
    else:
        config, recipe = make_config(recipe, config_file, options)
        origin = f"recipe {recipe}" if recipe else "no recipe"
    if config.runtime.backend != "tensorflow":
        raise ConfigError(
            f"diagnose looks at TensorFlow models; received backend {config.runtime.backend}: use"
            " --backend tensorflow."
        )

    from tfmlp.cli.loading import load_data

    data = load_data(config)
    from tfmlp.diagnosis.configured import diagnose_config
    from tfmlp.diagnosis.range_test import draw_range_test

    net = "-".join(map(str, config.model.hidden_units)) or "no hidden layer"
    say(f"looking at {config.data.dataset} with {net} ({origin}), at most about {seconds:g} s")
    with show_work(f"looking at {config.data.dataset}", limit=seconds):
        diagnosis = diagnose_config(config, data, history, seconds)
    if plot:
        draw_range_test(diagnosis.range_test, files.user_path(plot))
    if as_json:
        click.echo(json.dumps(diagnosis.to_dict(), indent=2))
        return
    click.echo(str(diagnosis))
    change: dict[str, Any] = {}
    for finding in reversed(diagnosis.findings[:2]):  # where both change an option, the first wins
        change |= finding.change
    if change:
        shown = " ".join(_as_option(name, value) for name, value in change.items())
        click.echo(f"\nto try: {shown}")


def _as_option(name: str, value: Any) -> str:
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{dashed}" if value else f"--no-{dashed}"
    return f"--{dashed} {value}"
