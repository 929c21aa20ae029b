"""`tfmlp reproduce`: published metrics beside measured ones."""

import json
import sys
from pathlib import Path

import click

from tfmlp.cli.options import Command
from tfmlp.cli.progress import say, show_work


@click.command(cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "run_all", is_flag=True, help="Run every experiment.")
@click.option("--list", "only_list", is_flag=True, help="List the experiments.")
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="How many seeds to run each with, from 0 on.",
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
    """Run experiments that have published metrics, and judge what is measured: exact, reached or
    not reached.

    Exits with 1 when a metric is not reached.
    """
    from tfmlp.cli.quiet import import_tensorflow
    from tfmlp.experiments.catalog import PENDING, describe, list_experiments
    from tfmlp.experiments.reproduce import Reproduction
    from tfmlp.experiments.results_table import markdown_table, print_table

    everything = [*list_experiments(), *PENDING]
    if only_list:
        for name in everything:
            click.echo(f"{name:<32} {describe(name)}")
        return
    if run_all == bool(names):
        raise click.UsageError("name some experiments, or give --all; --list shows them.")
    import_tensorflow()
    folder = Path(f"{out}-quick" if quick else out)
    chosen = everything if run_all else list(names)
    reproduction = Reproduction(folder, seeds, quick, data_dir, _announce)
    outcomes = []
    with show_work("reproducing", len(chosen)) as begin:
        for name in chosen:
            begin(name)
            outcomes.append(reproduction.run(name))
    if as_json:
        click.echo(json.dumps([outcome.to_dict() for outcome in outcomes], indent=2))
    elif markdown:
        click.echo(markdown_table(outcomes))
    else:
        print_table(outcomes)
    if quick:
        click.echo("quick: the verdicts mean nothing", err=True)
    elif any(outcome.verdict == "not reached" for outcome in outcomes):
        sys.exit(1)


def _announce(line: str) -> None:
    say(f"running {line}")
