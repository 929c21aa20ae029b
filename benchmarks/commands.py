"""Whole commands, from the prompt and back: one epoch of MNIST, and the time to 98 % on its test rows.

    python -m benchmarks.commands [--rounds 5] [--out FILE.json]

Each command is a process; they take turns. The recipe of the second is the same for all: 784-128-64-10, ReLU, Adam, a linear decay of the learning rate from 2e-3, batch 64, six
epochs, standardized pixels, all 60,000 rows. It was fixed before any of the commands was run, and is tuned for none of them.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import click

EPOCHS, BATCH, UNITS = 6, 64, "128,64"
RECIPE = ["--hidden-units", UNITS, "--batch-size", str(BATCH), "--dropout", "0", "--shift", "0", "--validation", "0", "--optimizer", "adam"]
RECIPE += ["--learning-rate", "2e-3", "--schedule", "linear", "--final-learning-rate", "1e-5"]


def commands(epochs: int, seed: int) -> dict[str, list[str]]:
    """Returns the command lines, by name."""
    shape = [UNITS, str(BATCH), str(epochs), str(seed)]
    module = [sys.executable, "-m"]
    return {
        "tfmlp": [*module, "tfmlp", "train", "--dataset", "mnist", *RECIPE, "--epochs", str(epochs), "--seed", str(seed)],
        "Keras fit": [*module, "benchmarks.scripts.keras_mnist", *shape],
        "PyTorch DataLoader": [*module, "benchmarks.scripts.torch_mnist", "loader", *shape],
        "PyTorch in memory": [*module, "benchmarks.scripts.torch_mnist", "memory", *shape],
        "import tensorflow": [sys.executable, "-c", "import tensorflow"],
    }


def run(command: list[str]) -> tuple[float, float | None]:
    """Runs a command; returns its seconds and the test accuracy that it prints, or None."""
    with tempfile.TemporaryDirectory() as folder:
        extra = ["--out", f"{folder}/run"] if "tfmlp" in command else []
        started = time.perf_counter()
        done = subprocess.run([*command, *extra], capture_output=True, text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
        seconds = time.perf_counter() - started
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    percent = re.search(r"accuracy ([\d.]+) %", done.stdout)
    if percent:
        return seconds, float(percent[1]) / 100
    number = re.search(r"^0?\.\d+|^1\.0", done.stdout, re.MULTILINE)
    return seconds, float(number[0]) if number else None


def measure(epochs: int, rounds: int) -> dict[str, dict]:
    """Returns, for each command, median seconds and mean and sd of the test accuracy over seeds; its first run is not counted."""
    names = [name for name in commands(epochs, 0) if "PyTorch" not in name or find_spec("torch")]
    figures = {name: {"seconds": [], "accuracy": []} for name in names}
    for number in range(rounds + 1):
        for name in names:
            seconds, accuracy = run(commands(epochs, number)[name])
            if number:
                figures[name]["seconds"].append(seconds)
                figures[name]["accuracy"] += [accuracy] if accuracy else []
    for values in figures.values():
        values["median"] = statistics.median(values["seconds"])
        if values["accuracy"]:
            values["accuracy"] = [statistics.mean(values["accuracy"]), statistics.stdev(values["accuracy"])]
    return figures


@click.command(help=__doc__.split("\n")[0])
@click.option("--rounds", default=5, show_default=True, help="Runs of each command, after one that does not count.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures as JSON.")
def main(rounds: int, out: Path | None) -> None:
    results = {"one epoch": measure(1, rounds), f"to 98 % ({EPOCHS} epochs)": measure(EPOCHS, rounds)}
    for title, figures in results.items():
        print(f"\n{title}\n\n| command | seconds | tfmlp over it | test accuracy % |\n|---|---|---|---|")
        for name, values in figures.items():
            accuracy = "{:.2f} ± {:.2f}".format(*(100 * value for value in values["accuracy"])) if values["accuracy"] else ""
            print(f"| {name} | {values['median']:.2f} | {figures['tfmlp']['median'] / values['median']:.2f} | {accuracy} |")
    if out is not None:
        out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
