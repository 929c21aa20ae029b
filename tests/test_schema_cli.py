"""A table's columns and classes are matched by their names, from training to evaluation."""

import csv
import json
import shutil

import numpy as np
import pytest

from tests.results import lines, read_record
from tfmlp.data.schema import Schema
from tfmlp.data.sources import load_dataset
from tfmlp.model.saved import load_model
from tfmlp.seeds import split_order

COLUMNS = ("width", "height", "depth")
OPTIONS = """
    --target kind --recipe none --hidden-units 8 --batch-size 16 --learning-rate 0.05 --epochs 6
""".split()


def table():
    """Returns 200 rows, whose class depends on their numbers, as a list of dicts."""
    numbers = np.random.default_rng(0).normal(size=(200, 3)).round(3)
    kinds = np.array(["bird", "cat", "dog"])[(numbers @ [1, 2, 3] > [[-1.5], [1.5]]).sum(axis=0)]
    return [dict(zip(COLUMNS, row)) | {"kind": kind} for row, kind in zip(numbers, kinds)]


def write(path, rows, columns=(*COLUMNS, "kind")):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def renamed(rows, old, new):
    return [{new if name == old else name: cell for name, cell in row.items()} for row in rows]


@pytest.fixture(scope="module")
def kept_run(tmp_path_factory, run_cli):
    folder = tmp_path_factory.mktemp("trained")
    write(folder / "my.csv", table())
    data = ("--dataset", f"csv:{folder}/my.csv")
    result = run_cli("train", *data, *OPTIONS, "--out", folder / "run")
    assert result.exit_code == 0, result.stderr
    return folder / "run"


@pytest.fixture
def run(kept_run, tmp_path):
    """A run that was trained on the table."""
    return shutil.copytree(kept_run, tmp_path / "run")


@pytest.fixture
def evaluate(run, run_cli):
    """Evaluates the run, on another file where one is named."""

    def evaluate(file=None):
        other = () if file is None else ("--dataset", f"csv:{file}")
        return run_cli("evaluate", run, "--json", *other)

    return evaluate


def metrics(result):
    assert result.exit_code == 0, result.stderr
    printed = json.loads(result.stdout)
    return {
        name: printed[name] for name in ("loss", "accuracy", "balanced_accuracy", "f1", "count")
    }


def test_the_schema_is_in_the_record(run):
    record = read_record(run)
    assert record["format"] == 2
    assert record["schema"] == {
        "task": "classification",
        "feature_shape": [3],
        "feature_dtype": "float32",
        "columns": list(COLUMNS),
        "column_kinds": ["number"] * 3,
        "class_names": ["bird", "cat", "dog"],
        "target": "kind",
    }
    assert Schema.from_dict(record["schema"]).columns == COLUMNS


def held_out_rows():
    """Returns the rows of the table that the run held out for its test."""
    rows = table()
    return [rows[number] for number in sorted(split_order(0, len(rows), part=1)[: len(rows) // 5])]


def test_columns_in_another_order_give_the_same_metrics(run, evaluate):
    write("other.csv", held_out_rows(), ("depth", "kind", "width", "height"))
    result = evaluate("other.csv")
    assert metrics(result) == metrics(evaluate()) == read_record(run)["test"]
    assert lines(result) == []


def test_classes_in_another_order_of_appearance_give_the_same_metrics(run, evaluate):
    other = sorted(held_out_rows(), key=lambda row: row["kind"])
    assert first_seen(other) != first_seen(table())
    write("other.csv", other)
    own = metrics(evaluate())
    assert own == read_record(run)["test"]
    assert metrics(evaluate("other.csv")) == pytest.approx(own)  # summed in another order


def first_seen(rows):
    """Returns the classes in the order in which they appear."""
    return list(dict.fromkeys(row["kind"] for row in rows))


def test_classes_are_matched_by_name_where_the_data_lack_some(run, evaluate):
    write("other.csv", [row for row in table() if row["kind"] != "bird"])
    found = metrics(evaluate("other.csv"))
    data = load_dataset("csv:other.csv", target="kind")
    assert data.class_names == ("cat", "dog")
    right = 0
    for split in data.splits.values():
        outputs = load_model(run / "model.keras")(split.features).numpy()
        predicted = np.array(["bird", "cat", "dog"])[outputs.argmax(axis=1)]
        right += np.sum(predicted == np.array(data.class_names)[split.labels])
    assert found["accuracy"] == pytest.approx(right / found["count"]) and found["accuracy"] > 0.8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: renamed(rows, "width", "widht"), "missing: 'width'; additional: 'widht'"),
        (lambda rows: renamed(rows, "width", "widht"), "did you mean 'width'"),
        (lambda rows: [without(row, "depth") for row in rows], "missing: 'depth'"),
        (lambda rows: [row | {"mass": 1} for row in rows], "additional: 'mass'"),
        (lambda rows: [*rows, *[rows[0] | {"kind": "cow"}] * 99], "received 'cow'"),
        (lambda rows: renamed(rows, "kind", "sort"), "expected --target"),
    ],
    ids="renamed similar missing additional unknown-class target".split(),
)
def test_other_columns_and_classes_are_refused_by_name(evaluate, change, message):
    rows = change(table())
    write("other.csv", rows, tuple(rows[0]))
    result = evaluate("other.csv")
    told = [line for line in lines(result) if not line.startswith("warning:")]
    assert result.exit_code == 1 and result.stdout == ""
    assert len(told) == 1 and message in told[0], result.stderr


def without(row, name):
    return {other: cell for other, cell in row.items() if other != name}


def test_a_resumed_run_refuses_a_renamed_column(run_cli):
    write("my.csv", table())
    assert run_cli("train", "--dataset", "csv:my.csv", *OPTIONS, "--out", "run").exit_code == 0
    before = read_record("run")
    write("my.csv", renamed(table(), "width", "breadth"), ("breadth", *COLUMNS[1:], "kind"))
    result = run_cli("train", "--resume", "run", "--epochs", 8)
    assert result.exit_code == 1 and len(lines(result)) == 1, result.stderr
    assert "missing: 'width'; additional: 'breadth'" in result.stderr
    assert read_record("run") == before
    write("my.csv", table())
    assert run_cli("train", "--resume", "run", "--epochs", 8).exit_code == 0


def test_a_table_of_values(run_cli):
    numbers = np.random.default_rng(0).random((80, 2))
    write("my.csv", [{"a": a, "b": b, "y": 2 * a - b} for a, b in numbers], ("a", "b", "y"))
    options = "--target y --task regression --epochs 3 --json --out run".split()
    result = run_cli("train", "--dataset", "csv:my.csv", *options)
    assert result.exit_code == 0, result.stderr
    printed = json.loads(result.stdout)
    assert set(printed["test"]) == {"loss", "count", "mae", "rmse", "r2"}
    for epoch in printed["epochs"]:
        assert set(epoch["validation"]) == {"loss", "count", "mae", "rmse", "r2"}
    assert printed["schema"]["target"] == "y" and printed["schema"]["class_names"] == []
    again = run_cli("evaluate", "run")
    assert again.exit_code == 0 and "those that the run recorded" in again.stderr
