"""A run scores a pair of arrays: all of its examples, matched to the model's classes."""

import numpy as np
import pytest

import tfmlp
from tfmlp import DataError
from tfmlp.data.schema import Schema
from tfmlp.data.scored import read_scored

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (60, 4, 5, 1), dtype=np.uint8)
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 127).astype(np.int32)
TABLE = RANDOM.normal(size=(60, 3)).astype(np.float32)
NAMES = ("dark", "light")
WITH_NAN = np.where(np.arange(180).reshape(60, 3) == 14, np.nan, TABLE)


def schema(*names, columns=(), shape=(3,), task="classification"):
    kinds = ("number",) * len(columns)
    return Schema(task, shape, "float32", columns, kinds, names)


@pytest.fixture(scope="module")
def run(tmp_path_factory, run_cli):
    folder = tmp_path_factory.mktemp("scored")
    np.savez(folder / "digits.npz", x=IMAGES, y=LABELS)
    data, out = f"arrays:{folder}/digits.npz", folder / "run"
    options = "--hidden-units 6 --epochs 2 --recipe none".split()
    result = run_cli("train", "--dataset", data, *options, "--out", out)
    assert result.exit_code == 0, result.output
    return tfmlp.load_run(out)


def test_all_examples_of_a_pair_are_scored(run):
    metrics = run.evaluate((IMAGES, LABELS))
    assert metrics.count == 60
    right = run.predict(IMAGES).argmax(axis=1) == LABELS
    assert metrics.accuracy == pytest.approx(right.mean())
    data = tfmlp.load_dataset(run.config.data.dataset)
    for split in (data.test, data.train):
        same = run.evaluate((split.images, split.labels)).to_dict()
        name = "test" if split is data.test else "train"
        assert same == pytest.approx(run.evaluate(name).to_dict())
    for same in (IMAGES[..., 0], IMAGES.reshape(60, 20), IMAGES.astype(float), IMAGES.tolist()):
        assert run.evaluate((same, LABELS)).to_dict() == pytest.approx(metrics.to_dict())


def test_a_pair_need_not_have_every_class_nor_many_examples(run):
    for label in (0, 1):
        chosen = LABELS == label
        metrics = run.evaluate((IMAGES[chosen], LABELS[chosen]))
        right = run.predict(IMAGES[chosen]).argmax(axis=1) == label
        assert metrics.count == chosen.sum() and metrics.accuracy == pytest.approx(right.mean())
    assert run.evaluate((IMAGES[:1], LABELS[:1])).count == 1


@pytest.mark.parametrize(
    ("labels", "names", "expected"),
    [
        ([0, 1, 1], NAMES, [0, 1, 1]),
        ([1, 1, 1], NAMES, [1, 1, 1]),
        ([[0], [1], [1]], NAMES, [0, 1, 1]),
        (["light", "dark", "light"], NAMES, [1, 0, 1]),
        (np.array(["light", "dark", "light"], object), NAMES, [1, 0, 1]),
        ([[0, 1], [1, 0], [0, 1]], NAMES, [1, 0, 1]),
        ([True, False, True], ("False", "True"), [1, 0, 1]),
        ([7, 3, 7], ("3", "7"), [1, 0, 1]),  # where all names are numbers, numbers are names
        ([1, 1, 1], ("1", "2"), [0, 0, 0]),
        (np.array([2, 1, 2], object), ("1", "2"), [1, 0, 1]),
        ([2.0, 1.0, 2.0], ("1", "2"), [1, 0, 1]),
        (["2", "1", "2"], ("1", "2"), [1, 0, 1]),
        ([[0, 1], [1, 0], [0, 1]], ("1", "2"), [1, 0, 1]),
    ],
)
def test_labels_are_the_runs_classes(labels, names, expected):
    data = read_scored((TABLE[:3], labels), schema(*names))
    assert data.test.labels.tolist() == expected and data.class_names == names


def test_values_and_columns():
    values = schema(task="regression", columns=("a", "b", "c"))
    with pytest.warns(tfmlp.errors.TfmlpWarning, match="matched by position"):
        data = read_scored((TABLE, TABLE[:, 0]), values)
    assert np.array_equal(data.test.labels, TABLE[:, 0]) and len(data.test) == 60
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(TABLE, columns=list("cba"))
    data = read_scored((frame.assign(more="text"), TABLE[:, 0]), values)
    assert np.array_equal(data.test.features, TABLE[:, ::-1])


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ((TABLE[:, :2], LABELS), r"the model takes features of shape \(3,\); received \(2,\)"),
        ((TABLE, LABELS[:9]), "equally many; received 60 and 9"),
        ((TABLE, LABELS + 1), "y: '2' is no class: .*known: dark, light"),
        ((TABLE, np.where(LABELS, "light", "gray")), "y: 'gray' is no class"),
        ((TABLE, LABELS + 0.5), "y: '0.5' is no class"),
        ((TABLE, [None, *LABELS[1:].tolist()]), "y: row 0 has no label"),
        ((TABLE, np.where(LABELS, np.nan, 0)), "y must be finite; row .* is nan"),
        ((TABLE, np.eye(3)[LABELS]), r"one-hot \[n, 2\]; received the shape \(60, 3\)"),
        ((WITH_NAN, LABELS), "features must be finite .*received nan at row 4, column 2"),
        ((TABLE[:0], LABELS[:0]), "x has no examples"),
        ((TABLE, LABELS, LABELS), r"or arrays \(x, y\); received a tuple of 3"),
        (TABLE, "a Dataset or arrays .*received ndarray"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(pair, message):
    with pytest.raises(DataError, match=message) as error:
        read_scored(pair, schema(*NAMES))
    assert "\n" not in str(error.value)


def test_a_record_without_a_schema():
    with pytest.raises(DataError, match="format 1.*make a Dataset of them"):
        read_scored((TABLE, LABELS), None)
