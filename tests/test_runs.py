"""The run folder and its record, of this format and of the first."""

import json
import math
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.results import lines, read_record
from tfmlp.errors import CheckpointError
from tfmlp.files import written_atomically
from tfmlp.runs.folder import RunFolder, default_folder
from tfmlp.runs.record import (
    Best,
    DatasetRecord,
    EngineRecord,
    Position,
    RunRecord,
    Status,
    Timing,
)

FORMAT_1 = ROOT / "docs" / "runs" / "mnist-seed0.json"


@pytest.fixture
def record():
    """The least that a record holds."""
    dataset = DatasetRecord("x", "a source", sha256="0", sizes={"train": 1, "test": 1})
    return RunRecord(2, Status.INTERRUPTED, recipe=None, config={}, dataset=dataset)


def test_a_run_that_dies_is_recorded_as_interrupted(tmp_path, record):
    folder = RunFolder(tmp_path / "a" / "run")
    folder.start(record)
    assert folder.read() == record and folder.read().status == "interrupted"
    assert not folder.read().has_ended
    folder.add_epoch({"epoch": 1})
    assert (folder.path / "epochs.jsonl").read_text() == '{"epoch": 1}\n'
    with pytest.raises(CheckpointError, match="already holds a run"):
        folder.start(record)


def test_default_folders_stay_below_runs_and_are_new():
    first = default_folder("csv:../../etc/My file.csv")
    assert first.parts[0] == "runs" and len(first.parts) == 2 and first.name.startswith("My-file-")
    first.mkdir(parents=True)
    assert default_folder("csv:../../etc/My file.csv") != first


def test_records_hold_no_nan(tmp_path, record):
    with pytest.raises(ValueError):
        RunFolder(tmp_path).write(RunRecord(**vars(record) | {"test": {"loss": math.nan}}))
    assert list(tmp_path.iterdir()) == []


def test_an_atomic_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(RuntimeError), written_atomically(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps({}))
    assert path.read_text() == "{}" and path.stat().st_mode & 0o777 == 0o644


# --- what a record holds


NAMES = st.text(max_size=8)
COUNTS = st.integers(0, 2**40)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
METRICS = st.dictionaries(NAMES, NUMBERS, max_size=3)
# Whatever is plain JSON.
TABLES = st.dictionaries(NAMES, st.recursive(st.none() | NUMBERS | NAMES, st.lists), max_size=3)
POSITIONS = st.builds(Position, COUNTS, COUNTS)
RECORDS = st.builds(
    RunRecord,
    format=st.sampled_from([1, 2]),
    status=st.sampled_from(Status),
    recipe=st.none() | NAMES,
    config=TABLES,
    dataset=st.builds(
        DatasetRecord,
        name=NAMES,
        source=NAMES,
        sha256=NAMES,
        sizes=st.dictionaries(NAMES, COUNTS, max_size=3),
        files=st.dictionaries(NAMES, NAMES, max_size=3),
        official=st.none() | st.booleans(),
        class_counts=st.dictionaries(NAMES, st.lists(COUNTS, max_size=3), max_size=3),
        class_names=st.lists(NAMES, max_size=3),
    ),
    seed=COUNTS,
    parameters=COUNTS,
    engine=st.none() | st.builds(EngineRecord, NAMES, NAMES),
    device=NAMES,
    versions=st.dictionaries(NAMES, NAMES, max_size=3),
    schema=st.none() | TABLES,
    checkpoint=st.none() | POSITIONS,
    resumed_after=st.none() | POSITIONS,
    divergence=st.none() | TABLES,
    restores=st.none() | st.lists(TABLES, max_size=2),
    timing=st.none() | st.builds(Timing, NUMBERS, NUMBERS, NUMBERS),
    best=st.none() | st.builds(Best, COUNTS, METRICS),
    test=st.none() | METRICS,
    measured=st.none() | METRICS,
)


@settings(max_examples=200, deadline=None)
@given(RECORDS)
def test_a_record_is_read_as_it_was_written(record):
    assert RunRecord.from_dict(record.to_dict()) == record
    assert RunRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record


KEYS = "format status recipe config seed dataset parameters engine device versions timing".split()


