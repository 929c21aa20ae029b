"""Features that stay on disk: the same rows, the same training, no memory."""

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
    assert (
        rows.shape == whole.shape
        and rows.dtype == whole.dtype
        and len(rows) == 50
        and rows.nbytes == values.nbytes
    )
    chosen = np.array([7, 3, 3, 49, 0])
    for index in (slice(None), slice(3, 9), slice(0, 0), slice(40, 99), slice(1, 20, 3), chosen):
        assert np.array_equal(rows[index], whole[index])
    part = rows.take(np.array([5, 1, 30]))
    assert np.array_equal(part[:], whole[[5, 1, 30]]) and np.array_equal(
        part.take(np.array([2]))[:], whole[[30]]
    )


def test_training_from_disk_equals_training_from_memory(folder):
    weights, figures = [], []
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
        figures.append(
            (training.evaluate("test"), training.evaluate("validation"), training.history[-1].train)
        )
    assert (
        all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
        and figures[0] == figures[1]
    )
    assert fit(config.replace(engine="auto")).backend.engine.startswith("streaming-")


def test_a_folder_is_read_like_an_archive(folder):
    data = load_dataset(f"arrays:{folder}", validation=0.1)
    assert (
        len(data.train) == 540
        and data.train.features.shape[1:] == (28, 28, 1)
        and isinstance(data.train.features, np.ndarray)
    )
    (folder / "x_test.npy").unlink()
    assert (
        len(load_dataset(f"arrays:{folder}", validation=0, features_in="disk").test) == 120
    )  # held out
    data = load_dataset(f"arrays:{folder}", features_in="disk")
    assert isinstance(data.test.features, RowFile) and data.provenance.files.keys() == {
        "x_train.npy",
        "y_train.npy",
    }


@pytest.mark.parametrize(
    "spoil, message",
    [
        (
            lambda f: (f / "x_train.npy").write_bytes((f / "x_train.npy").read_bytes()[:-5]),
            "not a whole",
        ),
        (lambda f: (f / "x_train.npy").write_bytes(b""), "not a whole"),
        (
            lambda f: (f / "x_train.npy").write_bytes(
                b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape':"
                b" (2147483647, 28, 28), }\n"
            ),
            "not a whole",
        ),
        (lambda f: np.save(f / "x_train.npy", np.zeros((600, 3), np.float64)), "uint8 or float32"),
        (
            lambda f: np.save(f / "x_train.npy", np.asfortranarray(np.zeros((600, 3), np.float32))),
            "C order",
        ),
        (
            lambda f: np.save(f / "x_train.npy", np.array([{}], object), allow_pickle=True),
            "not a whole",
        ),
        (
            lambda f: np.save(f / "x_train.npy", np.full((600, 28), np.nan, np.float32)),
            "must be finite",
        ),
        (lambda f: np.save(f / "y_train.npy", np.zeros(3, np.uint8)), "equally many"),
        (lambda f: (f / "y_train.npy").unlink(), "expected x_train.npy"),
    ],
)
def test_what_cannot_be_read_is_one_error(folder, spoil, message):
    spoil(folder)
    with pytest.raises(DataError, match=message):
        load_dataset(f"arrays:{folder}", features_in="disk")


def test_a_file_that_shrinks_is_noticed(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((50, 12), np.float32))
    rows = RowFile(tmp_path / "x.npy")
    with open(tmp_path / "x.npy", "r+b") as file:
        file.truncate(500)
    with pytest.raises(DataError, match="became shorter"):
        rows[40:]
