"""Whole commands, from the prompt and back: one epoch of MNIST, and the time to 98 %.

    python -m benchmarks.commands [--rounds 5] [--out FILE.json]
    python -m benchmarks.commands --tune

Each command is a process; they take turns. The recipe is the same for all: 784-128-64-10, ReLU,
Adam, a linear decay of the learning rate, standardized pixels, all 60,000 training examples. Its
batch size, learning rate and number of epochs are from --tune: of those whose worst of three seeds
reaches 97.8 % on 10,000 held-out training examples (with the other 50,000, none reaches 98 %), the
one with the fewest epochs.
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
from typing import Any

import click

EPOCHS, BATCH, UNITS = 6, 64, "128,64"
RECIPE = f"""
    --hidden-units {UNITS} --batch-size {BATCH} --dropout 0 --shift 0 --validation 0
    --optimizer adam --learning-rate 2e-3 --schedule linear --final-learning-rate 1e-5
""".split()


def commands(epochs: int, seed: int) -> dict[str, list[str]]:
    """Returns the command lines, by name."""
    shape = [UNITS, str(BATCH), str(epochs), str(seed)]
    module = [sys.executable, "-m"]
    tfmlp = f"tfmlp train --dataset mnist --epochs {epochs} --seed {seed}".split()
    return {
        "tfmlp": [*module, *tfmlp, *RECIPE],
        "Keras fit": [*module, "benchmarks.scripts.keras_mnist", *shape],
        "PyTorch DataLoader": [*module, "benchmarks.scripts.torch_mnist", "loader", *shape],
        "PyTorch in memory": [*module, "benchmarks.scripts.torch_mnist", "memory", *shape],
        "import tensorflow": [sys.executable, "-c", "import tensorflow"],
    }


def run(command: list[str]) -> tuple[float, float | None]:
    """Runs a command; returns its seconds and the test accuracy that it prints, or None."""
    with tempfile.TemporaryDirectory() as folder:
        extra = ["--out", f"{folder}/run"] if "tfmlp" in command else []
        quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        started = time.perf_counter()
        done = subprocess.run([*command, *extra], capture_output=True, text=True, env=quiet)
        seconds = time.perf_counter() - started
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    percent = re.search(r"accuracy ([\d.]+) %", done.stdout)
    if percent:
        return seconds, float(percent[1]) / 100
    number = re.search(r"^0?\.\d+|^1\.0", done.stdout, re.MULTILINE)
    return seconds, float(number[0]) if number else None


def measure(epochs: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Returns, for each command, median seconds, and mean and standard deviation of its accuracy.

    Each round has a seed of its own. The first run of each command does not count: it brings the
    libraries' files into the system's cache.
    """
    names = [name for name in commands(epochs, 0) if "PyTorch" not in name or find_spec("torch")]
    measured: dict[str, dict[str, Any]] = {name: {"seconds": [], "accuracy": []} for name in names}
    for seed in range(rounds + 1):
        for name in names:
            seconds, accuracy = run(commands(epochs, seed)[name])
            if seed:
                measured[name]["seconds"].append(seconds)
                measured[name]["accuracy"] += [accuracy] if accuracy else []
    for values in measured.values():
        values["median"] = statistics.median(values["seconds"])
        if accuracies := values["accuracy"]:
            values["accuracy"] = [statistics.mean(accuracies), statistics.stdev(accuracies)]
    return measured


def tune() -> None:
    """Prints each recipe that was tried, the fewest steps first.

    With the accuracy of its worst seed on held-out training examples.
    """
    from tfmlp.config import Config
    from tfmlp.training.loop import fit

    recipe = Config.from_options(
        hidden_units=tuple(map(int, UNITS.split(","))),
        optimizer="adam",
        schedule="linear",
        final_learning_rate=1e-5,
        validation=10_000,
    )
    tried = []
    for batch, rate, epochs in itertools.product((64, 128, 256), (1e-3, 2e-3, 4e-3), (4, 6, 8, 10)):
        config = recipe.replace(batch_size=batch, learning_rate=rate, epochs=epochs)
        runs = [list(fit(config.replace(seed=seed))) for seed in range(3)]
        worst = min(epochs_of_run[-1].validation.accuracy for epochs_of_run in runs)
        tried.append((epochs * -(-60_000 // batch), batch, rate, epochs, worst))
    for steps, batch, rate, epochs, worst in sorted(tried):
        recipe_text = f"batch {batch}, learning rate {rate:g}, {epochs} epochs"
        print(f"{steps:6,} steps: {recipe_text}: {100 * worst:.2f} %")


def to_markdown(title: str, measured: dict[str, dict[str, Any]]) -> str:
    """Returns what `measure` returned as a table under a title."""
    lines = [title, "", "| command | seconds | tfmlp over it | test accuracy % |", "|---" * 4 + "|"]
    own = measured["tfmlp"]["median"]
    for name, values in measured.items():
        percents = [f"{100 * value:.2f}" for value in values["accuracy"]]
        seconds = values["median"]
        lines.append(f"| {name} | {seconds:.2f} | {own / seconds:.2f} | {' ± '.join(percents)} |")
    return "\n".join(lines)


_TUNE_HELP = "Try recipes on held-out training examples, and measure nothing."
_ROUNDS_HELP = "Runs of each command, after one that does not count."
_OUT_HELP = "Write what was measured as JSON."


@click.command(help=__doc__.split("\n")[0])
@click.option("--tune", "tuning", is_flag=True, help=_TUNE_HELP)
@click.option("--rounds", default=5, show_default=True, help=_ROUNDS_HELP)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_OUT_HELP)
def main(tuning: bool, rounds: int, out: Path | None) -> None:
    if tuning:
        tune()
        return
    titles = {"one epoch": 1, f"to 98 % ({EPOCHS} epochs)": EPOCHS}
    results = {title: measure(epochs, rounds) for title, epochs in titles.items()}
    for title, measured in results.items():
        print("\n" + to_markdown(title, measured))
    if out is not None:
        out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
