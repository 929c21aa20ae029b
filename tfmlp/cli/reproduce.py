"""`tfmlp reproduce`: published figures against measured ones."""

import json
import sys
from pathlib import Path

import click

from tfmlp.cli.options import Command


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "run_all", is_flag=True, help="Run every experiment.")
@click.option("--list", "only_list", is_flag=True, help="List the experiments.")
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="How many seeds each is run with, from 0 on.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="One seed and a tenth of the epochs: shows that everything runs, and judges nothing.",
)
@click.option("--data-dir", metavar="DIR", help="The folder of SVHN's files.")
@click.option(
    "--out",
    metavar="PATH",
    default="runs/reproduce",
    show_default=True,
    help="Where the run folders go; complete ones there are not run again.",
)
@click.option("--markdown", is_flag=True, help="Print the results as a Markdown table.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def reproduce(
    names: tuple[str, ...],
    run_all: bool,
    only_list: bool,
    seeds: int,
    quick: bool,
    data_dir: str | None,
    out: str,
    markdown: bool,
    as_json: bool,
) -> None:
    """Run experiments that have published figures, and judge what is measured: exact, reached or
    not reached.

    Exits with 1 when a figure is not reached.
    """
    from tfmlp.cli.quiet import import_tensorflow

    import_tensorflow()
    from tfmlp.experiments.reproduce import (
        EXACT,
        PENDING,
        STUDIES,
        Reproduction,
        list_experiments,
        results_table,
    )
    from tfmlp.recipes.recipe import list_recipes, load_recipe

    everything = [*list_experiments(), *PENDING]
    if only_list:
        for name in everything:
            if name in list_recipes():
                description = load_recipe(name).description
            else:
                description = (
                    PENDING.get(name)
                    or (
                        (EXACT | STUDIES)[name].__doc__
                        or "A net of the course on Boston house prices."
                    ).splitlines()[0]
                )
            click.echo(f"{name:<30} {description}")
        return
    if run_all == bool(names):
        raise click.UsageError("name some experiments, or give --all; --list shows them.")
    reproduction = Reproduction(
        Path(out + "-quick" if quick else out),
        seeds,
        quick,
        data_dir,
        lambda line: click.echo(f"running {line}", err=True),
    )
    outcomes = [reproduction.run(name) for name in (everything if run_all else names)]
    if as_json:
        rows = [
            {
                "name": outcome.name,
                "verdict": outcome.verdict,
                "seconds": outcome.seconds,
                "note": outcome.note,
                "figures": [
                    vars(figure)
                    | {
                        "mean": figure.mean,
                        "deviation": figure.deviation,
                        "verdict": figure.verdict,
                    }
                    for figure in outcome.figures
                ],
            }
            for outcome in outcomes
        ]
        click.echo(json.dumps(rows, indent=2))
    elif markdown:
        click.echo(results_table(outcomes))
    else:
        _print_table(outcomes)
    if quick:
        click.echo("quick: the verdicts mean nothing", err=True)
    elif any(outcome.verdict == "not reached" for outcome in outcomes):
        sys.exit(1)


def _print_table(outcomes: list) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("experiment", "figure", "published", "measured", "verdict", "time")
    for outcome in outcomes:
        if not outcome.figures:
            table.add_row(outcome.name, outcome.note, "", "", outcome.verdict, "")
        for index, figure in enumerate(outcome.figures):
            published = "" if figure.published is None else f"{figure.published:g}"
            first = index == 0
            table.add_row(
                outcome.name if first else "",
                figure.name,
                published,
                figure.show_measured(),
                figure.verdict,
                f"{outcome.seconds:.0f} s" if first else "",
            )
        if outcome.figures and outcome.note:
            table.add_row("", outcome.note, "", "", "", "")
    console = Console(highlight=False)
    console.print(table)
    for outcome in outcomes:
        for text in outcome.tables:
            console.print(f"\n{outcome.name}. {text}", markup=False)
