"""`tfmlp check`: is a hand-written gradient right, and if not, why?"""

import json
import sys
from typing import Any

import click
from click.core import ParameterSource

from tfmlp import files
from tfmlp.cli.options import Command

_HINT = "ask with tfmlp.check, see docs/checks.md"


@click.command(cls=Command)
@click.argument("file", metavar="FILE")
@click.argument("more", nargs=-1, metavar="[SUBMISSION]...")
@click.option(
    "--seconds",
    type=click.FloatRange(0, 86_400, min_open=True),
    default=60,
    show_default=True,
    help="How long the file may run.",
)
@click.option(
    "--megabytes",
    type=click.IntRange(256, 1 << 20),
    default=4096,
    show_default=True,
    help="How much memory it may ask for.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Decides the numbers that are tried.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--rubric",
    metavar="FILE.toml",
    help="Hold many files against what is expected in each, and its points.",
)
@click.option(
    "--out",
    metavar="FOLDER",
    help="With --rubric: where results.csv and index.html go.  [default: check-RUBRIC]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="With --rubric: how many files are run at once.  [default: one for each core]",
)
def check(
    file: str,
    more: tuple[str, ...],
    seconds: float,
    megabytes: int,
    seed: int,
    as_json: bool,
    rubric: str | None,
    out: str | None,
    jobs: int | None,
) -> None:
    """Check the derivatives and gradients in a Python file or notebook of yours.

    \b
    tfmlp check mynet.py
    tfmlp check mynet.ipynb

    Finds activations with their derivatives (relu and d_relu, sigmoid and sigmoid_prime, classes
    with forward and backward, ...), losses with their gradients, softmax, dropout, and nets with
    forward, backward and a loss, whether an example is a row or a column; holds them against
    central differences, and names the likely cause of what is wrong. What the file defines is run,
    in a process of its own; what trains, or wants what is not there, is passed over. Exit status 1
    if anything is wrong, or if nothing could be checked.

    \b
    tfmlp check --rubric week3.toml submissions/

    Checks many files, and folders of .py and .ipynb files, and writes who is right and who has
    which cause. The rubric says what is expected:

    \b
    title = "Week 3"
    [[expected]]
    subject = "relu / d_relu"   # or kind = "derivative", "loss", "softmax", "dropout", "gradient"
    points = 2

    Exit status 0 if every submission was judged, whatever the verdicts; 1 if a person has to look
    at one; 2 if the rubric or the command line is wrong.
    """
    if rubric is not None:
        _check_submissions(rubric, (file, *more), seed, jobs, out, as_json)
        return
    for name, value in (("--out", out), ("--jobs", jobs), ("several files", more)):
        if value:
            raise click.UsageError(f"{name} is for --rubric: add it, or leave that out.")
    from tfmlp.checks.sandbox import run_file
    from tfmlp.checks.wording import in_words

    result = run_file(files.user_path(file), seconds=seconds, megabytes=megabytes, seed=seed)
    if as_json:
        click.echo(json.dumps({"file": file, "right": result.right, **vars(result)}, indent=2))
        sys.exit(result.right is not True)
    for finding in result.findings:
        click.echo(f"\n{in_words(finding)}" if finding["kind"] == "gradient" else in_words(finding))
    for note in result.notes:
        click.echo(note, err=True)
    for ask in result.unclear:
        click.echo(f"\n{ask['subject']}: not judged", err=True)
        click.echo(f"  found: {ask['found']}\n  missing: {ask['missing']}", err=True)
        click.echo(f"To ask about it, paste below its code:\n\n{ask['call']}", err=True)
    if result.error:
        click.echo(f"error: {file}: {result.error}", err=True)
    elif not result.findings and not result.unclear:
        click.echo(f"nothing to check was found in {file}: {_HINT}", err=True)
    if result.findings:
        click.echo(f"\n{_summary(result.findings, result.unclear)}")
    sys.exit(result.right is not True)


def _summary(findings: list[dict[str, Any]], unclear: list[dict[str, Any]]) -> str:
    """Returns how many are right, and which are not."""
    right = [finding for finding in findings if finding["right"]]
    wrong = [finding["subject"] for finding in findings if finding["right"] is False]
    open_ = dict.fromkeys(
        [finding["subject"] for finding in findings if finding["right"] is None]
        + [ask["subject"] for ask in unclear]
    )
    ending = f"; wrong: {', '.join(wrong)}" if wrong else ""
    ending += f"; not judged: {', '.join(open_)}" if open_ else ""
    return f"{len(right)} of {len(findings)} right{ending}"


def _check_submissions(
    rubric: str,
    given: tuple[str, ...],
    seed: int,
    jobs: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    from tfmlp.cli.rubric import check_submissions

    if out == "":
        raise click.UsageError("--out is empty: name a folder, or leave it out.")
    context = click.get_current_context()
    limits = {
        name: None if context.get_parameter_source(name) == ParameterSource.DEFAULT else value
        for name, value in context.params.items()
        if name in ("seconds", "megabytes")
    }
    check_submissions(rubric, given, seed=seed, jobs=jobs, out=out, as_json=as_json, **limits)
