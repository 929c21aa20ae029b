"""What a person types by mistake, and what is said of it: the cause, one hint, and no noise."""

import json
import subprocess
import sys

import numpy as np
import pytest

import tfmlp
from tests.results import lines
from tfmlp.cli.epochs import describe_epoch
from tfmlp.cli.options import make_config
from tfmlp.data.readers import SOURCES
from tfmlp.errors import CheckpointError, ConfigError, nearest
from tfmlp.metrics import METRICS, Metrics
from tfmlp.training.result import EpochResult

# --- names


def test_a_mistyped_option_is_answered_with_one_name():
    with pytest.raises(ConfigError) as error:
        tfmlp.Config.from_options(learnin_rate=0.1)
    text = str(error.value)
    assert "did you mean 'learning_rate'?" in text and "tfmlp train --help lists them" in text
    assert len(text) < 130 and "hidden_units" not in text
    with pytest.raises(ConfigError) as error:
        tfmlp.Config.from_options(zzz=0.1)
    text = str(error.value)
    assert "similar: " in text and "tfmlp train --help" in text and len(text) < 130


def test_a_mistyped_option_in_a_file_is_answered_with_one_name(run_cli, tmp_path):
    (tmp_path / "a.toml").write_text("[optimization]\nlearnin_rate = 0.1\n")
    (line,) = lines(run_cli("train", "--config", "a.toml"))
    assert "did you mean 'learning_rate'?" in line and "weight_decay" not in line


@pytest.mark.parametrize(
    ("beginning", "meant"),
    [
        ("glorot", "glorot_uniform"),
        ("he", "he_normal"),
        ("lecun", "lecun_normal"),
        ("fan", "fan_in_uniform"),
        ("glorot_norml", "glorot_normal"),
    ],
)
def test_the_beginning_of_a_name_is_answered_with_the_usual_one(run_cli, beginning, meant):
    with pytest.raises(ConfigError, match=f"did you mean '{meant}'"):
        tfmlp.MLP(initializer=beginning)
    assert f"did you mean '{meant}'" in run_cli("train", "--initializer", beginning).stderr


def test_nothing_is_completed_from_nothing():
    assert nearest("", ["abc", "abd"]) == "known: abc, abd"
    assert nearest("ab", ["abc", "abd"], usual="abd") == "did you mean 'abd'? (known: abc, abd)"


# --- files


def test_an_empty_cell_is_said_to_be_missing(run_cli, tmp_path):
    (tmp_path / "a.csv").write_text("age,b,y\n1,2,no\n ,3,yes\n4,5,no\n7,7,yes\n")
    (line,) = lines(run_cli("train", "--dataset", "csv:a.csv", "--target", "y"))
    assert "column 'age', line 3: the value is missing" in line and "--drop" in line
    (tmp_path / "a.csv").write_text("age,b,y\n1,2,no\n3,3,\n4,5,no\n7,7,yes\n")
    (line,) = lines(run_cli("train", "--dataset", "csv:a.csv", "--target", "y"))
    assert "column 'y', line 3: the class is missing" in line


@pytest.mark.parametrize(
    ("name", "hint"), [("houses.csv", "net's code"), ("mine.R", "has your net's code")]
)
def test_only_python_files_are_checked(run_cli, tmp_path, name, hint):
    (tmp_path / name).write_text("a,b\n1,2\n")
    result = run_cli("check", name)
    (line,) = lines(result)
    assert result.exit_code == 1 and result.stdout == ""
    assert "expected a Python file" in line and name in line and hint in line
    assert "NameError" not in line


def test_a_model_file_that_is_not_there(tmp_path):
    for name in ("nope.keras", "nope"):
        with pytest.raises(CheckpointError, match=f"there is no file or folder {name}"):
            tfmlp.load_model(name)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    for name in ("run", "run/model.keras"):
        with pytest.raises(CheckpointError, match="has not ended: tfmlp train --resume run"):
            tfmlp.load_model(name)


def test_data_that_are_shown_belong_to_no_run(run_cli, svhn_dir):
    result = run_cli("data", "show", "svhn", "--data-dir", svhn_dir)
    assert result.exit_code == 0, result.stderr
    (line,) = lines(result)
    assert "these are not the published SVHN files" in line and "run" not in line


