"""`tfmlp report`: what came of runs, as a page or as values."""

import sys

import click

from tfmlp import files
from tfmlp.cli.options import Command
from tfmlp.cli.progress import say
from tfmlp.errors import TfmlpError


@click.command(cls=Command)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--out",
    metavar="FILE",
    help="The file to write; an earlier report there is replaced. Without it, report.html: of one"
    " run in its folder, of several in the current folder; other formats are printed.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown", "json", "csv"]),
    default="html",
    show_default=True,
    help="html is one page that needs nothing else; csv has a line for each run.",
)
def report(runs: tuple[str, ...], out: str | None, form: str) -> None:
    """Show what came of one run, or compare several.

    \b
    tfmlp report runs/third
    tfmlp report runs/seed-* --out seeds.html

    The page of one run shows how well it did and how sure that is, its learning curves, mistakes,
    weights, configuration and data. That of several overlays their curves, names the options that
    differ, and puts those that differ by their seed alone into groups. A run that cannot be read is
    named, the others are reported, and the exit status is 1.
    """
    from tfmlp.loaded import load_run
    from tfmlp.reports.report import render_report, write_report

    if out == "":
        raise click.UsageError("--out is empty: name a file, or leave it out.")
    loaded, broken = [], []
    for run in dict.fromkeys(runs):
        try:
            loaded.append(load_run(run))
        except TfmlpError as error:
            broken.append(error)
    if len(broken) == 1 and not loaded:
        raise broken[0]
    for damage in broken:
        say(f"error: {damage}")
    if loaded and form != "html" and out is None:
        click.echo(render_report(loaded, form), nl=False)
    elif loaded:
        path = write_report(loaded, files.user_path(out) if out else None, form)
        click.echo(f"report {path}")
    if broken:
        sys.exit(1)
