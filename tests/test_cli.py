"""The command line as a person meets it: results, records, data and help."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.results import lines, read_epochs, read_record
from tfmlp.config import FIELDS, Config
from tfmlp.recipes.recipe import list_recipes, load_recipe


def test_a_run_leaves_its_record_epochs_and_model(train, run_cli):
    result = train("--out", "run", "--epochs", 2)
    assert result.exit_code == 0, result.stderr
    first, *_, last = result.stdout.splitlines()
    assert first.startswith("test loss ") and last == "run folder run"
    assert [line.split(" |")[0] for line in lines(result)[-2:]] == ["epoch 1/2", "epoch 2/2"]
    assert sum(line.startswith("warning: ") for line in lines(result)) == 1  # a cut of MNIST

    record = read_record("run")
    assert record["format"] == 2 and record["status"] == "completed"
    assert record["recipe"] == "mnist"
    assert Config.from_dict(record["config"]).model.hidden_units == (8,)
    assert record["dataset"]["sizes"] == {"train": 540, "validation": 60, "test": 200}
    assert record["dataset"]["official"] is False
    assert record["parameters"] == 784 * 8 + 8 + 8 * 10 + 10
    assert set(record["timing"]) == {"total_seconds", "training_seconds", "compile_seconds"}
    assert record["best"]["epoch"] in (1, 2) and record["test"]["count"] == 200
    epochs = read_epochs("run")
    assert [epoch["epoch"] for epoch in epochs] == [1, 2]
    assert epochs[record["best"]["epoch"] - 1]["validation"] == record["best"]["validation"]

    again = run_cli("evaluate", "run")
    assert again.exit_code == 0 and again.stdout.strip() == first
    assert "those that the run recorded" in again.stderr
    printed = json.loads(run_cli("evaluate", "run", "--split", "validation", "--json").stdout)
    assert printed["loss"] == pytest.approx(epochs[-1]["validation"]["loss"], rel=1e-5)
    assert printed["same_data"]


def test_json_is_the_record_with_its_epochs(train):
    printed = json.loads(train("--json", "--out", "run").stdout)
    assert len(printed.pop("epochs")) == 1
    assert printed == read_record("run")


def test_the_default_folder_is_below_runs(train):
    assert train().exit_code == 0 and train().exit_code == 0
    assert len([path for path in Path("runs").iterdir() if path.name.startswith("mnist-")]) == 2


def test_two_trainings_that_begin_in_the_same_second(train, monkeypatch):
    from tfmlp.runs import folder
    from tfmlp.training import loop

    fit = loop.fit

    def begin_another_first(config, data):
        monkeypatch.setattr(loop, "fit", fit)
        first = train()
        assert first.exit_code == 0, first.stderr
        return fit(config, data)

    monkeypatch.setattr(folder.time, "strftime", lambda *arguments: "20261122-120000")
    monkeypatch.setattr(loop, "fit", begin_another_first)
    result = train()
    assert result.exit_code == 0, result.stderr
    assert result.stdout.endswith("run folder runs/mnist-20261122-120000-2\n")
    assert len(list(Path("runs").iterdir())) == 2


def test_the_same_command_gives_the_same_weights(train):
    import keras

    def weights(name, seed):
        assert train("--seed", seed, "--out", name).exit_code == 0
        return keras.saving.load_model(f"{name}/model.keras").get_weights()

    a, b, c = weights("a", 0), weights("b", 0), weights("c", 1)
    assert all(np.array_equal(x, y) for x, y in zip(a, b))
    assert not all(np.array_equal(x, y) for x, y in zip(a, c))


def test_options_override_a_file_which_overrides_nothing_else(train):
    Path("my.toml").write_text(
        "[model]\nhidden_units = [5]\n[optimization]\nbatch_size = 50\nlearning_rate = 0.01\n"
    )
    result = train("--config", "my.toml", "--learning-rate", "2e-3", "--out", "run")
    assert result.exit_code == 0, result.stderr
    record = read_record("run")
    config = Config.from_dict(record["config"])
    assert record["recipe"] is None and config.model.hidden_units == (8,)
    assert config.optimization.batch_size == 50
    assert config.optimization.learning_rate == 0.002


def test_an_option_without_effect_is_said(train):
    result = train("--momentum", "0.5", "--out", "run")
    told = [line for line in lines(result) if "momentum" in line]
    assert len(told) == 1
    assert told[0].startswith("warning: momentum has no effect with optimizer adam")
    assert result.exit_code == 0 and read_record("run")["status"] == "completed"
    with_effect = train("--momentum", "0.5", "--optimizer", "momentum")
    assert with_effect.exit_code == 0 and "no effect" not in with_effect.stderr


def test_svhn_synthetic_runs_the_svhn_path_offline(run_cli):
    quick = ("--epochs", 1, "--hidden-units", 8)
    result = run_cli("train", "--dataset", "svhn-synthetic", *quick, "--out", "run")
    assert result.exit_code == 0, result.stderr
    record = read_record("run")
    assert record["recipe"] == "svhn"
    assert record["dataset"]["sizes"] == {"train": 4500, "validation": 500, "test": 1500}
    assert sorted(record["dataset"]["files"]) == ["test_32x32.mat", "train_32x32.mat"]


def test_a_batch_larger_than_the_training_set_works_with_a_note(train):
    result = train("--batch-size", 5000)
    assert result.exit_code == 0 and "each epoch is one step" in result.stderr


@pytest.mark.parametrize("name", list_recipes())
def test_every_recipe_can_be_read_and_says_what_it_is(name):
    recipe = load_recipe(name)
    assert recipe.description.endswith(".") and recipe.config.data.dataset


def test_a_process_prints_results_to_stdout_and_nothing_of_tensorflows(mnist_dir):
    command = [sys.executable, "-m", "tfmlp", "train", "--data-dir", str(mnist_dir)]
    command += "--epochs 1 --hidden-units 8 --out run".split()
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["warning:", "mnist:", "epoch"]


def test_a_reader_of_progress_that_goes_away_does_not_end_the_training(mnist_dir):
    command = [sys.executable, "-m", "tfmlp", "train", "--data-dir", str(mnist_dir)]
    command += "--epochs 30 --hidden-units 8 --out run".split()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()
    process.stderr.close()
    assert "test loss" in process.stdout.read() and process.wait() == 0
    assert read_record("run")["status"] == "completed"


# --- data


def test_data_commands(run_cli, mnist_dir, svhn_dir):
    assert "svhn-synthetic" in run_cli("data", "list").stdout
    result = run_cli("data", "verify", "mnist")
    assert result.exit_code == 0 and "these are the published files" in result.stdout
    for folder in (mnist_dir, svhn_dir):
        result = run_cli("data", "verify", folder)
        assert result.exit_code == 1 and "not the published files" in result.stderr
    assert run_cli("data", "verify", svhn_dir / "test_32x32.mat").exit_code == 0
    result = run_cli("data", "verify", mnist_dir / "train-images-idx3-ubyte.gz")
    assert "expected a file that ends in" in result.stderr
    result = run_cli("data", "show", "svhn", "--data-dir", svhn_dir, "--out", "sheet.png")
    assert result.exit_code == 0 and "rows per class" in result.stdout
    assert Path("sheet.png").read_bytes().startswith(b"\x89PNG")
    result = run_cli("data", "download", "mnist")
    assert result.exit_code == 0 and "IDX files in" in result.stdout
    assert run_cli("data", "show", "nonsense").exit_code == 1


def test_show_of_a_table_draws_no_picture(run_cli):
    Path("a.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    result = run_cli("data", "show", "csv:a.csv", "--target", "y")
    assert result.exit_code == 0 and "training features" in result.stdout
    assert not list(Path().glob("*.png"))


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
