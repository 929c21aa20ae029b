"""Many trainings in one process: none of them is kept in memory."""

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfmlp
from tfmlp.data.dataset import Dataset, Provenance, Split

ENGINES = ("graph", "hybrid", "xla")
MOST = 0.1  # MiB a fit; 0.00 was measured


def make_data():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 20)).astype(np.float32)
    labels = rng.integers(0, 3, 300).astype(np.int32)
    parts = [Split(features[a:b], labels[a:b]) for a, b in ((0, 200), (200, 250), (250, 300))]
    return Dataset(*parts, "classification", ("a", "b", "c"), Provenance("own", "a test"))


def fit(data, engine, seed):
    config = tfmlp.Config.from_options(hidden_units=(16,), epochs=2, engine=engine, seed=seed)
    training = tfmlp.fit(config, data)
    list(training)
    training.evaluate("test")


def graphs():
    gc.collect()
    return sum(type(one).__name__.endswith("FuncGraph") for one in gc.get_objects())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_that_is_dropped_leaves_no_graph(engine):
    data = make_data()
    fit(data, engine, 0)
    before = graphs()
    for seed in (1, 2):
        fit(data, engine, seed)
    assert graphs() <= before


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def measure(engine, count=100):
    """Returns by how much the process grows a fit, in MiB."""
    import ctypes

    data = make_data()
    for seed in range(5):
        fit(data, engine, seed)
    sizes = []
    for seeds in (range(5, 6), range(6, 6 + count)):
        for seed in seeds:
            fit(data, engine, seed)
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what is free, but not yet given back, is not lost
        sizes.append(resident())
    return (sizes[1] - sizes[0]) / count


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_hundred_fits_cost_no_memory(engine):
    code = f"from tests.test_memory import measure; print(measure({engine!r}))"
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert float(output) <= MOST
