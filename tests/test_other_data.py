"""A run is evaluated on data that it was not trained on: all of their examples are used."""

import csv
import json

import numpy as np
import pytest

import tfmlp
from tests.results import lines
from tfmlp.errors import DataError, TfmlpWarning
from tfmlp.model.saved import load_model

OPTIONS = "--target y --recipe none --hidden-units 8 --epochs 2 --preprocessing none".split()
CLASSES = np.array(["no", "yes"])


def write(path, count, seed=0):
    """Writes a table of two columns and a class, and returns its features and labels."""
    features = np.random.default_rng(seed).normal(size=(count, 2)).round(3)
    labels = (features.sum(axis=1) > 0).astype(int)
    with open(path, "w", newline="") as file:
        rows = [[*row, CLASSES[label]] for row, label in zip(features, labels)]
        csv.writer(file).writerows([["a", "b", "y"], *rows])
    return features.astype(np.float32), labels


@pytest.fixture
def run(run_cli):
    write("my.csv", 200)
    result = run_cli("train", "--dataset", "csv:my.csv", *OPTIONS, "--out", "run")
    assert result.exit_code == 0, result.stderr


def test_all_examples_of_another_file_are_scored(run, run_cli):
    features, labels = write("other.csv", 50, seed=1)
    result = run_cli("evaluate", "run", "--dataset", "csv:other.csv")
    assert result.exit_code == 0 and lines(result) == []  # data that are named are no surprise
    assert result.stdout.rstrip().endswith("(all 50 examples of csv:other.csv)")
    accuracy = np.mean(load_model("run")(features).numpy().argmax(axis=1) == labels)
    found = tfmlp.load_run("run").evaluate("csv:other.csv")
    assert found.count == 50 and found.accuracy == pytest.approx(accuracy)
    printed = run_cli("evaluate", "run", "--dataset", "csv:other.csv", "--json").stdout
    assert json.loads(printed)["count"] == 50


@pytest.mark.parametrize("rows", [1, 2])
def test_a_few_new_examples_are_enough(run, run_cli, rows):
    write("new.csv", rows, seed=1)
    result = run_cli("evaluate", "run", "--dataset", "csv:new.csv")
    assert result.exit_code == 0, result.stderr
    assert f"(all {rows} examples of csv:new.csv)" in result.stdout


def test_classes_need_not_repeat_in_new_examples(run_cli, tmp_path):
    rows = [f"{n % 5},{n % 3},{'abc'[n % 3]}" for n in range(90)]
    for name, some in (("my.csv", rows), ("new.csv", rows[:3])):
        (tmp_path / name).write_text("\n".join(["x,z,y", *some, ""]))
    trained = run_cli("train", "--dataset", "csv:my.csv", *OPTIONS, "--out", "run")
    assert trained.exit_code == 0, trained.stderr
    result = run_cli("evaluate", "run", "--dataset", "csv:new.csv")
    assert "(all 3 examples of csv:new.csv)" in result.stdout, result.stderr


def test_of_the_runs_own_examples_those_held_out_are_scored(run, run_cli, tmp_path):
    own = run_cli("evaluate", "run").stdout
    assert "(40 examples)" in own
    (tmp_path / "copy.csv").write_bytes((tmp_path / "my.csv").read_bytes())
    for name in ("csv:my.csv", "csv:copy.csv"):
        assert run_cli("evaluate", "run", "--dataset", name).stdout == own
        assert tfmlp.load_run("run").evaluate(name) == tfmlp.load_run("run").evaluate("test")


def test_a_dataset_that_changed_is_warned_of_and_held_out(run, run_cli):
    write("my.csv", 250)
    for named in ((), ("--dataset", "csv:my.csv")):
        result = run_cli("evaluate", "run", *named)
        assert "(50 examples)" in result.stdout
        (line,) = lines(result)
        assert line.startswith("warning: ") and "sha256 differ" in line
    with pytest.warns(TfmlpWarning, match="sha256 differ"):
        tfmlp.load_run("run").evaluate()


def test_test_examples_of_the_datas_own_are_scored(run_cli):
    rng = np.random.default_rng(0)
    for name, counts in (("one.npz", (60, 20)), ("two.npz", (30, 10))):
        parts = [rng.normal(size=(count, 3)).astype(np.float32) for count in counts]
        labels = [(part[:, 0] > 0).astype(int) for part in parts]
        arrays = dict(zip(("x_train", "x_test", "y_train", "y_test"), parts + labels))
        np.savez(name, **arrays)
    trained = run_cli("train", "--dataset", "arrays:one.npz", *OPTIONS[2:], "--out", "run")
    assert trained.exit_code == 0, trained.stderr
    result = run_cli("evaluate", "run", "--dataset", "arrays:two.npz")
    assert "(10 examples)" in result.stdout


def test_columns_in_another_order_are_put_right_in_all_examples(run, run_cli):
    features, labels = write("other.csv", 50, seed=1)
    with open("swapped.csv", "w") as file:
        rows = [f"{CLASSES[y]},{b:.3f},{a:.3f}\n" for (a, b), y in zip(features, labels)]
        file.writelines(["y,b,a\n", *rows])
    other = tfmlp.load_run("run").evaluate("csv:other.csv")
    assert tfmlp.load_run("run").evaluate("csv:swapped.csv") == other


@pytest.mark.parametrize("name", ["other.csv", "tset"])
def test_a_name_that_is_no_data_says_how_to_name_them(run, name):
    with pytest.raises(DataError, match="no split .*csv:FILE.csv"):
        tfmlp.load_run("run").evaluate(name)


# --- labels that do not begin at 0


def save(labels, path="mine.npz"):
    np.savez(path, x=np.random.default_rng(0).normal(size=(len(labels), 3)), y=labels)


@pytest.mark.parametrize(
    ("labels", "cure"),
    [
        ([1, 2, 3], "Write y - 1;"),
        ([5, 9], "return_inverse=True"),
        (range(1, 11), "% 10"),
    ],
)
def test_arrays_whose_labels_do_not_begin_at_0_are_refused_like_those_in_memory(
    run_cli, labels, cure
):
    labels = np.tile(np.array(labels), 20)
    save(labels)
    result = run_cli("train", "--dataset", "arrays:mine.npz", "--epochs", 1)
    assert result.exit_code == 1 and len(lines(result)) == 1
    expected = f"labels run from {labels.min()} to {labels.max()}: expected classes from 0"
    assert expected in result.stderr and cure in result.stderr
    with pytest.raises(DataError, match=expected):
        tfmlp.Dataset.from_arrays(np.zeros((len(labels), 2)), labels)


def test_labels_of_a_folder_are_refused_too_and_values_are_not(run_cli, tmp_path):
    labels = np.tile([1, 2, 3], 20)
    (tmp_path / "mine").mkdir()
    np.save("mine/x.npy", np.random.default_rng(0).normal(size=(60, 3)))
    np.save("mine/y.npy", labels)
    train = ("train", "--dataset", "arrays:mine", "--epochs", 1)
    assert "Write y - 1" in run_cli(*train).stderr
    result = run_cli(*train, "--task", "regression")
    assert result.exit_code == 0, result.stderr


def test_new_arrays_need_not_have_every_class(run_cli):
    save(np.tile([0, 1, 2], 20), "whole.npz")
    train = ("train", "--dataset", "arrays:whole.npz", "--epochs", 1, "--out", "run")
    assert run_cli(*train).exit_code == 0
    save(np.tile([1, 2], 20))
    result = run_cli("evaluate", "run", "--dataset", "arrays:mine.npz")
    assert "(all 40 examples of arrays:mine.npz)" in result.stdout
