"""A run that is killed, or whose disk fails, goes on from its last whole checkpoint.

It ends with the bits of one that was left alone.

`make test-faults` kills at every operation on the run folder, and at 40 random times; the usual
tests at a few.
"""

import contextlib
import random
import re
import subprocess
import time
import zipfile

import h5py
import numpy as np
import pytest

from tests.faults.injections import (
    AfterEpoch,
    JumpingClock,
    KillAt,
    KillHalfway,
    lock_away,
    save_every_epoch,
    take_file_handles,
)
from tests.forked import run_forked
from tests.results import read_epochs, read_record
from tfmlp.runs.checkpoints import Checkpoints

OPTIONS = """
    --recipe none --hidden-units 16 --dropout 0.2 --batch-norm --shift 1 --schedule cosine
    --batch-size 50 --patience 3 --engine graph --epochs 4 --checkpoint-steps 8
""".split()


@pytest.fixture(scope="module")
def whole(tmp_path_factory, mnist_dir):
    """A run that nothing happened to, its arguments, and the operations on files that it took."""
    folder = tmp_path_factory.mktemp("whole")
    arguments = ["train", "--data-dir", mnist_dir, *OPTIONS]
    note = KillAt(None, "run", folder / "operations")
    outcome = run_forked([*arguments, "--out", "run"], folder, note)
    assert outcome.status == 0, outcome.stderr
    return folder / "run", arguments, (folder / "operations").read_text().splitlines()


def stored_weights(run):
    """Returns the arrays in a run's model.keras, by name."""
    weights = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            weights[f"model/{name}"] = item[()]

    with zipfile.ZipFile(run / "model.keras") as archive:
        with archive.open("model.weights.h5") as file, h5py.File(file) as stored:
            stored.visititems(add)
    return weights


def without_seconds(epochs):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in epochs]


def contents(run):
    """Returns what must be equal, to the bit: values, and arrays by name."""
    record = read_record(run)
    values = {name: record[name] for name in ("status", "test", "parameters")}
    values |= {"best": record["best"]["epoch"], "epochs": without_seconds(read_epochs(run))}
    state = Checkpoints(run).load()
    history = without_seconds(state.values["history"])
    values["state"] = state.values | {"history": history}
    return values, stored_weights(run) | state.arrays


def assert_same(one, other):
    values, arrays = contents(one)
    other_values, other_arrays = contents(other)
    assert values == other_values
    assert arrays.keys() == other_arrays.keys()
    assert all(np.array_equal(arrays[name], other_arrays[name]) for name in arrays)


def go_on(folder, arguments):
    """Resumes a run, or starts it anew where it had not begun."""
    has_begun = (folder / "run" / "run.json").exists()
    command = ["train", "--resume", "run"] if has_begun else [*arguments, "--out", "run"]
    outcome = run_forked(command, folder)
    assert outcome.status == 0, outcome.stderr
    return outcome


def check_kill(whole, folder, injection, **options):
    run, arguments, _ = whole
    outcome = run_forked([*arguments, "--out", "run"], folder, injection, **options)
    assert outcome.status == -9, (outcome.status, outcome.stderr)
    go_on(folder, arguments)
    assert_same(run, folder / "run")
    assert not [path.name for path in (folder / "run").rglob(".*") if path.name != ".lock"]


PARTS = (
    *(r"os\.mkdir run$", r"rename run/\.run\.json", r"run/epochs\.jsonl"),
    *("mkdir run/checkpoints", r"arrays\.npz", r"values\.json", r"manifest\.json", "step-"),
    *(r"os\.rename run/checkpoints/\.epoch-000002\.", r"os\.remove", r"os\.rmdir"),
    r"rename run/\.model\.keras",
)


def test_the_operations_are_those_of_every_part_of_a_save(whole):
    operations = "\n".join(whole[2])
    for part in PARTS:
        assert re.search(part, operations, re.MULTILINE), part
    assert len(whole[2]) > 80