def test_the_keys_that_scripts_rely_on_are_there(train):
    printed = json.loads(train("--epochs", 2, "--json").stdout)
    assert {*KEYS, "schema", "best", "test", "epochs"} <= set(printed)
    assert printed["format"] == 2 and printed["status"] == "completed"
    assert {"name", "source", "sha256", "sizes"} <= set(printed["dataset"])
    assert set(printed["config"]) == {"data", "model", "optimization", "runtime"}
    assert set(printed["engine"]) == {"name", "precision"}
    assert {"tfmlp", "python", "tensorflow", "keras", "numpy"} == set(printed["versions"])
    assert set(printed["timing"]) == {"total_seconds", "training_seconds", "compile_seconds"}
    assert set(printed["best"]) == {"epoch", "validation"}
    while_training = {"loss", "accuracy", "count"}
    evaluated = while_training | {"balanced_accuracy", "f1"}
    assert set(printed["test"]) == evaluated
    assert [epoch["epoch"] for epoch in printed["epochs"]] == [1, 2]
    for epoch in printed["epochs"]:
        assert set(epoch) == {"epoch", "learning_rate", "train", "validation", "seconds"}
        assert set(epoch["train"]) == while_training and set(epoch["validation"]) == evaluated


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": None}, "config must be"),
        ({"config": [1]}, "config must be"),
        ({"test": [1]}, "test must be"),
        ({"test": {"loss": "x"}}, "test must be"),
        ({"dataset": "x"}, "expected a table; received str"),
        ({"dataset": None}, "expected a table; received NoneType"),
        ({"dataset": {"name": "x"}}, "source is missing"),
        ({"format": True}, "received True"),
        ({"format": 3}, "received 3"),
        ({"status": "finished"}, "'finished' is not a valid Status"),
        ({"status": []}, "is not a valid Status"),
        ({"seed": 1.5}, "seed must be int"),
        ({"seed": True}, "seed must be int"),
        ({"parameters": "many"}, "parameters must be int"),
        ({"recipe": 3}, "recipe must be str"),
        ({"engine": {"name": "xla"}}, "precision is missing"),
        ({"best": {"epoch": "1", "validation": {}}}, "epoch must be int"),
        ({"timing": 3}, "expected a table; received int"),
        ({"restores": "x"}, "restores must be list"),
        ({"versions": {"numpy": 2}}, "versions must be"),
        ({"schema": []}, "schema must be"),
    ],
)
def test_a_changed_record_is_one_line(tmp_path, run_cli, record, change, message):
    (tmp_path / "run.json").write_text(json.dumps(record.to_dict() | change))
    with pytest.raises(CheckpointError) as error:
        RunFolder(tmp_path).read()
    assert message in str(error.value) and "\n" not in str(error.value)
    result = run_cli("evaluate", tmp_path)
    assert result.exit_code == 1 and len(lines(result)) == 1 and "defect" not in result.stderr


def test_options_of_a_record_are_checked_when_they_are_used(tmp_path, run_cli, record):
    (tmp_path / "run.json").write_text(json.dumps(record.to_dict() | {"config": {"model": 5}}))
    result = run_cli("evaluate", tmp_path)
    assert result.exit_code == 1 and len(lines(result)) == 1
    assert "'model' must be a table of options" in result.stderr


# --- the first format


@pytest.fixture
def old_run(train):
    """A folder with a record of format 1, and a model beside it."""
    assert train("--hidden-units", "256,128", "--out", "run").exit_code == 0
    shutil.copy(FORMAT_1, "run/run.json")
    return Path("run")


def test_a_record_of_format_1_is_read(old_run):
    values = read_record(old_run)
    record = RunFolder(old_run).read()
    assert record.format == values["format"] == 1 and record.schema is None
    assert record.status == Status.COMPLETED and record.has_ended
    assert record.test == values["test"] and record.best.epoch == values["best"]["epoch"]
    assert record.dataset.sha256 == values["dataset"]["sha256"]
    assert record.engine.name == values["engine"]["name"]
    del values["epochs"]
    assert record.to_dict().items() >= values.items()


def test_a_run_of_format_1_is_evaluated(old_run, run_cli, mnist_dir):
    result = run_cli("evaluate", old_run, "--data-dir", mnist_dir)
    assert result.exit_code == 0 and result.stdout.startswith("test loss "), result.stderr
    assert "these data are not those the run was trained on" in result.stderr


def test_a_run_of_format_1_is_diagnosed(old_run, run_cli, mnist_dir):
    values = read_record(old_run)
    values["config"]["data"]["data_dir"] = str(mnist_dir)
    (old_run / "run.json").write_text(json.dumps(values))
    result = run_cli("diagnose", old_run, "--seconds", 5, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)
