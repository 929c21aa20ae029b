"""The benchmarks still run. What they measure is not looked at here."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import bits, commands
from benchmarks.cells import GRID, SMOKE, Task, make_task, train_loss
from benchmarks.memory import peak_megabytes
from benchmarks.peers import PEERS
from benchmarks.report import ratios, to_markdown
from tfmlp.config import Config

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments):
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_smoke_of_the_benchmark(tmp_path):
    names = ["tfmlp", "NumPy reference", "Keras fit"]
    peers = [word for name in names for word in ("--peers", f"{name}!")]
    text = run("benchmarks", "--smoke", "--rounds", "1", *peers, "--out", str(tmp_path))
    results = json.loads((tmp_path / "performance.json").read_text())
    assert (tmp_path / "performance.png").stat().st_size > 1000
    assert (tmp_path / "performance.md").read_text().strip() == text.strip()
    assert [cell["cell"] for cell in results["cells"]] == [cell.name for cell in SMOKE]
    for cell in results["cells"]:
        assert set(cell["peers"]) == set(names)
        # All of them trained the same net on the same examples.
        losses = [values["loss"] for values in cell["peers"].values()]
        assert max(losses) - min(losses) < 0.15 * np.mean(losses)
    plain = results["cells"][0]["peers"]
    assert plain["tfmlp"]["loss"] == pytest.approx(plain["NumPy reference"]["loss"], rel=1e-3)


def test_every_cell_is_a_configuration_and_every_peer_a_module():
    for cell in GRID + SMOKE:
        assert cell.config().optimization.batch_size == cell.batch
    assert len({cell.name for cell in GRID}) == len(GRID)
    for peer in PEERS.values():
        assert (ROOT / "benchmarks" / "peers" / f"{peer.module}.py").is_file()


def test_the_loss_is_that_of_the_weights():
    task = make_task(SMOKE[0])
    layers = [{"kernel": np.zeros_like(kernel), "bias": bias} for kernel, bias in task.weights()]
    assert train_loss(task, layers) == pytest.approx(np.log(10))
    assert isinstance(task, Task) and task.features.max() <= 1
    assert peak_megabytes() > 50


def test_ratios_are_against_the_fastest_peer_of_the_same_precision():
    seconds = {
        "tfmlp": 1.0,
        "tfmlp graph": 2.0,
        "Keras fit": 4.0,
        "JAX scan": 1.25,
        "PyTorch bfloat16": 0.1,
        "floor": 0.5,
    }
    peers = {
        name: {"seconds": value, "engine": "xla", "loss": 1.0, "peak_mb": 1.0}
        for name, value in seconds.items()
    }
    cell = {"cell": "c", "rows": 1, "absent": {}, "peers": peers}
    found = ratios(cell, "float32")
    assert found == {"best peer": 0.8, "Keras fit": 0.25, "floor": 2.0, "best engine": 1.0}
    assert "| c | xla | JAX scan | 0.80 | 0.25 | 2.00 | 1.00 |  |" in to_markdown({"cells": [cell]})


def test_the_published_report_is_written_from_its_results():
    results = json.loads((ROOT / "docs" / "runs" / "performance.json").read_text())
    text = to_markdown(results)
    for cell in results["cells"]:
        assert text.count(f"| {cell['cell']} |") == 6  # five tables, one of them in two precisions


def test_every_case_of_bits_is_a_configuration_with_a_name_of_its_own():
    cases = list(bits.cases())
    assert len({name for name, _, _ in cases}) == len(cases) > 100
    for _, kind, options in cases:
        assert kind in ("images", "table")
        Config.from_options(**{name: v for name, v in options.items() if name != "resume"})


def test_commands_are_measured_against_tfmlp():
    measured = {
        "tfmlp": {"median": 2.0, "accuracy": [0.98, 0.001]},
        "import tensorflow": {"median": 4.0, "accuracy": []},
    }
    table = commands.to_markdown("one epoch", measured)
    assert "| tfmlp | 2.00 | 1.00 | 98.00 ± 0.10 |" in table
    assert "| import tensorflow | 4.00 | 0.50 |  |" in table
    assert set(measured) <= set(commands.commands(epochs=1, seed=0))
