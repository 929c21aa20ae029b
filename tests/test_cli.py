"""The command line as a person meets it: results, exit statuses, one-line errors, nothing left
behind.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfmlp.config import FIELDS, Config
from tfmlp.recipes.recipe import list_recipes, load_recipe

PROGRAM = [sys.executable, "-m", "tfmlp"]
QUICK = ("--epochs", 1, "--hidden-units", 8)


@pytest.fixture
def train(run_cli, mnist_dir):
    """Trains on 600 digits for an epoch, with further options."""
    return lambda *options: run_cli("train", "--data-dir", mnist_dir, *QUICK, *options)


def lines(result) -> list[str]:
    return result.stderr.strip().splitlines()


def test_a_run_leaves_its_record_epochs_and_model(train, run_cli, tmp_path):
    result = train("--out", tmp_path / "run", "--epochs", 2)
    assert result.exit_code == 0, result.stderr
    assert (
        result.stdout.splitlines()[0].startswith("test loss ")
        and result.stdout.splitlines()[-1] == f"run folder {tmp_path}/run"
    )
    assert [line.split(" |")[0] for line in lines(result)[-2:]] == ["epoch 1/2", "epoch 2/2"]
    assert sum(line.startswith("warning: ") for line in lines(result)) == 1  # a cut of MNIST
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["format"] == 1 and record["status"] == "completed" and record["recipe"] == "mnist"
    assert Config.from_dict(record["config"]).model.hidden_units == (8,)
    assert (
        record["dataset"]["sizes"] == {"train": 540, "validation": 60, "test": 200}
        and record["dataset"]["official"] is False
    )
    assert record["parameters"] == 784 * 8 + 8 + 8 * 10 + 10
    assert set(record["timing"]) == {"total_seconds", "training_seconds", "compile_seconds"}
    assert record["best"]["epoch"] in (1, 2) and record["test"]["count"] == 200
    epochs = [
        json.loads(line) for line in (tmp_path / "run" / "epochs.jsonl").read_text().splitlines()
    ]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2]
    assert epochs[record["best"]["epoch"] - 1]["validation"] == record["best"]["validation"]

    again = run_cli("evaluate", tmp_path / "run")
    assert again.exit_code == 0 and again.stdout.strip() == result.stdout.splitlines()[0]
    assert "those that the run recorded" in again.stderr
    as_json = json.loads(
        run_cli("evaluate", tmp_path / "run", "--split", "validation", "--json").stdout
    )
    assert (
        as_json["loss"] == pytest.approx(epochs[-1]["validation"]["loss"], rel=1e-5)
        and as_json["same_data"]
    )


def test_json_is_the_record_with_its_epochs(train, tmp_path):
    result = train("--json", "--out", tmp_path / "run")
    printed = json.loads(result.stdout)
    assert len(printed.pop("epochs")) == 1
    assert printed == json.loads((tmp_path / "run" / "run.json").read_text())


def test_the_default_folder_is_below_runs(train):
    assert train().exit_code == 0 and train().exit_code == 0
    assert len([path for path in Path("runs").iterdir() if path.name.startswith("mnist-")]) == 2


def test_two_trainings_that_begin_in_the_same_second(train, monkeypatch):
    from tfmlp.runs import record
    from tfmlp.training import loop

    fit = loop.fit

    def begin_another_first(config, data):
        monkeypatch.setattr(loop, "fit", fit)
        first = train()
        assert first.exit_code == 0, first.stderr
        return fit(config, data)

    monkeypatch.setattr(record.time, "strftime", lambda *arguments: "20261122-120000")
    monkeypatch.setattr(loop, "fit", begin_another_first)
    result = train()
    assert result.exit_code == 0, result.stderr
    assert result.stdout.endswith("run folder runs/mnist-20261122-120000-2\n")
    assert len(list(Path("runs").iterdir())) == 2


def test_the_same_command_gives_the_same_weights(train, tmp_path):
    import keras

    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert train("--seed", seed, "--out", tmp_path / name).exit_code == 0
    a, b, c = (
        keras.saving.load_model(tmp_path / name / "model.keras").get_weights() for name in "abc"
    )
    assert all(np.array_equal(x, y) for x, y in zip(a, b)) and not all(
        np.array_equal(x, y) for x, y in zip(a, c)
    )


def test_options_override_a_file_which_overrides_nothing_else(train, tmp_path):
    (tmp_path / "my.toml").write_text(
        "[model]\nhidden_units = [5]\n[optimization]\nbatch_size = 50\nlearning_rate = 0.01\n"
    )
    result = train(
        "--config", tmp_path / "my.toml", "--learning-rate", "2e-3", "--out", tmp_path / "run"
    )
    assert result.exit_code == 0, result.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["recipe"] is None
    config = Config.from_dict(record["config"])
    assert (
        config.model.hidden_units,
        config.optimization.batch_size,
        config.optimization.learning_rate,
    ) == ((8,), 50, 0.002)


def test_svhn_synthetic_runs_the_svhn_path_offline(run_cli, tmp_path):
    result = run_cli("train", "--dataset", "svhn-synthetic", *QUICK, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["recipe"] == "svhn" and record["dataset"]["sizes"] == {
        "train": 4500,
        "validation": 500,
        "test": 1500,
    }
    assert sorted(record["dataset"]["files"]) == ["test_32x32.mat", "train_32x32.mat"]


def test_a_table(run_cli, tmp_path):
    rows = np.random.default_rng(0).random((80, 2))
    text = "a,b,y\n" + "".join(f"{a},{b},{2 * a - b}\n" for a, b in rows)
    (tmp_path / "my.csv").write_text(text)
    result = run_cli(
        "train",
        "--dataset",
        f"csv:{tmp_path}/my.csv",
        "--target",
        "y",
        "--task",
        "regression",
        "--epochs",
        3,
        "--json",
    )
    assert result.exit_code == 0, result.stderr
    assert set(json.loads(result.stdout)["test"]) == {"loss", "count", "mae", "rmse"}


def test_a_batch_larger_than_the_rows_works_with_a_note(train):
    result = train("--batch-size", 5000)
    assert result.exit_code == 0 and "each epoch is one step" in result.stderr


@pytest.mark.parametrize("name", list_recipes())
def test_every_recipe_can_be_read_and_says_what_it_is(name):
    recipe = load_recipe(name)
    assert recipe.description.endswith(".") and recipe.config.data.dataset


# --- what is wrong, in one line


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
    "two beginnings": (["--recipe", "mnist", "--config", "x.toml"], 2, "give one of them"),
    "no such file": (["--config", "x.toml"], 1, "cannot read the configuration x.toml"),
    "validation of all rows": (["--validation", "60000"], 1, "both must have at least one row"),
    "negative validation": (["--validation", "-0.1"], 2, "at least 0"),
    "no argument": (["--dataset", "csv:"], 1, "csv:FILE.csv"),
    "no such csv": (["--dataset", "csv:no.csv", "--target", "y"], 1, "cannot read no.csv"),
    "no such npz": (["--dataset", "arrays:no.npz"], 1, "cannot read no.npz"),
    "regression of digits": (["--task", "regression"], 1, "task regression is for csv and arrays"),
    "nul in a name": (["--dataset", "arrays:a\0b"], 1, "no file's name has a zero byte"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(run_cli, tmp_path, case):
    options, status, message = BAD[case]
    result = run_cli("train", "--out", tmp_path / "run", *options)
    assert result.exit_code == status, result.output
    assert message in result.stderr and "Traceback" not in result.output and result.stdout == ""
    assert status == 2 or len(lines(result)) == 1
    assert not (tmp_path / "run").exists()


def test_folders_that_cannot_take_a_run(train, tmp_path):
    assert train("--out", tmp_path / "run").exit_code == 0
    before = {
        path.name: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()
    }
    result = train("--out", tmp_path / "run")
    assert (
        result.exit_code == 1 and "already holds a run" in result.stderr and len(lines(result)) == 1
    )
    assert {
        path.name: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()
    } == before
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        result = train("--out", out)
        assert result.exit_code == 1 and "choose another --out" in result.stderr
    result = train("--out", "/proc/run")
    assert result.exit_code == 1 and sum(line.startswith("error: ") for line in lines(result)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder(train, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    result = train("--out", tmp_path / "locked" / "run")
    assert result.exit_code == 1 and "not a writable folder" in result.stderr


def test_divergence_exits_with_3_and_is_recorded(train, tmp_path):
    result = train("--optimizer", "sgd", "--learning-rate", "1e30", "--out", tmp_path / "run")
    assert result.exit_code == 3 and lines(result)[-1].startswith("error: training diverged: ")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "diverged" and record["test"] is None


def test_an_interrupted_run_keeps_what_it_has_and_exits_with_130(train, tmp_path, monkeypatch):
    from tfmlp.training.tensorflow_backend import TensorFlowBackend

    whole = TensorFlowBackend.train_steps

    def interrupted(self, epoch, first, last):
        if epoch == 2:
            raise KeyboardInterrupt
        return whole(self, epoch, first, last)

    monkeypatch.setattr(TensorFlowBackend, "train_steps", interrupted)
    result = train("--epochs", 5, "--out", tmp_path / "run")
    assert result.exit_code == 130
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "interrupted" and (tmp_path / "run" / "model.keras").exists()
    assert len((tmp_path / "run" / "epochs.jsonl").read_text().splitlines()) == 1


def test_a_full_disk_is_one_line(train, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tfmlp.files.os.fsync", full)
    result = train("--out", tmp_path / "run")
    assert (
        result.exit_code == 1
        and "No space left on device: free space or choose another --out" in lines(result)[-1]
    )
    assert not (tmp_path / "run").exists()  # a part of a folder would refuse the next try


def test_debug_shows_the_traceback(run_cli):
    assert (
        run_cli("train", "--dataset", "mnits", "--debug").exception.__class__.__name__
        == "ConfigError"
    )


def test_evaluate_notices_other_figures_other_data_and_other_shapes(
    train, run_cli, tmp_path, svhn_dir
):
    train("--out", tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    whole = path.read_text()
    record = json.loads(whole)
    record["test"]["accuracy"] = 0.99
    path.write_text(json.dumps(record))
    result = run_cli("evaluate", tmp_path / "run")
    assert result.exit_code == 1 and "recorded other figures: accuracy 0.99" in result.stderr
    result = run_cli(
        "evaluate", tmp_path / "run", "--data-dir", "none"
    )  # the checkout's: another set than the cut
    assert (
        result.exit_code == 0 and "these data are not those the run was trained on" in result.stderr
    )
    result = run_cli("evaluate", tmp_path / "run", "--dataset", f"mat:{svhn_dir}/train_32x32.mat")
    assert result.exit_code == 1 and "the model takes rows of shape (28, 28, 1)" in result.stderr
    for content, message in (
        ("", "not valid JSON"),
        ("[]", "format 1"),
        ('{"format": 2}', "received 2"),
        ('{"format": 1, "config": 3}', "error: "),
    ):
        path.write_text(content)
        result = run_cli("evaluate", tmp_path / "run")
        assert result.exit_code == 1 and message in result.stderr and len(lines(result)) == 1, (
            result.stderr
        )
    assert "expected a run folder" in run_cli("evaluate", tmp_path / "none").stderr
    path.write_text(whole)
    (tmp_path / "run" / "model.keras").unlink()
    assert "expected a saved model" in run_cli("evaluate", tmp_path / "run").stderr


# --- data


def test_data_commands(run_cli, mnist_dir, svhn_dir, tmp_path):
    assert "svhn-synthetic" in run_cli("data", "list").stdout
    result = run_cli("data", "verify", "mnist")
    assert result.exit_code == 0 and "these are the published files" in result.stdout
    for folder in (mnist_dir, svhn_dir):
        result = run_cli("data", "verify", folder)
        assert result.exit_code == 1 and "not the published files" in result.stderr
    assert run_cli("data", "verify", svhn_dir / "test_32x32.mat").exit_code == 0
    assert (
        "expected a file that ends in"
        in run_cli("data", "verify", mnist_dir / "train-images-idx3-ubyte.gz").stderr
    )
    result = run_cli(
        "data", "show", "svhn", "--data-dir", svhn_dir, "--out", tmp_path / "sheet.png"
    )
    assert result.exit_code == 0 and "rows per class" in result.stdout
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    result = run_cli("data", "download", "mnist")
    assert result.exit_code == 0 and "IDX files in" in result.stdout
    assert run_cli("data", "show", "nonsense").exit_code == 1


def test_show_of_a_table_draws_no_picture(run_cli, tmp_path):
    (tmp_path / "a.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    result = run_cli("data", "show", f"csv:{tmp_path}/a.csv", "--target", "y")
    assert (
        result.exit_code == 0
        and "training features" in result.stdout
        and not list(tmp_path.glob("*.png"))
    )


# --- help


def test_help_shows_every_option_with_its_default(run_cli):
    text = run_cli("train", "-h").stdout
    for name in FIELDS:
        assert f"--{name.replace('_', '-')}" in text
    assert "[default: 128,64]" in " ".join(text.split())
    assert run_cli("--version").stdout.startswith("tfmlp ")


def test_a_mistyped_command(run_cli):
    result = run_cli("tran")
    assert result.exit_code == 2 and "did you mean 'train'" in result.stderr


def test_a_process_prints_results_to_stdout_and_nothing_of_tensorflows(mnist_dir, tmp_path):
    command = [
        *PROGRAM,
        "train",
        "--data-dir",
        str(mnist_dir),
        *map(str, QUICK),
        "--out",
        str(tmp_path / "run"),
    ]
    environment = {
        name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["warning:", "mnist:", "epoch"]


# --- what an attacker tried


def test_divergence_in_the_very_last_update_is_divergence(run_cli, tmp_path):
    rows = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=rows, y=np.arange(40) % 3)
    result = run_cli(
        "train",
        "--dataset",
        "arrays:a.npz",
        "--epochs",
        1,
        "--validation",
        0,
        "--batch-size",
        40,
        "--optimizer",
        "sgd",
        "--learning-rate",
        "1e38",
        "--hidden-units",
        "4,4",
        "--out",
        tmp_path / "run",
    )
    assert result.exit_code == 3 and "the test loss is" in result.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (
        record["status"] == "diverged"
        and record["test"] is None
        and not (tmp_path / "run" / "model.keras").exists()
    )


def test_an_interrupted_run_with_patience_keeps_the_best_weights(
    train, run_cli, tmp_path, monkeypatch
):
    from tfmlp.training.tensorflow_backend import TensorFlowBackend

    whole = TensorFlowBackend.train_steps

    def interrupted(self, epoch, first, last):
        if epoch == 6:
            raise KeyboardInterrupt
        return whole(self, epoch, first, last)

    monkeypatch.setattr(TensorFlowBackend, "train_steps", interrupted)
    result = train(
        "--epochs", 50, "--patience", 40, "--learning-rate", 0.3, "--out", tmp_path / "run"
    )
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert result.exit_code == 130 and record["status"] == "interrupted"
    figures = json.loads(
        run_cli("evaluate", tmp_path / "run", "--split", "validation", "--json").stdout
    )
    assert figures["loss"] == pytest.approx(record["best"]["validation"]["loss"], rel=1e-5)


def test_a_disk_that_fills_up_at_the_end_does_not_hide_the_figures(train, tmp_path, monkeypatch):
    from tfmlp.errors import CheckpointError
    from tfmlp.runs.folder import RunFolder

    def full(self, model):
        raise CheckpointError("cannot write into the run folder: No space left on device.")

    monkeypatch.setattr(RunFolder, "save_model", full)
    result = train("--out", tmp_path / "run")
    assert (
        result.exit_code == 1
        and result.stdout.startswith("test loss")
        and "No space left" in lines(result)[-1]
    )


@pytest.mark.parametrize("reader", ["idx:{0},{0}", "csv:{0}", "arrays:{0}", "mat:{0}"])
def test_pipes_are_refused_and_not_waited_for(run_cli, tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    result = run_cli(
        "train",
        "--dataset",
        reader.format(tmp_path / "pipe"),
        *(["--target", "y"] if "csv" in reader else []),
        "--out",
        tmp_path / "run",
    )
    assert result.exit_code == 1 and "no regular file" in result.stderr and len(lines(result)) == 1
    assert "no regular file" in run_cli("train", "--config", tmp_path / "pipe").stderr


@pytest.mark.parametrize("out", ["link", "loop", "x" * 300, "nul\0"])
def test_names_no_folder_can_have(run_cli, tmp_path, out):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "at-all")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    result = run_cli("train", "--dataset", "csv:none.csv", "--target", "y", "--out", tmp_path / out)
    assert (
        result.exit_code in (1, 2)
        and "Traceback" not in result.output
        and "defect" not in result.stderr
    )


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
    result = run_cli("train", *options)
    assert (
        result.exit_code in (1, 2)
        and "defect" not in result.stderr
        and "Traceback" not in result.output
        and not Path("runs").exists()
    )


@pytest.mark.parametrize(
    "change",
    [
        {"config": None},
        {"config": [1]},
        {"config": {"model": 5}},
        {"test": [1]},
        {"test": {"loss": "x"}},
        {"dataset": "x"},
        {"dataset": None},
        {"format": True},
    ],
)
def test_a_mutated_record_is_one_line(train, run_cli, tmp_path, change):
    path = tmp_path / "run" / "run.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"format": 1, "config": {}, "dataset": {}, "test": None} | change))
    result = run_cli("evaluate", path.parent)
    assert result.exit_code == 1 and len(lines(result)) == 1 and "defect" not in result.stderr


def test_files_with_surprises_inside(run_cli, tmp_path):
    import zipfile

    import scipy.io
    import scipy.sparse

    for name, content in (
        ("a", b"not an array"),
        ("b", b""),
        ("c", b"\x93NUMPY\x01\x00\x10\x00garbage garbage g"),
    ):
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w") as archive:
            archive.writestr("x.npy", content)
            archive.writestr("y", content)
            archive.writestr("x", content)
        result = run_cli("train", "--dataset", f"arrays:{name}.npz")
        assert (
            result.exit_code == 1 and "defect" not in result.stderr and len(lines(result)) == 1
        ), result.stderr
    scipy.io.savemat(
        tmp_path / "sparse.mat", {"X": np.zeros((32, 32, 3, 4), np.uint8), "y": scipy.sparse.eye(4)}
    )
    assert "received a sparse matrix" in run_cli("train", "--dataset", "mat:sparse.mat").stderr
    (tmp_path / "none").write_bytes(b"\0\0\x08\x08" + bytes(4) + b"\xff" * 28)
    assert "promises none" in run_cli("train", "--dataset", "idx:none,none").stderr


def test_a_reader_of_progress_that_goes_away_does_not_end_the_training(mnist_dir, tmp_path):
    command = [
        *PROGRAM,
        "train",
        "--data-dir",
        str(mnist_dir),
        "--epochs",
        "30",
        "--hidden-units",
        "8",
        "--out",
        str(tmp_path / "run"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()
    process.stderr.close()
    assert "test loss" in process.stdout.read() and process.wait() == 0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "completed"
