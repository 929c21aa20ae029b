"""Features that stay on disk: the same rows, the same training, no memory."""

from pathlib import Path

import numpy as np
import pytest

from tfmlp import Config, DataError, fit, load_dataset
from tfmlp.data.rowfile import RowFile


@pytest.fixture
def folder(tmp_path, digits):
    path = tmp_path / "arrays"
    path.mkdir()
    for name, (images, labels) in zip(("train", "test"), digits):
        np.save(path / f"x_{name}.npy", images)
        np.save(path / f"y_{name}.npy", labels)
    return path


@pytest.mark.parametrize(
    "values",
    [
        np.arange(600, dtype=np.float32).reshape(50, 12),
        np.arange(50 * 24).astype(np.uint8).reshape(50, 4, 6),
    ],
)
def test_rows_are_those_of_the_array(tmp_path, values):
    np.save(tmp_path / "x.npy", values)
    rows = RowFile(tmp_path / "x.npy")
    whole = values if values.ndim == 2 else values[..., None]
    assert rows.shape == whole.shape and rows.ndim == whole.ndim and len(rows) == 50
    assert rows.dtype == whole.dtype and rows.nbytes == values.nbytes
    chosen = np.array([7, 3, 3, 49, 0])
    for index in (slice(None), slice(3, 9), slice(0, 0), slice(40, 99), slice(1, 20, 3), chosen):
        assert np.array_equal(rows[index], whole[index])
    part = rows.take(np.array([5, 1, 30]))
    assert np.array_equal(part[:], whole[[5, 1, 30]])
    assert np.array_equal(part.take(np.array([2]))[:], whole[[30]])


def test_training_from_disk_equals_training_from_memory(folder):
    weights, metrics = [], []
    for features_in in ("memory", "disk"):
        config = Config.from_options(
            dataset=f"arrays:{folder}",
            features_in=features_in,
            hidden_units=(16,),
            epochs=2,
            batch_size=100,
            shift=1,
            engine="streaming-graph",
        )
        training = fit(config)
        assert isinstance(training.data.train.features, RowFile) == (features_in == "disk")
        list(training)
        weights.append(training.backend.get_weights())
        evaluated = [training.evaluate(name) for name in ("test", "validation")]
        metrics.append([*evaluated, training.history[-1].train])
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    assert metrics[0] == metrics[1]
    assert fit(config.replace(engine="auto")).backend.engine.startswith("streaming-")


def test_a_folder_is_read_like_an_archive(folder):
    data = load_dataset(f"arrays:{folder}", validation=0.1)
    assert len(data.train) == 540 and data.feature_shape == (28, 28, 1)
    assert isinstance(data.train.features, np.ndarray)
    (folder / "x_test.npy").unlink()
    data = load_dataset(f"arrays:{folder}", validation=0, features_in="disk")
    assert len(data.test) == 120  # held out
    assert isinstance(data.test.features, RowFile)
    assert data.provenance.files.keys() == {"x_train.npy", "y_train.npy"}


HUGE = (
    b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False,"
    b" 'shape': (2147483647, 28, 28), }\n"
)


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x_train", cut, "not a whole"),
        ("x_train", b"", "not a whole"),
        ("x_train", HUGE, "not a whole"),
        ("x_train", np.zeros((600, 3), np.float64), "uint8 or float32"),
        ("x_train", np.asfortranarray(np.zeros((600, 3), np.float32)), "C order"),
        ("x_train", np.array([{}], object), "not a whole"),
        ("x_train", np.full((600, 28), np.nan, np.float32), "must be finite"),
        ("y_train", np.zeros(3, np.uint8), "equally many"),
        ("y_train", Path.unlink, "expected x_train.npy"),
    ],
)
def test_what_cannot_be_read_is_one_error(folder, name, content, message):
    path = folder / f"{name}.npy"
    if callable(content):
        content(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(DataError, match=message):
        load_dataset(f"arrays:{folder}", features_in="disk")


def test_a_file_that_shrinks_is_noticed(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((50, 12), np.float32))
    rows = RowFile(tmp_path / "x.npy")
    with open(tmp_path / "x.npy", "r+b") as file:
        file.truncate(500)
    with pytest.raises(DataError, match="became shorter"):
        rows[40:]
