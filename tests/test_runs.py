import json

import pytest

from tfmlp.errors import CheckpointError
from tfmlp.files import written_atomically
from tfmlp.runs.folder import RunFolder, default_folder


def test_a_run_that_dies_is_recorded_as_interrupted(tmp_path):
    folder = RunFolder(tmp_path / "a" / "run")
    folder.start({"format": 1, "config": {}, "dataset": {}})
    assert folder.read() == {"format": 1, "config": {}, "dataset": {}, "status": "interrupted"}
    folder.add_epoch({"epoch": 1})
    assert (folder.path / "epochs.jsonl").read_text() == '{"epoch": 1}\n'
    with pytest.raises(CheckpointError, match="already holds a run"):
        folder.start({})


def test_default_folders_stay_below_runs_and_are_new():
    first = default_folder("csv:../../etc/My file.csv")
    assert first.parts[0] == "runs" and len(first.parts) == 2 and first.name.startswith("My-file-")
    first.mkdir(parents=True)
    assert default_folder("csv:../../etc/My file.csv") != first


def test_records_hold_no_nan(tmp_path):
    with pytest.raises(ValueError):
        RunFolder(tmp_path).write({"loss": float("nan")})
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
