"""Mutated files of every format are read as what they now are, or refused in one line.

There is never a crash, a hang, much memory, or silent garbage.
`make test-faults` makes 28,600 mutations, the usual tests a few hundred.
"""

import gzip
import json
import os
import resource
import shutil
import signal
import warnings
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings

from tests.bad_inputs.spoil import idx_header, images, rows
from tests.fuzz.mutations import MUTATIONS, mutate
from tfmlp import Config
from tfmlp.data.idx import read_idx
from tfmlp.data.schema import Schema
from tfmlp.data.sources import load_dataset
from tfmlp.data.svhn import read_mat
from tfmlp.errors import TfmlpError, TfmlpWarning
from tfmlp.runs.checkpoint import Checkpoint
from tfmlp.runs.checkpoints import Checkpoints
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.record import DatasetRecord, EngineRecord, RunRecord, Status

UNHURRIED = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
SECONDS = 5  # for one file
MEGABYTES = 500  # for all of them

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 5, 7), np.uint8)
TABLE = "a,b,kind\n" + "".join(f"{n}.5,{n % 7},{'xyz'[n % 3]}\n" for n in range(40))
TOML = """
[data]
dataset = "mnist"
validation = 0.2
[model]
hidden_units = [64, 32]
dropout = 0.1
[optimization]
epochs = 3
schedule = "cosine"
"""
ARRAYS = {
    "state/w": np.arange(40.0).reshape(5, 8),
    "state/steps": np.array(7),
    "best/w": np.ones((5, 8), np.float32),
}
VALUES = {"history": [{"epoch": 1, "loss": 0.5}], "stopped_early": False}


def idx(folder):
    return idx_header(*PIXELS.shape) + PIXELS.tobytes()


def check_idx(path):
    values, _ = read_idx(path)
    assert values.nbytes <= 8 * path.stat().st_size or path.read_bytes()[:2] == b"\x1f\x8b"


def packed_idx(folder):
    return gzip.compress(idx(folder))


def check_packed_idx(path):
    # The checksum covers the content; gzip's header, with its names and dates, is not.
    values, _ = read_idx(path)
    assert np.array_equal(values, PIXELS) or path.read_bytes()[:2] != b"\x1f\x8b"


def mat(folder, compressed):
    scipy.io.savemat(folder / "x.mat", images(3), do_compression=compressed)
    return (folder / "x.mat").read_bytes()


def check_mat(path):
    found = read_mat(path)
    assert found.images.dtype == np.uint8
    assert found.images.shape == (len(found.labels), 32, 32, 3)
    assert set(found.labels) <= set(range(10))


def npz(folder):
    np.savez(folder / "x.npz", **rows())
    return (folder / "x.npz").read_bytes()


def check_npz(path):
    data = load_dataset(f"arrays:{path}", validation=0)
    found = np.concatenate([data.train.features, data.test.features])
    # zip's checksums cover the values.
    assert sorted(map(tuple, found)) == sorted(map(tuple, rows()["x"]))


def npy(folder):
    np.save(folder / "x.npy", rows()["x"])
    np.save(folder / "y.npy", rows()["y"])
    return (folder / "x.npy").read_bytes()


def check_npy(where):
    def check(path):
        shutil.copy(path, path.parent / "x.npy")
        data = load_dataset(f"arrays:{path.parent}", validation=0, features_in=where)
        assert data.train.features.shape[1:] == data.test.features.shape[1:]
        assert len(data.train) + len(data.test) == 60

    return check


def table(folder):
    return TABLE.encode()


def check_table(path):
    data = load_dataset(f"csv:{path}", target="kind", validation=0)
    assert np.isfinite(data.train.features).all() and len(data.class_names) >= 2


def toml(folder):
    return TOML.encode()


def check_toml(path):
    config = Config.from_file(path)
    assert Config.from_dict(config.to_dict()) == config


