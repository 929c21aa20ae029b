"""`tfmlp check`: is a hand-written gradient right, and if not, why?"""

import json
import sys
from typing import Any

import click

from tfmlp import files
from tfmlp.cli.options import Command

_HINT = "ask with tfmlp.check, see docs/checks.md"


@click.command(cls=Command)
@click.argument("file", metavar="FILE")
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
def check(file: str, seconds: float, megabytes: int, seed: int, as_json: bool) -> None:
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
    """
    from tfmlp.checks.sandbox import run_file

    result = run_file(files.user_path(file), seconds=seconds, megabytes=megabytes, seed=seed)
    if as_json:
        click.echo(json.dumps({"file": file, "right": result.right, **vars(result)}, indent=2))
        sys.exit(result.right is not True)
    for finding in result.findings:
        click.echo(_net(finding) if finding["kind"] == "gradient" else _function(finding))
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


def _net(finding: dict[str, Any]) -> str:
    """Returns what was found of a net: how it was read, and the table of its parameters."""
    reading = "gradients against central differences"
    if finding["recognized"]:
        reading = f"recognized as {finding['recognized']}"
    return f"\n{finding['subject']}: {reading}\n{finding['text']}"


def _function(finding: dict[str, Any]) -> str:
    """Returns what was found of a single function, in a line."""
    cause = finding["cause"] and finding["cause"]["text"]
    remarks = [text for text in (cause, finding.get("detail"), finding.get("note")) if text]
    verdict = "right" if finding["right"] else "WRONG"
    ending = f": {'; '.join(remarks)}" if remarks else ""
    return f"{finding['subject']} ({finding['kind']}): {verdict}{ending}"
