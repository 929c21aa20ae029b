"""A run that is killed, or whose disk fails, goes on from its last whole checkpoint and ends with
the bits of one that was left alone.

`make test-faults` kills at every operation on the run folder, and at 40 random times; the usual
tests at a few.
"""

import contextlib
import json
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
from tfmlp.runs.checkpoints import Checkpoints

OPTIONS = [
    "--recipe",
    "none",
    "--hidden-units",
    "16",
    "--dropout",
    "0.2",
    "--batch-norm",
    "--shift",
    "1",
    "--schedule",
    "cosine",
    "--batch-size",
    "50",
]
OPTIONS += ["--patience", "3", "--engine", "graph", "--epochs", "4", "--checkpoint-steps", "8"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, mnist_dir):
    """A folder with a run that nothing happened to, the arguments of such a run, and the operations
    on files that it took.
    """
    folder = tmp_path_factory.mktemp("whole")
    arguments = ["train", "--data-dir", mnist_dir, *OPTIONS]
    outcome = run_forked(
        [*arguments, "--out", "run"], folder, KillAt(None, "run", folder / "operations")
    )
    assert outcome.status == 0, outcome.stderr
    return folder / "run", arguments, (folder / "operations").read_text().splitlines()


def contents(run):
    """Returns what must be equal, to the bit."""
    record = json.loads((run / "run.json").read_text())
    epochs = [
        {k: v for k, v in json.loads(line).items() if k != "seconds"}
        for line in (run / "epochs.jsonl").read_text().splitlines()
    ]
    weights = {}
    with (
        zipfile.ZipFile(run / "model.keras") as archive,
        archive.open("model.weights.h5") as file,
        h5py.File(file) as stored,
    ):
        stored.visititems(
            lambda name, item: (
                weights.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    state = Checkpoints(run).load()
    values = json.loads(json.dumps(state.values))
    for epoch in values["history"]:
        del epoch["seconds"]
    figures = {name: record[name] for name in ("status", "test", "parameters")} | {
        "best": record["best"]["epoch"]
    }
    return figures, epochs, values, {f"model/{k}": v for k, v in weights.items()} | state.arrays


def assert_same(one, other):
    *figures, arrays = contents(one)
    *other_figures, other_arrays = contents(other)
    assert figures == other_figures
    assert arrays.keys() == other_arrays.keys() and all(
        np.array_equal(arrays[name], other_arrays[name]) for name in arrays
    )


def go_on(folder, arguments):
    """Resumes a run, or starts it anew where it had not begun."""
    run = folder / "run"
    began = (run / "run.json").exists()
    outcome = run_forked(
        ["train", "--resume", "run"] if began else [*arguments, "--out", "run"], folder
    )
    assert outcome.status == 0, outcome.stderr
    return outcome


def check_kill(whole, folder, injection, **options):
    run, arguments, _ = whole
    outcome = run_forked([*arguments, "--out", "run"], folder, injection, **options)
    assert outcome.status == -9, (outcome.status, outcome.stderr)
    go_on(folder, arguments)
    assert_same(run, folder / "run")
    assert not [path.name for path in (folder / "run").rglob(".*") if path.name != ".lock"]


def test_the_operations_are_those_of_every_part_of_a_save(whole):
    operations = "\n".join(whole[2])
    for part in (
        "os.mkdir run$",
        r"rename run/\.run\.json",
        "run/epochs.jsonl",
        "mkdir run/checkpoints",
        "arrays.npz",
        "values.json",
        "manifest.json",
        "os.rename run/checkpoints/.epoch-000002.",
        "step-",
        "os.remove",
        "os.rmdir",
        r"rename run/\.model\.keras",
    ):
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
            kills += (
                run_forked(
                    command, folder, save_every_epoch, kill_after=stream.uniform(0.2, 0.6) * seconds
                ).status
                == -9
            )
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
    error = outcome.stderr.splitlines()[-1]
    assert outcome.status == 1 and re.search(rf"^error: cannot write .*({message})", error), (
        outcome.stderr
    )
    if (tmp_path / "run" / "away").exists():
        (tmp_path / "run" / "checkpoints").unlink()
        (tmp_path / "run" / "away").rename(tmp_path / "run" / "checkpoints")
    assert "going on after epoch" in go_on(tmp_path, arguments).stderr
    assert_same(run, tmp_path / "run")


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True
    ).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("kilobytes", [600, 900, 1200])
def test_a_disk_that_is_full(whole, tmp_path, kilobytes):
    run, arguments, _ = whole
    with small_disk(tmp_path / "disk", kilobytes):
        outcome = run_forked(
            [*arguments, "--keep-checkpoints", "50", "--out", "run"],
            tmp_path / "disk",
            KillAt(None, "run", tmp_path / "log"),
        )
        assert outcome.status == 1 and "No space left on device" in outcome.stderr.splitlines()[-1]
        assert Checkpoints(tmp_path / "disk" / "run").load() is not None
        subprocess.run(["mount", "-o", "remount,size=50m", tmp_path / "disk"], check=True)
        go_on(tmp_path / "disk", arguments)
        assert_same(run, tmp_path / "disk" / "run")
