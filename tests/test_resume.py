"""A run that is stopped and goes on ends with the bits of one that was never stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from tfmlp import Config, fit
from tfmlp.errors import CheckpointError, TfmlpWarning
from tfmlp.runs import checkpoints
from tfmlp.runs.checkpoints import Checkpoint, Checkpoints
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.lock import locked

OPTIONS = [
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
    "64",
    "--patience",
    "4",
    "--recipe",
    "none",
]


@pytest.fixture
def whole(run_cli, mnist_dir, tmp_path):
    """A run of six epochs that was never stopped, and the arguments that made it."""
    arguments = ["train", "--data-dir", str(mnist_dir), "--epochs", "6", *OPTIONS]
    assert run_cli(*arguments, "--out", "whole").exit_code == 0
    return tmp_path / "whole", arguments


def contents(folder):
    """Returns what must be equal: epochs without their seconds, figures, weights."""
    import keras

    record = json.loads((folder / "run.json").read_text())
    epochs = [json.loads(line) for line in (folder / "epochs.jsonl").read_text().splitlines()]
    for epoch in epochs:
        del epoch["seconds"]
    weights = keras.models.load_model(folder / "model.keras").get_weights()
    state = Checkpoints(folder).load()
    return (
        {k: record[k] for k in ("status", "test", "best", "parameters")} | {"epochs": epochs},
        weights,
        state.arrays,
    )


def assert_same(one, other):
    (record, weights, arrays), (other_record, other_weights, other_arrays) = (
        contents(one),
        contents(other),
    )
    assert record == other_record
    assert all(np.array_equal(a, b) for a, b in zip(weights, other_weights, strict=True))
    assert arrays.keys() == other_arrays.keys() and all(
        np.array_equal(arrays[name], other_arrays[name]) for name in arrays
    )


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--engine", "xla"),
        ("--engine", "streaming"),
        ("--optimizer", "momentum", "--engine", "hybrid"),
        ("--backend", "numpy", "--shift", "0"),
    ],
)
@pytest.mark.parametrize("after", [1, 4])
def test_a_stopped_run_goes_on_to_the_same_bits(
    run_cli, mnist_dir, tmp_path, monkeypatch, options, after
):
    arguments = ["train", "--data-dir", str(mnist_dir), "--epochs", "6", *OPTIONS, *options]
    assert run_cli(*arguments, "--out", "whole").exit_code == 0
    with monkeypatch.context() as patch:
        stop_after(patch, after)
        stopped = run_cli(*arguments, "--out", "part")
        assert stopped.exit_code == 130 and "tfmlp train --resume part" in stopped.stderr
    assert json.loads((tmp_path / "part" / "run.json").read_text())["status"] == "interrupted"
    resumed = run_cli("train", "--resume", "part")
    assert resumed.exit_code == 0 and f"going on after epoch {after} of 6" in resumed.stderr
    assert_same(tmp_path / "whole", tmp_path / "part")


def stop_after(patch, epochs, number=signal.SIGINT):
    """Sends this process a signal while the given epoch is recorded."""
    add_epoch = RunFolder.add_epoch

    def add(self, epoch):
        add_epoch(self, epoch)
        if epoch["epoch"] == epochs:
            os.kill(os.getpid(), number)

    patch.setattr(RunFolder, "add_epoch", add)


def test_sigterm_saves_and_exits_with_143(run_cli, whole, tmp_path, monkeypatch):
    folder, arguments = whole
    with monkeypatch.context() as patch:
        stop_after(patch, 2, signal.SIGTERM)
        assert run_cli(*arguments, "--out", "part").exit_code == 143
    assert run_cli("train", "--resume", "part").exit_code == 0
    assert_same(folder, tmp_path / "part")


@pytest.mark.parametrize("spoil", ["truncate", "flip", "remove", "empty"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    run_cli, whole, tmp_path, monkeypatch, spoil
):
    folder, arguments = whole
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "_SHARE", 0)  # save every epoch
        stop_after(patch, 4)
        run_cli(*arguments, "--out", "part")
    kept = sorted(path.name for path in (tmp_path / "part" / "checkpoints").iterdir())
    assert kept == ["epoch-000003", "epoch-000004"]
    path = tmp_path / "part" / "checkpoints" / "epoch-000004" / "arrays.npz"
    content = bytearray(path.read_bytes())
    if spoil == "flip":
        content[len(content) // 2] ^= 1
    path.write_bytes({"truncate": content[:-20], "empty": b""}.get(spoil, content))
    if spoil == "remove":
        path.unlink()
    resumed = run_cli("train", "--resume", "part")
    assert (
        resumed.exit_code == 0
        and "damaged" in resumed.stderr
        and "going on after epoch 3 of 6" in resumed.stderr
    )
    assert_same(folder, tmp_path / "part")


def test_a_run_without_a_checkpoint_starts_anew(run_cli, whole, tmp_path):
    folder, arguments = whole
    shutil.copytree(folder, tmp_path / "part")
    shutil.rmtree(tmp_path / "part" / "checkpoints")
    resumed = run_cli("train", "--resume", "part")
    assert resumed.exit_code == 0 and "starting from the first epoch" in resumed.stderr
    assert_same(folder, tmp_path / "part")


def test_a_finished_run_can_be_made_longer(run_cli, mnist_dir, tmp_path):
    base = ["train", "--data-dir", str(mnist_dir), "--recipe", "none", "--hidden-units", "8"]
    assert run_cli(*base, "--epochs", "2", "--out", "part").exit_code == 0
    again = run_cli("train", "--resume", "part")
    assert again.exit_code == 0 and "nothing is left to train" in again.stderr
    assert run_cli("train", "--resume", "part", "--epochs", "4").exit_code == 0
    # The same engine: a run of four epochs may be long enough for another.
    assert (
        run_cli(
            *base,
            "--epochs",
            "4",
            "--out",
            "whole",
            "--engine",
            json.loads((tmp_path / "part" / "run.json").read_text())["engine"]["name"],
        ).exit_code
        == 0
    )
    assert_same(tmp_path / "whole", tmp_path / "part")
    assert "can only be made longer" in run_cli("train", "--resume", "part", "--epochs", "3").stderr


def test_what_must_not_change_is_refused(run_cli, whole, mnist_dir, tmp_path):
    folder, _ = whole
    for options, message in (
        (["--hidden-units", "17"], "cannot change hidden_units"),
        (["--seed", "1", "--learning-rate", "0.1"], "cannot change"),
        (["--out", "other"], "leave out"),
        (["--data-dir", str(tmp_path / "digits")], "sha256 differ"),
    ):
        if "--data-dir" in options:
            shutil.copytree(mnist_dir, tmp_path / "digits")
            labels = tmp_path / "digits" / "train-labels-idx1-ubyte.gz"
            import gzip

            content = bytearray(gzip.decompress(labels.read_bytes()))
            content[20] = (content[20] + 1) % 10
            labels.write_bytes(gzip.compress(bytes(content)))
        before = (folder / "run.json").read_text()
        result = run_cli("train", "--resume", str(folder), *options)
        assert (
            result.exit_code in (1, 2)
            and message in result.stderr
            and (folder / "run.json").read_text() == before
        )
    assert run_cli("train", "--resume", "nowhere").exit_code == 1
    assert (
        run_cli("train", "--resume", str(folder), "--hidden-units", "16", "--epochs", "6").exit_code
        == 0
    )  # what it was


def test_a_run_stopped_within_an_epoch_goes_on_within_it(run_cli, whole, tmp_path, monkeypatch):
    folder, arguments = whole
    with monkeypatch.context() as patch:
        stop_at_step(patch, 13)
        stopped = run_cli(*arguments, "--checkpoint-steps", "4", "--out", "part")
    assert stopped.exit_code == 130 and "tfmlp train --resume part" in stopped.stderr
    assert json.loads((tmp_path / "part" / "run.json").read_text())["checkpoint"] == {
        "epoch": 1,
        "step": 7,
    }
    resumed = run_cli("train", "--resume", "part")
    assert (
        resumed.exit_code == 0
        and "going on after epoch 1 of 6 and step 7 of 9 of the next" in resumed.stderr
    )
    assert_same(folder, tmp_path / "part")


@pytest.mark.parametrize(
    "options",
    [("--engine", "xla"), ("--engine", "streaming"), ("--backend", "numpy", "--shift", "0")],
)
def test_every_engine_goes_on_within_an_epoch(run_cli, mnist_dir, tmp_path, monkeypatch, options):
    arguments = ["train", "--data-dir", str(mnist_dir), "--epochs", "6", *OPTIONS, *options]
    assert run_cli(*arguments, "--out", "whole").exit_code == 0
    with monkeypatch.context() as patch:
        stop_at_step(patch, 23)
        assert run_cli(*arguments, "--checkpoint-steps", "5", "--out", "part").exit_code == 130
    assert "step 7 of 9" in run_cli("train", "--resume", "part").stderr
    assert_same(tmp_path / "whole", tmp_path / "part")


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


def test_checkpoints_are_made_when_they_are_asked_for(run_cli, mnist_dir, tmp_path, monkeypatch):
    saved = []
    save = Checkpoints.save
    monkeypatch.setattr(
        Checkpoints,
        "save",
        lambda self, checkpoint: (
            saved.append((checkpoint.epoch, checkpoint.step)) or save(self, checkpoint)
        ),
    )
    base = [
        "train",
        "--data-dir",
        str(mnist_dir),
        "--recipe",
        "none",
        "--hidden-units",
        "8",
        "--batch-size",
        "60",
        "--epochs",
        "2",
    ]
    assert run_cli(*base, "--checkpoint-steps", "4", "--out", "steps").exit_code == 0
    assert [(0, 4), (0, 8), (1, 3), (1, 7)] == [place for place in saved if place[1]]
    saved.clear()
    assert run_cli(*base, "--checkpoint-minutes", "1e-9", "--out", "minutes").exit_code == 0
    assert any(step for _, step in saved) and saved[-1] == (2, 0)


def test_the_last_checkpoints_and_the_best_are_kept(tmp_path):
    kept = Checkpoints(tmp_path, keep=2)
    for epoch, figure in enumerate([0.1, 0.9, 0.5, None, 0.6], start=1):
        kept.save(Checkpoint(epoch, {"w": np.zeros(1)}, {}, figure=figure))
    kept.save(Checkpoint(5, {"w": np.zeros(1)}, {}, step=7))
    assert sorted(path.name for path in kept.path.iterdir()) == [
        "epoch-000002",
        "epoch-000005",
        "epoch-000005-step-000007",
    ]
    assert (kept.load().epoch, kept.load().step) == (5, 7)


def test_a_damaged_manifest_is_told_from_one_of_another_format(tmp_path):
    kept = Checkpoints(tmp_path)
    for epoch in (1, 2):
        kept.save(Checkpoint(epoch, {"w": np.zeros(1)}, {}))
    path = kept.path / "epoch-000002" / "manifest.json"
    manifest = json.loads(path.read_text())
    for damaged in (
        manifest | {"format": 3},
        {name: value for name, value in manifest.items() if name != "sha256"},
    ):
        path.write_text(json.dumps(damaged))
        with pytest.warns(TfmlpWarning, match="is damaged"):
            assert kept.load().epoch == 1
    # Format 1 had no sha256; a whole manifest of a format to come has one.
    coming = {name: value for name, value in manifest.items() if name != "sha256"} | {"format": 3}
    for other in (
        {"format": 1, "epoch": 2, "files": {}},
        coming | {"sha256": checkpoints._digest(coming)},
    ):
        path.write_text(json.dumps(other))
        with pytest.raises(CheckpointError, match="another version of tfmlp"):
            kept.load()


def test_a_second_process_is_refused(tmp_path):
    with locked(tmp_path / "run"):
        code = (
            "from pathlib import Path; from tfmlp.runs.lock import locked\nwith"
            f" locked(Path({str(tmp_path / 'run')!r})): pass"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode and "another process is training" in done.stderr
    assert not (tmp_path / "run").exists()  # nothing was written into it


# --- faults while saving


def state(epoch):
    return Checkpoint(epoch, {"w": np.full(100, float(epoch))}, {"history": [epoch]})


POINTS = ["numpy.savez", "pathlib.Path.write_text", "pathlib.Path.mkdir", "os.fsync", "os.rename"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(24, "Too many open files"),
        OSError(13, "Permission denied"),
        OSError(30, "Read-only file system"),
    ],
)
@pytest.mark.parametrize("point", POINTS)
def test_a_save_that_fails_leaves_the_one_before(tmp_path, monkeypatch, point, error):
    kept = Checkpoints(tmp_path)
    kept.save(state(1))
    with monkeypatch.context() as patch:
        calls = []

        def fail(*arguments, **options):
            calls.append(1)
            raise error

        patch.setattr(point, fail)
        with pytest.raises(CheckpointError, match=error.strerror):
            kept.save(state(2))
        assert calls
    assert Checkpoints(tmp_path).load().epoch == 1
    kept.save(state(2))
    assert (
        Checkpoints(tmp_path).load().epoch == 2
        and [path.name for path in kept.path.iterdir() if path.name.startswith(".")] == []
    )


def test_what_a_killed_save_left_is_passed_over_and_cleared(tmp_path):
    kept = Checkpoints(tmp_path)
    kept.save(state(1))
    (kept.path / ".epoch-000002.99").mkdir()
    (kept.path / ".epoch-000002.99" / "arrays.npz").write_bytes(b"half")
    assert Checkpoints(tmp_path).load().epoch == 1
    kept.save(state(2))
    assert sorted(path.name for path in kept.path.iterdir()) == ["epoch-000001", "epoch-000002"]
    (kept.path / "epoch-000002" / "manifest.json").write_text("[]")
    with pytest.warns(TfmlpWarning, match="damaged"):
        assert Checkpoints(tmp_path).load().epoch == 1


def test_saving_keeps_to_its_share_of_the_time(tmp_path, monkeypatch):
    clock = iter([0.0, 2.0, 2.0, 3.0, 50.0, 101.9, 102.1])
    kept = Checkpoints(tmp_path)
    assert kept.is_due
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: next(clock))
    kept.save(state(1))  # took 2 s, until 2 s
    assert [kept.is_due for _ in range(4)] == [False, False, False, True]


def test_no_pickles_are_read(tmp_path):
    kept = Checkpoints(tmp_path)
    kept.save(state(1))
    folder = kept.path / "epoch-000001"
    np.savez(folder / "arrays.npz", w=np.array([{}], object))
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["sha256"]
    manifest["files"]["arrays.npz"] = checkpoints._identity(folder / "arrays.npz")
    (folder / "manifest.json").write_text(
        json.dumps(manifest | {"sha256": checkpoints._digest(manifest)})
    )
    with pytest.warns(TfmlpWarning, match="allow_pickle"):
        assert Checkpoints(tmp_path).load() is None


def test_the_state_of_a_training_goes_into_another(mnist_dir):
    config = Config.from_options(
        data_dir=str(mnist_dir), hidden_units=(8,), epochs=4, patience=2, engine="graph"
    )
    one, other, whole = fit(config), fit(config), fit(config)
    for epoch in one:
        if epoch.epoch == 2:
            break
    other.set_state(*one.get_state())
    assert json.dumps(other.get_state()[1])  # plain values
    list(other)
    list(whole)
    assert [epoch.train for epoch in other.history] == [epoch.train for epoch in whole.history]
    assert all(
        np.array_equal(a, b)
        for a, b in zip(other.model.get_weights(), whole.model.get_weights(), strict=True)
    )


def test_evaluate_says_that_a_resumed_run_has_not_ended(run_cli, mnist_dir, tmp_path, monkeypatch):
    base = [
        "train",
        "--data-dir",
        str(mnist_dir),
        "--recipe",
        "none",
        "--hidden-units",
        "8",
        "--epochs",
        "2",
    ]
    assert run_cli(*base, "--out", "run").exit_code == 0
    assert "has not ended" not in run_cli("evaluate", "run").stderr
    with monkeypatch.context() as patch:
        patch.setattr(
            "tfmlp.runs.recording._train",
            lambda *_: (_ for _ in ()).throw(CheckpointError("killed")),
        )
        assert run_cli("train", "--resume", "run", "--epochs", "4").exit_code == 1
    assert "was resumed and has not ended since" in run_cli("evaluate", "run").stderr
    (tmp_path / "run" / "model.keras").unlink()
    assert "tfmlp train --resume run" in run_cli("evaluate", "run").stderr