def test_an_experiment_that_cannot_be_run_is_said_to_be_missing(run_cli):
    listed = run_cli("reproduce", "--list").stdout.splitlines()
    (line,) = [line for line in listed if line.startswith("mnist-random-search")]
    assert "not there yet" in line


# --- epoch lines


@pytest.mark.parametrize("value", [12345.6, 123456.7, 9999.5, 87654321.0, 1.23456e9, 3.21e21])
def test_large_errors_have_four_significant_digits(value):
    shown = METRICS["rmse"].show_briefly(value)
    assert len(shown) <= 8
    assert float(shown) == pytest.approx(value, rel=5e-4)
    metrics = Metrics(0.98765, 9, mae=value, rmse=value)
    line = describe_epoch(EpochResult(100, 0.1, metrics, metrics, 99.9), 100)
    assert f"rmse {shown} val {shown}" in line and len(line) <= 80


# --- recipes


@pytest.mark.parametrize("kind", SOURCES)
def test_a_datasets_configuration_is_that_of_the_command_line(kind):
    name = f"{kind}:name" if SOURCES[kind].takes_argument else kind
    expected, _ = make_config(None, None, {"dataset": (name,), "epochs": (7,)})
    assert tfmlp.config_for(name, epochs=7) == expected


def test_a_run_records_the_configuration_of_its_dataset(run_cli, tmp_path):
    numbers = np.random.default_rng(0).normal(size=(60, 2))
    rows = "".join(f"{a:.3f},{b:.3f},{'yn'[int(a > b)]}\n" for a, b in numbers)
    (tmp_path / "a.csv").write_text("a,b,y\n" + rows)
    options = ("--target", "y", "--epochs", 1, "--json")
    result = run_cli("train", "--dataset", "csv:a.csv", *options)
    record = json.loads(result.stdout)
    assert record["recipe"] == "tabular"
    assert record["config"] == tfmlp.config_for("csv:a.csv", target="y", epochs=1).to_dict()
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        tfmlp.config_for("csv:a.csv", epoch=1)


# --- a training that is worse than nothing


def test_a_loss_far_above_that_of_a_constant_is_warned_of(run_cli):
    train = ("train", "--dataset", "mnist-small", "--hidden-units", 8, "--epochs", 1)
    result = run_cli(*train, "--learning-rate", 1e6)
    assert result.exit_code == 0
    (line,) = [line for line in lines(result) if line.startswith("warning: ")]
    assert "is far above 2.3" in line and "--learning-rate" in line
    assert "far above" not in run_cli(*train).stderr


# --- scripts

SCRIPT = """
import numpy as np, tfmlp
x, y = np.random.rand(60, 3), np.arange(60) % 3
config = tfmlp.Config.from_options(epochs=1, hidden_units=(4,))
"""
ENDINGS = {
    "fit": "list(tfmlp.fit(config, (x, y)))",
    "model": "tfmlp.MLP((4,), num_classes=3, preprocessing='none')(x)",
    "step": "step = tfmlp.make_train_step",
    "diagnose": "tfmlp.diagnose",
}


def run_script(text, **variables):
    # Without what the tests set for themselves.
    unset = "import os; os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None); "
    code = unset + f"os.environ.update({variables}); exec({text!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_script_is_not_told_of_tensorflows_kernels(ending):
    done = run_script(SCRIPT + ENDINGS[ending] + "\nimport sys; print('tensorflow' in sys.modules)")
    assert done.returncode == 0 and done.stdout == "True\n", done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith(("I0000", "WARNING"))]
    assert told == []


@pytest.mark.slow
def test_a_user_who_asks_for_tensorflows_log_has_it():
    report = "; import os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run_script("import tfmlp; tfmlp.MLP" + report).stdout == "2\n"
    asked = run_script("import tfmlp; tfmlp.MLP" + report, TF_CPP_MIN_LOG_LEVEL="0")
    assert asked.stdout == "0\n" and "I0000" in asked.stderr
    code = "import os, tfmlp, tensorflow; tfmlp.MLP; print('TF_CPP_MIN_LOG_LEVEL' in os.environ)"
    assert run_script(code).stdout == "False\n"