def record(folder):
    run = RunFolder(folder / "whole")
    run.path.mkdir()
    sizes = {"train": 40, "test": 10}
    whole = RunRecord(
        format=2,
        status=Status.COMPLETED,
        recipe=None,
        config=Config().to_dict(),
        dataset=DatasetRecord("csv:x.csv", "CSV file", sha256="0" * 64, sizes=sizes),
        schema=Schema("regression", (1,), "float32", ("a",), ("number",)).to_dict(),
        engine=EngineRecord("xla", "float32"),
        test={"loss": 0.5},
    )
    run.write(whole)
    return (run.path / "run.json").read_bytes()


def check_record(path):
    run = RunFolder(path.parent / "run")
    run.path.mkdir(exist_ok=True)
    shutil.copy(path, run.path / "run.json")
    found = run.read()
    assert RunRecord.from_dict(found.to_dict()) == found
    config = Config.from_dict(found.config)
    assert Config.from_dict(config.to_dict()) == config


def part_of_a_checkpoint(name):
    def make(folder):
        Checkpoints(folder / "saved").save(Checkpoint(3, ARRAYS, VALUES, 0, 0.5))
        return (folder / "saved" / "checkpoints" / "epoch-000003" / name).read_bytes()

    return make


def check_part_of_a_checkpoint(name):
    def check(path):
        shutil.copy(path, path.parent / "saved" / "checkpoints" / "epoch-000003" / name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TfmlpWarning)
            found = Checkpoints(path.parent / "saved").load()
        if found is not None:
            assert (found.epoch, found.step, found.score, found.values) == (3, 0, 0.5, VALUES)
            assert found.arrays.keys() == ARRAYS.keys()
            assert all(np.array_equal(found.arrays[key], ARRAYS[key]) for key in ARRAYS)

    return check


FORMATS = {
    "idx": (idx, check_idx),
    "idx.gz": (packed_idx, check_packed_idx),
    "mat": (partial(mat, compressed=False), check_mat),
    "mat, compressed": (partial(mat, compressed=True), check_mat),
    "npz": (npz, check_npz),
    "npy, in memory": (npy, check_npy("memory")),
    "npy, on disk": (npy, check_npy("disk")),
    "csv": (table, check_table),
    "toml": (toml, check_toml),
    "run.json": (record, check_record),
}
for part in ("arrays.npz", "values.json", "manifest.json"):
    checks = (part_of_a_checkpoint(part), check_part_of_a_checkpoint(part))
    FORMATS[f"checkpoint's {part}"] = checks
SUFFIXES = {"csv": "x.csv", "toml": "x.toml"}


class TooLong(BaseException):
    """Not an Exception, which a reader could take for an error of the file."""


@contextmanager
def at_most(seconds):
    def stop(*_):
        raise TooLong(f"more than {seconds} s for one file")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def fuzz(name, folder, count):
    make, check = FORMATS[name]
    whole = make(folder)
    path = folder / SUFFIXES.get(name, "mutated")
    path.write_bytes(whole)
    check(path)  # what is not mutated is accepted
    seen = {"refused": 0, "read": 0}

    # Headers are what readers stumble over; data are most of a .mat file's bytes.
    @settings(max_examples=count, derandomize=True, parent=UNHURRIED)
    @given(MUTATIONS)
    def mutated(mutations):
        for within in (None, 600):
            path.write_bytes(mutate(whole, mutations, within))
            try:
                with at_most(SECONDS), warnings.catch_warnings():
                    warnings.simplefilter("ignore", TfmlpWarning)
                    check(path)
                seen["read"] += 1
            except TfmlpError as error:
                assert str(error).strip()
                seen["refused"] += 1

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mutated()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MEGABYTES, f"{grown:.0f} MB"
    assert sum(seen.values()) >= count
    return seen


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_files(name, tmp_path):
    fuzz(name, tmp_path, 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_thousands_of_mutated_files(name, tmp_path):
    # Each is made twice: anywhere, and in the first bytes.
    count = int(os.environ.get("TFMLP_FUZZ", 1100))
    print(name, json.dumps(fuzz(name, tmp_path, count)))