SAMPLE = 5  # of the operations in the usual tests


@pytest.mark.parametrize("share", [n / SAMPLE for n in range(SAMPLE)])
def test_kills_at_some_operations(whole, tmp_path, share):
    number = int((share + 0.5 / SAMPLE) * len(whole[2]))
    check_kill(whole, tmp_path, KillAt(number, "run", tmp_path / "operations"))


@pytest.mark.slow
def test_kills_at_every_operation(whole, tmp_path):
    for number, operation in enumerate(whole[2]):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            check_kill(whole, folder, KillAt(number, "run", tmp_path / "operations"))
        except AssertionError as error:
            raise AssertionError(f"killed before operation {number}, {operation}") from error
    print(f"killed at each of {len(whole[2])} operations")


@pytest.mark.parametrize(
    ("what", "time"), [("arrays", 3), ("values", 2), ("line", 3), ("model", 1)]
)
def test_kills_in_the_middle_of_a_file(whole, tmp_path, what, time):
    check_kill(whole, tmp_path, KillHalfway(what, time))


@pytest.mark.slow
def test_kills_at_random_times_and_again_while_going_on(whole, tmp_path):
    arguments = [*whole[1], "--epochs", "150", "--patience", "200"]
    started = time.perf_counter()
    assert run_forked([*arguments, "--out", "run"], tmp_path, save_every_epoch).status == 0
    seconds = time.perf_counter() - started
    stream, kills = random.Random(0), 0
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        command = [*arguments, "--out", "run"]
        for _ in range(2):
            kill_after = stream.uniform(0.2, 0.6) * seconds
            outcome = run_forked(command, folder, save_every_epoch, kill_after=kill_after)
            kills += outcome.status == -9
            if (folder / "run" / "run.json").exists():
                command = ["train", "--resume", "run"]
        go_on(folder, arguments)
        assert_same(tmp_path / "run", folder / "run")
    print(f"{kills} kills at random times")
    assert kills >= 20


def test_a_clock_that_jumps_changes_nothing(whole, tmp_path):
    run, arguments, _ = whole
    assert run_forked([*arguments, "--out", "run"], tmp_path, JumpingClock()).status == 0
    assert_same(run, tmp_path / "run")


@pytest.mark.parametrize(
    ("injection", "message"),
    [
        (AfterEpoch(2, take_file_handles), "Too many open files"),
        (AfterEpoch(2, lock_away), "File exists|Not a directory"),
    ],
)
def test_what_cannot_be_written_is_one_line_and_the_run_goes_on_later(
    whole, tmp_path, injection, message
):
    run, arguments, _ = whole
    outcome = run_forked([*arguments, "--out", "run"], tmp_path, injection)
    assert outcome.status == 1, outcome.stderr
    last = outcome.stderr.splitlines()[-1]
    assert re.search(rf"^error: cannot write .*({message})", last), outcome.stderr
    away, checkpoints = tmp_path / "run" / "away", tmp_path / "run" / "checkpoints"
    if away.exists():
        checkpoints.unlink()
        away.rename(checkpoints)
    assert "going on after epoch" in go_on(tmp_path, arguments).stderr
    assert_same(run, tmp_path / "run")


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("kilobytes", [600, 900, 1200])
def test_a_disk_that_is_full(whole, tmp_path, kilobytes):
    run, arguments, _ = whole
    disk = tmp_path / "disk"
    with small_disk(disk, kilobytes):
        command = [*arguments, "--keep-checkpoints", "50", "--out", "run"]
        outcome = run_forked(command, disk, KillAt(None, "run", tmp_path / "log"))
        assert outcome.status == 1 and "No space left on device" in outcome.stderr.splitlines()[-1]
        assert Checkpoints(disk / "run").load() is not None
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        go_on(disk, arguments)
        assert_same(run, disk / "run")
