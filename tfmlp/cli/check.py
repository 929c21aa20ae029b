"""`tfmlp check`: is a hand-written gradient right, and if not, why?"""

import json
import sys
from typing import Any

import click

from tfmlp import files
from tfmlp.cli.options import Command


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
    from tfmlp.checks.adapter import ADAPTER_TEXT
    from tfmlp.checks.sandbox import run_file

    result = run_file(files.user_path(file), seconds=seconds, megabytes=megabytes, seed=seed)
    wrong = [finding["subject"] for finding in result.findings if not finding["right"]]
    failed = bool(wrong or result.error or not result.findings)
    if as_json:
        click.echo(json.dumps({"file": file, "right": not failed, **vars(result)}, indent=2))
        sys.exit(failed)
    for finding in result.findings:
        click.echo(_net(finding) if finding["kind"] == "gradient" else _function(finding))
    for name in result.unclear:
        click.echo(
            f"{name}: looks like something to check, but how it is called could not be guessed (a"
            " net needs forward, backward and a loss).",
            err=True,
        )
    for note in result.notes:
        click.echo(note, err=True)
    if result.error:
        click.echo(f"error: {file}: {result.error}", err=True)
    elif result.unclear or not result.findings:
        click.echo(f"To say what to check, add to {file}:\n\n{ADAPTER_TEXT}\n", err=True)
    if result.findings:
        count = len(result.findings)
        ending = f"; wrong: {', '.join(wrong)}" if wrong else ""
        click.echo(f"\n{count - len(wrong)} of {count} right{ending}")
    sys.exit(failed)


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
