"""Whole commands, from the prompt and back: one epoch of MNIST, and the time to 98 % on its test
rows.

    python -m benchmarks.commands [--rounds 5] [--out FILE.json]
    python -m benchmarks.commands --tune

Each command is a process; they take turns. The recipe of the second is the same for all:
784-128-64-10, ReLU, Adam, a linear decay of the learning rate, standardized pixels, all 60,000
rows. Its batch, learning rate and number of epochs are from --tune: of those whose worst of three
seeds reaches 97.8 % on 10,000 held-out training rows (with the other 50,000, none reaches 98 %),
the one with the fewest epochs.
"""

import itertools
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
RECIPE = [
    "--hidden-units",
    UNITS,
    "--batch-size",
    str(BATCH),
    "--dropout",
    "0",
    "--shift",
    "0",
    "--validation",
    "0",
    "--optimizer",
    "adam",
]
RECIPE += ["--learning-rate", "2e-3", "--schedule", "linear", "--final-learning-rate", "1e-5"]


def commands(epochs: int, seed: int) -> dict[str, list[str]]:
    """Returns the command lines, by name."""
    shape = [UNITS, str(BATCH), str(epochs), str(seed)]
    module = [sys.executable, "-m"]
    tfmlp = [
        *module,
        "tfmlp",
        "train",
        "--dataset",
        "mnist",
        *RECIPE,
        "--epochs",
        str(epochs),
        "--seed",
        str(seed),
    ]
    return {
        "tfmlp": tfmlp,
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
        done = subprocess.run(
            [*command, *extra],
            capture_output=True,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        seconds = time.perf_counter() - started
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    percent = re.search(r"accuracy ([\d.]+) %", done.stdout)
    if percent:
        return seconds, float(percent[1]) / 100
    number = re.search(r"^0?\.\d+|^1\.0", done.stdout, re.MULTILINE)
    return seconds, float(number[0]) if number else None


def measure(epochs: int, rounds: int) -> dict[str, dict]:
    """Returns, for each command, median seconds and mean and sd of the test accuracy over seeds;
    its first run is not counted, in which tfmlp compiles what it then keeps.
    """
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
            values["accuracy"] = [
                statistics.mean(values["accuracy"]),
                statistics.stdev(values["accuracy"]),
            ]
    return figures


def tune() -> None:
    """Prints, for each recipe tried, the accuracy on held-out rows of its worst seed, the fewest
    steps first.
    """
    from tfmlp.config import Config
    from tfmlp.training.loop import fit

    tried = []
    for batch, rate, epochs in itertools.product((64, 128, 256), (1e-3, 2e-3, 4e-3), (4, 6, 8, 10)):
        accuracies = []
        for seed in range(3):
            options = {
                "optimizer": "adam",
                "schedule": "linear",
                "final_learning_rate": 1e-5,
                "hidden_units": tuple(map(int, UNITS.split(","))),
            }
            training = fit(
                Config.from_options(
                    **options,
                    batch_size=batch,
                    learning_rate=rate,
                    epochs=epochs,
                    seed=seed,
                    validation=10_000,
                )
            )
            accuracies.append(list(training)[-1].validation.accuracy)
        tried.append((epochs * -(-60_000 // batch), batch, rate, epochs, min(accuracies)))
    for steps, batch, rate, epochs, worst in sorted(tried):
        print(
            f"{steps:6,} steps: batch {batch}, learning rate {rate:g}, {epochs} epochs:"
            f" {100 * worst:.2f} %"
        )


@click.command(help=__doc__.split("\n")[0])
@click.option(
    "--tune",
    "tuning",
    is_flag=True,
    help="Try recipes on held-out training rows, and measure nothing.",
)
@click.option(
    "--rounds",
    default=5,
    show_default=True,
    help="Runs of each command, after one that does not count.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures as JSON."
)
def main(tuning: bool, rounds: int, out: Path | None) -> None:
    if tuning:
        tune()
        return
    results = {
        "one epoch": measure(1, rounds),
        f"to 98 % ({EPOCHS} epochs)": measure(EPOCHS, rounds),
    }
    for title, figures in results.items():
        print(
            f"\n{title}\n\n| command | seconds | tfmlp over it | test accuracy %"
            " |\n|---|---|---|---|"
        )
        for name, values in figures.items():
            accuracy = (
                "{:.2f} ± {:.2f}".format(*(100 * value for value in values["accuracy"]))
                if values["accuracy"]
                else ""
            )
            print(
                f"| {name} | {values['median']:.2f} |"
                f" {figures['tfmlp']['median'] / values['median']:.2f} | {accuracy} |"
            )
    if out is not None:
        out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
