"""A run that is stopped and goes on ends with the bits of one that was never stopped."""

import functools
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.results import read_epochs, read_record
from tfmlp import Config, fit
from tfmlp.errors import CheckpointError
from tfmlp.runs.checkpoints import Checkpoints
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.lock import locked

OPTIONS = """
    --recipe none --hidden-units 16 --dropout 0.2 --batch-norm --shift 1 --schedule cosine
    --batch-size 64 --patience 4 --epochs 6
""".split()


@pytest.fixture
def arguments(mnist_dir):
    """The arguments of a run of six epochs."""
    return ["train", "--data-dir", str(mnist_dir), *OPTIONS]


@pytest.fixture(scope="module")
def make_whole(tmp_path_factory, run_cli, mnist_dir):
    """Returns a run of six epochs, with further options, that was never stopped."""

    @functools.cache
    def make_whole(options=""):
        folder = tmp_path_factory.mktemp("whole") / "run"
        arguments = ["train", "--data-dir", mnist_dir, *OPTIONS, *options.split()]
        assert run_cli(*arguments, "--out", folder).exit_code == 0
        return folder

    return make_whole


@pytest.fixture
def whole(make_whole):
    """A copy of such a run."""
    shutil.copytree(make_whole(), "whole")
    return "whole"


@pytest.fixture
def short(mnist_dir):
    """The arguments of a run without a recipe, with eight hidden units."""
    base = "train --recipe none --hidden-units 8".split()
    return [*base, "--data-dir", str(mnist_dir)]


def contents(folder):
    """Returns what must be equal: epochs without their seconds, metrics, weights."""
    import keras

    record = read_record(folder)
    values = {name: record[name] for name in ("status", "test", "best", "parameters")}
    values["epochs"] = read_epochs(folder)
    for epoch in values["epochs"]:
        del epoch["seconds"]
    weights = keras.models.load_model(f"{folder}/model.keras").get_weights()
    state = Checkpoints(Path(folder)).load()
    return values, weights, state.arrays


def assert_same(one, other):
    values, weights, arrays = contents(one)
    other_values, other_weights, other_arrays = contents(other)
    assert values == other_values
    assert all(np.array_equal(a, b) for a, b in zip(weights, other_weights, strict=True))
    assert arrays.keys() == other_arrays.keys()
    assert all(np.array_equal(arrays[name], other_arrays[name]) for name in arrays)


def stop_after(patch, epochs, number=signal.SIGINT):
    """Sends this process a signal while the given epoch is recorded."""
    add_epoch = RunFolder.add_epoch

    def add(self, epoch):
        add_epoch(self, epoch)
        if epoch["epoch"] == epochs:
            os.kill(os.getpid(), number)

    patch.setattr(RunFolder, "add_epoch", add)


def stop_at_step(patch, steps):
    """Sends this process a signal before the first part of an epoch that ends after `steps`."""
    from tfmlp.training.numpy_backend import NumpyBackend
    from tfmlp.training.tensorflow_backend import TensorFlowBackend

    for backend in (TensorFlowBackend, NumpyBackend):

        def train_steps(self, epoch, first, last, whole=backend.train_steps):
            if self.steps <= steps < self.steps + last - first:
                os.kill(os.getpid(), signal.SIGINT)
            whole(self, epoch, first, last)

        patch.setattr(backend, "train_steps", train_steps)


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--engine xla",
        "--engine streaming",
        "--optimizer momentum --engine hybrid",
        "--backend numpy --shift 0",
    ],
)
@pytest.mark.parametrize("after", [1, 4])
def test_a_stopped_run_goes_on_to_the_same_bits(
    run_cli, arguments, make_whole, monkeypatch, options, after
):
    arguments += options.split()
    with monkeypatch.context() as patch:
        stop_after(patch, after)
        stopped = run_cli(*arguments, "--out", "part")
    assert stopped.exit_code == 130 and "tfmlp train --resume part" in stopped.stderr
    assert read_record("part")["status"] == "interrupted"
    resumed = run_cli("train", "--resume", "part")
    assert resumed.exit_code == 0 and f"going on after epoch {after} of 6" in resumed.stderr
    assert_same(make_whole(options), "part")


def test_sigterm_saves_and_exits_with_143(run_cli, arguments, whole, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 2, signal.SIGTERM)
        assert run_cli(*arguments, "--out", "part").exit_code == 143
    assert run_cli("train", "--resume", "part").exit_code == 0
    assert_same(whole, "part")


