"""`tfmlp report`: what came of runs, as a page or as values."""

import os
import sys
from pathlib import Path

import click

from tfmlp import files
from tfmlp.cli.options import Command
from tfmlp.cli.progress import say
from tfmlp.errors import TfmlpError

_STDOUT = "-"
_FORMS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".csv": "csv"}


@click.command(cls=Command)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--out",
    metavar="FILE",
    help="The file to write, - for stdout; an earlier report there is replaced. Without it,"
    " report.html: of one run in its folder, of several in the current folder; other formats are"
    " printed.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown", "json", "csv"]),
    help="html is one page that needs nothing else; csv has a line for each run.  [default: by the"
    " ending of FILE; html]",
)
def report(runs: tuple[str, ...], out: str | None, form: str | None) -> None:
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
    form = form or _form_of(out)
    loaded, broken = [], []
    for run in {os.path.abspath(files.user_path(run)): run for run in runs}.values():
        try:
            loaded.append(load_run(run))
        except TfmlpError as error:
            broken.append(error)
    if len(broken) == 1 and not loaded:
        raise broken[0]
    for damage in broken:
        say(f"error: {damage}")
    if loaded and (out == _STDOUT or (form != "html" and out is None)):
        click.echo(render_report(loaded, form), nl=False)
    elif loaded:
        path = write_report(loaded, files.user_path(out) if out else None, form)
        click.echo(f"report {path}")
    if broken:
        sys.exit(1)


def _form_of(out: str | None) -> str:
    """Returns the format that a file's name asks for."""
    if out in (None, _STDOUT):
        return "html"
    form = _FORMS.get(Path(str(out)).suffix.lower())
    if form is None:
        known = ", ".join(_FORMS)
        raise click.UsageError(f"--out {out}: expected the ending {known}; or give --format.")
    return form
