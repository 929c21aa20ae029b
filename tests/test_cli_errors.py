"""What is wrong is told in one line, with its exit status, and nothing is left behind."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from tests.results import lines, read_epochs, read_record

BAD = {
    "unknown dataset": (["--dataset", "mnits"], 1, "did you mean 'mnist'"),
    "unknown option": (["--learning-rat", "1"], 2, "--learning-rate"),
    "unknown recipe": (["--recipe", "mnits"], 1, "did you mean 'mnist'"),
    "unknown choice": (["--activation", "rellu"], 2, "did you mean 'relu'"),
    "text for a number": (["--epochs", "many"], 2, "epochs must be a whole number"),
    "negative size": (["--batch-size", "-5"], 2, "received -5"),
    "no units": (["--hidden-units", "8,0"], 2, "received 0"),
    "bad list": (["--hidden-units", "8;4"], 2, "whole numbers, as in 128,64"),
    "empty list": (["--hidden-units", ""], 2, "received ''"),
    "number too large": (["--epochs", "9" * 400], 2, "epochs must be"),
    "folder without data": (["--data-dir", "nowhere"], 1, "found none"),
    "two beginnings": (["--recipe", "mnist", "--config", "x.toml"], 2, "start from: give one"),
    "no such file": (["--config", "x.toml"], 1, "cannot read the configuration x.toml"),
    "validation of everything": (["--validation", "60000"], 1, "both must have at least one"),
    "negative validation": (["--validation", "-0.1"], 2, "at least 0"),
    "no argument": (["--dataset", "csv:"], 1, "csv:FILE.csv"),
    "no such csv": (["--dataset", "csv:no.csv", "--target", "y"], 1, "cannot read no.csv"),
    "no such npz": (["--dataset", "arrays:no.npz"], 1, "cannot read no.npz"),
    "regression of digits": (["--task", "regression"], 1, "task regression is for csv and arrays"),
    "nul in a name": (["--dataset", "arrays:a\0b"], 1, "no file's name has a zero byte"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(run_cli, case):
    options, status, message = BAD[case]
    result = run_cli("train", "--out", "run", *options)
    assert result.exit_code == status, result.output
    assert message in result.stderr and "Traceback" not in result.output and result.stdout == ""
    assert status == 2 or len(lines(result)) == 1
    assert not Path("run").exists()


def contents(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_folders_that_cannot_take_a_run(train):
    assert train("--out", "run").exit_code == 0
    before = contents("run")
    result = train("--out", "run")
    assert result.exit_code == 1 and len(lines(result)) == 1
    assert "already holds a run" in result.stderr and contents("run") == before
    Path("file").write_text("")
    for out in ("file", "file/run"):
        result = train("--out", out)
        assert result.exit_code == 1 and "choose another --out" in result.stderr
    result = train("--out", "/proc/run")
    assert result.exit_code == 1 and sum(line.startswith("error: ") for line in lines(result)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder(train):
    Path("locked").mkdir(mode=0o500)
    result = train("--out", "locked/run")
    assert result.exit_code == 1 and "not a writable folder" in result.stderr


def test_divergence_exits_with_3_and_is_recorded(train):
    result = train("--optimizer", "sgd", "--learning-rate", "1e30", "--out", "run")
    assert result.exit_code == 3 and lines(result)[-1].startswith("error: training diverged: ")
    record = read_record("run")
    assert record["status"] == "diverged" and record["test"] is None


def test_divergence_in_the_very_last_update_is_divergence(run_cli):
    features = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    np.savez("a.npz", x=features, y=np.arange(40) % 3)
    options = "--epochs 1 --validation 0 --batch-size 40 --hidden-units 4,4".split()
    options += "--optimizer sgd --learning-rate 1e38 --out run".split()
    result = run_cli("train", "--dataset", "arrays:a.npz", *options)
    assert result.exit_code == 3 and "the test loss is" in result.stderr
    record = read_record("run")
    assert record["status"] == "diverged" and record["test"] is None
    assert not Path("run/model.keras").exists()


# --- interruptions


@pytest.fixture
def interrupt(monkeypatch):
    """Returns a function: Ctrl-C is pressed at the beginning of that epoch."""
    from tfmlp.training.tensorflow_backend import TensorFlowBackend

    whole = TensorFlowBackend.train_steps

    def interrupt(at):
        def train_steps(self, epoch, first, last):
            if epoch == at:
                raise KeyboardInterrupt
            return whole(self, epoch, first, last)

        monkeypatch.setattr(TensorFlowBackend, "train_steps", train_steps)

    return interrupt


def test_an_interrupted_run_keeps_what_it_has_and_exits_with_130(train, interrupt):
    interrupt(2)
    assert train("--epochs", 5, "--out", "run").exit_code == 130
    assert read_record("run")["status"] == "interrupted"
    assert Path("run/model.keras").exists() and len(read_epochs("run")) == 1


def test_an_interrupted_run_with_patience_keeps_the_best_weights(train, run_cli, interrupt):
    interrupt(6)
    result = train("--epochs", 50, "--patience", 40, "--learning-rate", 0.3, "--out", "run")
    record = read_record("run")
    assert result.exit_code == 130 and record["status"] == "interrupted"
    metrics = json.loads(run_cli("evaluate", "run", "--split", "validation", "--json").stdout)
    assert metrics["loss"] == pytest.approx(record["best"]["validation"]["loss"], rel=1e-5)


# --- disks


def test_a_full_disk_is_one_line(train, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tfmlp.files.os.fsync", full)
    result = train("--out", "run")
    message = "No space left on device: free space"
    assert result.exit_code == 1 and message in lines(result)[-1]
    assert not Path("run").exists()  # a part of a folder would refuse the next try


def test_a_disk_that_fills_up_at_the_end_does_not_hide_the_metrics(train, monkeypatch):
    from tfmlp.errors import CheckpointError
    from tfmlp.runs.folder import RunFolder

    def full(self, save):
        raise CheckpointError("cannot write into the run folder: No space left on device.")

    monkeypatch.setattr(RunFolder, "save_model", full)
    result = train("--out", "run")
    assert result.exit_code == 1 and result.stdout.startswith("test loss")
    assert "No space left" in lines(result)[-1]


def test_debug_shows_the_traceback(run_cli):
    result = run_cli("train", "--dataset", "mnits", "--debug")
    assert result.exception.__class__.__name__ == "ConfigError"


# --- evaluate


def test_evaluate_notices_other_metrics_other_data_and_other_shapes(train, run_cli, svhn_dir):
    train("--out", "run")
    path = Path("run/run.json")
    record = read_record("run")
    record["test"]["accuracy"] = 0.99
    path.write_text(json.dumps(record))
    result = run_cli("evaluate", "run")
    assert result.exit_code == 1 and "recorded other metrics: accuracy 0.99" in result.stderr
    # The checkout's digits are another set than the cut.
    result = run_cli("evaluate", "run", "--data-dir", "none")
    assert result.exit_code == 0
    assert "these data are not those the run was trained on" in result.stderr
    result = run_cli("evaluate", "run", "--dataset", f"mat:{svhn_dir}/train_32x32.mat")
    assert result.exit_code == 1 and "the model takes" in result.stderr
    assert "of shape (28, 28, 1); received (32, 32, 3)" in result.stderr
    assert "expected a run folder" in run_cli("evaluate", "none").stderr
    Path("run/model.keras").unlink()
    assert "expected a saved model" in run_cli("evaluate", "run").stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not valid JSON"),
        ("[]", "format 2"),
        ('{"format": 3}', "received 3"),
        ('{"format": true}', "received True"),
        ('{"format": 1, "config": 3}', "status is missing"),
        ('{"format": 2, "status": "completed", "recipe": null}', "config is missing"),
    ],
)
def test_what_is_no_record_is_one_line(run_cli, content, message):
    Path("run").mkdir()
    Path("run/run.json").write_text(content)
    result = run_cli("evaluate", "run")
    assert result.exit_code == 1 and message in result.stderr, result.stderr
    assert len(lines(result)) == 1 and "defect" not in result.stderr


# --- what an attacker tried


@pytest.mark.parametrize("reader", ["idx:{0},{0}", "csv:{0}", "arrays:{0}", "mat:{0}"])
def test_pipes_are_refused_and_not_waited_for(run_cli, reader):
    os.mkfifo("pipe")
    target = ["--target", "y"] if "csv" in reader else []
    result = run_cli("train", "--dataset", reader.format("pipe"), *target, "--out", "run")
    assert result.exit_code == 1 and "no regular file" in result.stderr and len(lines(result)) == 1
    assert "no regular file" in run_cli("train", "--config", "pipe").stderr


def assert_refused(result):
    assert result.exit_code in (1, 2) and "Traceback" not in result.output
    assert "defect" not in result.stderr


@pytest.mark.parametrize("out", ["link", "loop", "x" * 300, "nul\0"])
def test_names_no_folder_can_have(run_cli, out):
    Path("link").symlink_to("nowhere/at-all")
    Path("loop").symlink_to("loop")
    assert_refused(run_cli("train", "--dataset", "csv:none.csv", "--target", "y", "--out", out))


@pytest.mark.parametrize(
    "options",
    [
        ["--data-dir", "~nobody-of-this-name/x"],
        ["--data-dir", "x" * 300],
        ["--dataset", "idx:~nobody-of-this-name/x,y"],
        ["--batch-size", "1" + 20 * "0"],
        ["--drop-every", "1" + 20 * "0"],
        ["--hidden-units", "200000,200000"],
        ["--out", ""],
    ],
)
def test_odd_values_are_one_line(run_cli, options):
    assert_refused(run_cli("train", *options))
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "content", [b"not an array", b"", b"\x93NUMPY\x01\x00\x10\x00garbage garbage g"]
)
def test_archives_of_something_else(run_cli, content):
    with zipfile.ZipFile("a.npz", "w") as archive:
        for name in ("x.npy", "y", "x"):
            archive.writestr(name, content)
    result = run_cli("train", "--dataset", "arrays:a.npz")
    assert result.exit_code == 1 and len(lines(result)) == 1, result.stderr
    assert "defect" not in result.stderr


def test_files_with_surprises_inside(run_cli):
    variables = {"X": np.zeros((32, 32, 3, 4), np.uint8), "y": scipy.sparse.eye(4)}
    scipy.io.savemat("sparse.mat", variables)
    assert "received a sparse matrix" in run_cli("train", "--dataset", "mat:sparse.mat").stderr
    Path("none").write_bytes(b"\0\0\x08\x08" + bytes(4) + b"\xff" * 28)
    assert "promises none" in run_cli("train", "--dataset", "idx:none,none").stderr