@pytest.mark.parametrize("spoil", ["truncate", "flip", "remove", "empty"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    run_cli, arguments, whole, tmp_path, monkeypatch, spoil
):
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "is_due", True)
        stop_after(patch, 4)
        run_cli(*arguments, "--out", "part")
    saved = tmp_path / "part" / "checkpoints"
    assert sorted(path.name for path in saved.iterdir()) == ["epoch-000003", "epoch-000004"]
    path = saved / "epoch-000004" / "arrays.npz"
    content = bytearray(path.read_bytes())
    if spoil == "flip":
        content[len(content) // 2] ^= 1
    path.write_bytes({"truncate": content[:-20], "empty": b""}.get(spoil, content))
    if spoil == "remove":
        path.unlink()
    resumed = run_cli("train", "--resume", "part")
    assert resumed.exit_code == 0 and "damaged" in resumed.stderr
    assert "going on after epoch 3 of 6" in resumed.stderr
    assert_same(whole, "part")


def test_a_run_without_a_checkpoint_starts_anew(run_cli, whole):
    shutil.copytree(whole, "part")
    shutil.rmtree("part/checkpoints")
    resumed = run_cli("train", "--resume", "part")
    assert resumed.exit_code == 0 and "starting from the first epoch" in resumed.stderr
    assert_same(whole, "part")


def test_a_finished_run_can_be_made_longer(run_cli, short):
    assert run_cli(*short, "--epochs", 2, "--out", "part").exit_code == 0
    again = run_cli("train", "--resume", "part")
    assert again.exit_code == 0 and "nothing is left to train" in again.stderr
    assert run_cli("train", "--resume", "part", "--epochs", 4).exit_code == 0
    # The same engine: a run of four epochs may be long enough for another.
    engine = read_record("part")["engine"]["name"]
    longer = run_cli(*short, "--epochs", 4, "--engine", engine, "--out", "whole")
    assert longer.exit_code == 0
    assert_same("whole", "part")
    shorter = run_cli("train", "--resume", "part", "--epochs", 3)
    assert "can only be made longer" in shorter.stderr


@pytest.fixture
def other_digits(mnist_dir):
    """A folder with the same digits, one of them under another label."""
    shutil.copytree(mnist_dir, "digits")
    path = "digits/train-labels-idx1-ubyte.gz"
    with gzip.open(path) as file:
        labels = bytearray(file.read())
    labels[20] = (labels[20] + 1) % 10
    with gzip.open(path, "wb") as file:
        file.write(labels)
    return "digits"


def test_what_must_not_change_is_refused(run_cli, whole, other_digits):
    before = read_record(whole)
    for options, message in (
        (["--hidden-units", "17"], "cannot change hidden_units"),
        (["--seed", "1", "--learning-rate", "0.1"], "cannot change"),
        (["--out", "other"], "leave out"),
        (["--data-dir", other_digits], "sha256 differ"),
    ):
        result = run_cli("train", "--resume", whole, *options)
        assert result.exit_code in (1, 2) and message in result.stderr
        assert read_record(whole) == before
    assert run_cli("train", "--resume", "nowhere").exit_code == 1
    what_it_was = ("--hidden-units", "16", "--epochs", "6")
    assert run_cli("train", "--resume", whole, *what_it_was).exit_code == 0


def test_a_run_stopped_within_an_epoch_goes_on_within_it(run_cli, arguments, whole, monkeypatch):
    with monkeypatch.context() as patch:
        stop_at_step(patch, 13)
        stopped = run_cli(*arguments, "--checkpoint-steps", 4, "--out", "part")
    assert stopped.exit_code == 130 and "tfmlp train --resume part" in stopped.stderr
    assert read_record("part")["checkpoint"] == {"epoch": 1, "step": 7}
    resumed = run_cli("train", "--resume", "part")
    assert resumed.exit_code == 0
    assert "going on after epoch 1 of 6 and step 7 of 9 of the next" in resumed.stderr
    assert_same(whole, "part")


@pytest.mark.parametrize(
    "options", ["--engine xla", "--engine streaming", "--backend numpy --shift 0"]
)
def test_every_engine_goes_on_within_an_epoch(run_cli, arguments, make_whole, monkeypatch, options):
    arguments += options.split()
    with monkeypatch.context() as patch:
        stop_at_step(patch, 23)
        assert run_cli(*arguments, "--checkpoint-steps", 5, "--out", "part").exit_code == 130
    assert "step 7 of 9" in run_cli("train", "--resume", "part").stderr
    assert_same(make_whole(options), "part")


def test_checkpoints_are_made_when_they_are_asked_for(run_cli, short, monkeypatch):
    saved = []
    save = Checkpoints.save

    def note(self, checkpoint):
        saved.append((checkpoint.epoch, checkpoint.step))
        save(self, checkpoint)

    monkeypatch.setattr(Checkpoints, "save", note)
    short += "--batch-size 60 --epochs 2".split()
    assert run_cli(*short, "--checkpoint-steps", 4, "--out", "steps").exit_code == 0
    assert [place for place in saved if place[1]] == [(0, 4), (0, 8), (1, 3), (1, 7)]
    saved.clear()
    assert run_cli(*short, "--checkpoint-minutes", "1e-9", "--out", "minutes").exit_code == 0
    assert any(step for _, step in saved) and saved[-1] == (2, 0)


def test_a_second_process_is_refused(tmp_path):
    run = tmp_path / "run"
    with locked(run):
        code = f"""
from pathlib import Path
from tfmlp.runs.lock import locked
with locked(Path({str(run)!r})):
    pass
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode and "another process is training" in done.stderr
    assert not run.exists()  # nothing was written into it


def test_the_state_of_a_training_goes_into_another(mnist_dir):
    options = {"hidden_units": (8,), "epochs": 4, "patience": 2, "engine": "graph"}
    config = Config.from_options(data_dir=str(mnist_dir), **options)
    one, other, whole = fit(config), fit(config), fit(config)
    for epoch in one:
        if epoch.epoch == 2:
            break
    other.set_state(*one.get_state())
    assert json.dumps(other.get_state()[1])  # plain values
    list(other)
    list(whole)
    assert [epoch.train for epoch in other.history] == [epoch.train for epoch in whole.history]
    weights = zip(other.model.get_weights(), whole.model.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in weights)


def test_evaluate_says_that_a_resumed_run_has_not_ended(run_cli, short, tmp_path, monkeypatch):
    assert run_cli(*short, "--epochs", 2, "--out", "run").exit_code == 0
    assert "has not ended" not in run_cli("evaluate", "run").stderr

    def killed(self, epoch):
        raise CheckpointError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "add_epoch", killed)
        assert run_cli("train", "--resume", "run", "--epochs", 4).exit_code == 1
    assert "was resumed and has not ended since" in run_cli("evaluate", "run").stderr
    (tmp_path / "run" / "model.keras").unlink()
    assert "tfmlp train --resume run" in run_cli("evaluate", "run").stderr
