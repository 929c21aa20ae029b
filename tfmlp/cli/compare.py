"""`tfmlp compare`: is TensorFlow's training the reference's, step by step?"""

import json
import sys
from typing import Any

import click

from tfmlp.cli.options import Command, config_options, make_config, recipe_options

_PARTS = ("loss", "gradients", "weights")


@click.command(cls=Command)
@config_options()
@recipe_options
@click.option(
    "--steps",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="How many training steps to compare.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, min_open=True),
    help="Largest relative difference that is not one. Without it, 1e-5 in float32 and 1e-12 in"
    " float64.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare(
    recipe: str | None,
    config_file: str | None,
    steps: int,
    tolerance: float | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Train the NumPy reference and TensorFlow alike, and say where they differ.

    Both start from the same weights and train on the same batches. Shows each step's loss and the
    largest difference in gradients and in weights, relative to the array's largest entry. Stops at
    the first step and array that differ by more than the tolerance, and exits with 1. Computes in
    float64 unless --precision float32 is given.
    """
    config, _ = make_config(recipe, config_file, options)
    if config.runtime.precision == "auto":
        config = config.replace(precision="float64")  # a difference is an error and not rounding

    from tfmlp.cli.loading import load_data

    data = load_data(config)
    from tfmlp.training.parity import TOLERANCES, Timings, compare_steps

    tolerance = tolerance or TOLERANCES.get(config.runtime.precision, 0.0)
    timings, done, worst = Timings(), [], None
    if not as_json:
        titles = f"{'NumPy loss':>12}  {'TensorFlow':>12}  {'loss differs':>12}"
        click.echo(f"{'step':>5}  {titles}  {'gradients':>10}  {'weights':>10}")
    for step in compare_steps(config, data, steps, timings):
        done.append(step)
        if not as_json:
            ours, theirs = step.losses
            loss, gradients, weights = (getattr(step, part).difference for part in _PARTS)
            click.echo(
                f"{step.step:>5}  {ours:>12.7f}  {theirs:>12.7f}  {loss:>12.1e}  {gradients:>10.1e}"
                f"  {weights:>10.1e}"
            )
        if worst := step.worst(tolerance):
            break
    medians = timings.medians()
    if worst:
        verdict = (
            f"differ at step {done[-1].step} in {worst.name}: {worst.difference:.1e} is more than"
            f" {tolerance:g}"
        )
        if config.runtime.precision == "float32":
            verdict += (
                "; in float32 this can be rounding, which Adam magnifies where gradients are tiny:"
                " float64 tells"
            )
    else:
        verdict = f"equal over {len(done)} steps, within {tolerance:g}"
    if as_json:
        rows = [
            {"step": step.step, "losses": list(step.losses)}
            | {part: vars(getattr(step, part)) for part in _PARTS}
            for step in done
        ]
        result = {"equal": worst is None, "tolerance": tolerance, "verdict": verdict}
        click.echo(json.dumps(result | {"steps": rows, "median_seconds": medians}, indent=2))
    else:
        click.echo("\n                              median step")
        click.echo(f"NumPy                      {1000 * medians['numpy']:>11.2f} ms")
        click.echo(f"TensorFlow, one call a step{1000 * medians['tensorflow']:>11.2f} ms\n")
        click.echo(verdict)
    if worst:
        sys.exit(1)
