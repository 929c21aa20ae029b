"""A checkpoint is whole or passed over; the last ones and the best one are kept."""

import hashlib
import json

import numpy as np
import pytest

from tfmlp.errors import CheckpointError, TfmlpWarning
from tfmlp.runs import checkpoints
from tfmlp.runs.checkpoint import Checkpoint
from tfmlp.runs.checkpoints import Checkpoints


@pytest.fixture
def kept(tmp_path):
    return Checkpoints(tmp_path)


def state(epoch):
    return Checkpoint(epoch, {"w": np.full(100, float(epoch))}, {"history": [epoch]})


def names(kept):
    return sorted(path.name for path in kept.path.iterdir())


def test_the_last_checkpoints_and_the_best_are_kept(tmp_path):
    kept = Checkpoints(tmp_path, keep=2)
    for epoch, score in enumerate([0.1, 0.9, 0.5, None, 0.6], start=1):
        kept.save(Checkpoint(epoch, {"w": np.zeros(1)}, {}, score=score))
    kept.save(Checkpoint(5, {"w": np.zeros(1)}, {}, step=7))
    assert names(kept) == ["epoch-000002", "epoch-000005", "epoch-000005-step-000007"]
    assert (kept.load().epoch, kept.load().step) == (5, 7)


# --- damage


def sealed(manifest):
    """Returns a manifest with its digest, as `Checkpoint` writes it."""
    manifest = {name: value for name, value in manifest.items() if name != "sha256"}
    text = json.dumps(manifest, sort_keys=True).encode()
    return manifest | {"sha256": hashlib.sha256(text).hexdigest()}


def test_a_damaged_manifest_is_told_from_one_of_another_format(kept):
    for epoch in (1, 2):
        kept.save(state(epoch))
    path = kept.path / "epoch-000002" / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest == sealed(manifest) and manifest["format"] == 3
    unsealed = {name: value for name, value in manifest.items() if name != "sha256"}
    for damaged in (manifest | {"format": 4}, unsealed):
        path.write_text(json.dumps(damaged))
        with pytest.warns(TfmlpWarning, match="is damaged"):
            assert kept.load().epoch == 1
    # Format 1 had no sha256; a whole manifest of another format has one.
    first = {"format": 1, "epoch": 2, "files": {}}
    for other in (first, sealed(manifest | {"format": 2}), sealed(manifest | {"format": 4})):
        path.write_text(json.dumps(other))
        with pytest.raises(CheckpointError, match="another version of tfmlp"):
            kept.load()


def test_no_pickles_are_read(kept):
    kept.save(state(1))
    folder = kept.path / "epoch-000001"
    np.savez(folder / "arrays.npz", w=np.array([{}], object))
    content = (folder / "arrays.npz").read_bytes()
    identity = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["arrays.npz"] = identity
    (folder / "manifest.json").write_text(json.dumps(sealed(manifest)))
    with pytest.warns(TfmlpWarning, match="allow_pickle"):
        assert kept.load() is None


# --- faults while saving


POINTS = ["numpy.savez", "pathlib.Path.write_text", "pathlib.Path.mkdir", "os.fsync", "os.rename"]
ERRORS = [
    OSError(28, "No space left on device"),
    OSError(24, "Too many open files"),
    OSError(13, "Permission denied"),
    OSError(30, "Read-only file system"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.strerror)
@pytest.mark.parametrize("point", POINTS)
def test_a_save_that_fails_leaves_the_one_before(kept, tmp_path, monkeypatch, point, error):
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
    assert Checkpoints(tmp_path).load().epoch == 2
    assert not [name for name in names(kept) if name.startswith(".")]


def test_what_a_killed_save_left_is_passed_over_and_cleared(kept, tmp_path):
    kept.save(state(1))
    (kept.path / ".epoch-000002.99").mkdir()
    (kept.path / ".epoch-000002.99" / "arrays.npz").write_bytes(b"half")
    assert Checkpoints(tmp_path).load().epoch == 1
    kept.save(state(2))
    assert names(kept) == ["epoch-000001", "epoch-000002"]
    (kept.path / "epoch-000002" / "manifest.json").write_text("[]")
    with pytest.warns(TfmlpWarning, match="damaged"):
        assert Checkpoints(tmp_path).load().epoch == 1


def test_saving_keeps_to_its_share_of_the_time(kept, monkeypatch):
    clock = iter([0.0, 2.0, 2.0, 3.0, 50.0, 101.9, 102.1])
    assert kept.is_due
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: next(clock))
    kept.save(state(1))  # took 2 s, until 2 s
    assert [kept.is_due for _ in range(4)] == [False, False, False, True]
