"""What people type to train on data that they have in memory."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import tfmlp
from tfmlp import Config, ConfigError, DataError, Dataset, Split
from tfmlp.data.dataset import Provenance

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(100, 4))
Y = (X[:, 0] > 0).astype(np.int64)
FLOATS, CLASSES = X.astype(np.float32), Y.astype(np.int32)
WITH_NAN = np.where(np.arange(400).reshape(100, 4) == 14, np.nan, X)
IMAGES = RANDOM.integers(0, 256, (100, 8, 8), dtype=np.uint8)
QUICK = Config.from_options(backend="numpy", hidden_units=(8,), epochs=1, batch_size=16)


class Frame:
    """As much of a data frame as is needed: columns by name."""

    def __init__(self, **columns):
        self._columns = {name: np.asarray(values) for name, values in columns.items()}
        self.columns = list(columns)

    def __getitem__(self, name):
        return SimpleNamespace(to_numpy=lambda: self._columns[name])

    def to_numpy(self):
        return np.stack(list(self._columns.values()), axis=1)


HOUSES = {
    "rooms": np.arange(60) % 7,
    "area": np.linspace(50, 200, 60),
    "new": np.arange(60) % 2 == 0,
    "kind": np.array(["flat", "house"] * 30, object),
}


def sizes(data):
    return [len(split) for split in data.splits.values()]


# --- from_arrays


def test_shares_numbers_and_pairs():
    assert sizes(Dataset.from_arrays(X, Y)) == [72, 8, 20]
    assert sizes(Dataset.from_arrays(X, Y, validation=10, test=20)) == [70, 10, 20]
    assert sizes(Dataset.from_arrays(X, Y, validation=0, test=0.5)) == [50, 50]
    pairs = {"validation": (X[:30], Y[:30]), "test": (X[:40], Y[:40])}
    assert sizes(Dataset.from_arrays(X, Y, **pairs)) == [100, 30, 40]


def test_the_same_split_as_that_of_a_file():
    np.savez("a.npz", x=X, y=Y)
    of_file, of_arrays = (
        tfmlp.load_dataset("arrays:a.npz", seed=3),
        Dataset.from_arrays(X, Y, seed=3),
    )
    for name, split in of_file.splits.items():
        assert np.array_equal(split.features, of_arrays.splits[name].features)
        assert np.array_equal(split.labels, of_arrays.splits[name].labels)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (Y, "01"),
        (Y[:, np.newaxis], "01"),
        (Y.astype(np.uint8), "01"),
        (Y.astype(float), "01"),
        (np.eye(2)[Y], "01"),
        (np.eye(2, dtype=np.uint8)[Y], "01"),
        (Y.astype(object), "01"),
        (Y.tolist(), "01"),
        (Y.astype(bool), ("False", "True")),
        (np.array(["a", "b"])[Y], "ab"),
        (np.array(["a", "b"], object)[Y], "ab"),
        (np.array([b"a", b"b"])[Y], "ab"),
        ([["a", "b"][label] for label in Y], "ab"),
    ],
    ids=lambda value: f"{getattr(value, 'dtype', type(value).__name__)}",
)
def test_labels_in_every_form_are_the_same_classes(labels, names):
    data = Dataset.from_arrays(X, labels)
    assert data.task == "classification" and data.class_names == tuple(names)
    assert np.array_equal(data.test.labels, Dataset.from_arrays(X, Y).test.labels)
    assert data.test.labels.dtype == np.int32


def test_names_and_values():
    data = Dataset.from_arrays(X, Y, class_names=["no", "yes"], columns=list("abcd"))
    assert data.schema.class_names == ("no", "yes") and data.schema.columns == tuple("abcd")
    reordered = Dataset.from_arrays(X, np.array(["a", "b"])[Y], class_names=["b", "a"])
    assert np.array_equal(reordered.test.labels, 1 - data.test.labels)
    assert Dataset.from_arrays(X, X[:, 1]).task == "regression"
    assert Dataset.from_arrays(X, Y, task="regression").test.labels.dtype == np.float32
    assert Dataset.from_arrays(IMAGES, Y).feature_shape == (8, 8, 1)
    assert Dataset.from_arrays(X, Y + 1, class_names=["none", "no", "yes"]).num_classes == 3


def test_arrays_have_a_digest_that_tells_them_apart():
    one, other = Dataset.from_arrays(X, Y), Dataset.from_arrays(X, 1 - Y)
    assert one.provenance.sha256 == Dataset.from_arrays(X.copy(), Y).provenance.sha256
    assert one.provenance.sha256 != other.provenance.sha256


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (WITH_NAN, Y, {}, "received nan at row 3, column 2: remove or fill"),
        (WITH_NAN, Y, {"columns": list("abcd")}, "received nan at row 3, column 'c'"),
        (X * 1e300, Y, {}, "finite in float32; received -?inf"),
        (X, Y, {"test": (WITH_NAN, Y)}, "test features must be finite"),
        (X, Y[:50], {}, "equally many; received 100 and 50"),
        (X.T, Y, {}, "the examples are the last axis: pass numpy.moveaxis"),
        (X[:0], Y[:0], {}, "x has no examples"),
        (X[:, 0], Y, {}, r"received the shape \(100,\): for one column, pass x.reshape\(-1, 1\)"),
        ([[1, 2], [3]], [0, 1], {}, "examples of one shape"),
        (
            np.array([["1", "red"]] * 100),
            Y,
            {},
            "received text, such as .*'red'.* in row 0, column 1",
        ),
        (np.array([[1, None]] * 100), Y, {}, "x features must be finite|nan at row 0, column 1"),
        (SimpleNamespace(toarray=None), Y, {}, "pass x.toarray()"),
        (X, Y * 0, {}, "at least two classes"),
        (X, Y + 1, {}, "labels run from 1 to 2: expected classes from 0. Pass y - 1"),
        (X, np.arange(100) % 10 + 1, {}, "labels run from 1 to 10: .*y % 10"),
        (X, 2 * Y - 1, {}, r"labels run from -1 to 1: .*\(y > 0\)"),
        (X, np.arange(100), {}, "100 different whole numbers in 100 examples: give task="),
        (X, np.where(Y, np.nan, 0), {}, "y must be finite; row .* is nan"),
        (X, [None, *Y[1:]], {}, "row 0 has no label"),
        (X, X[:, :2], {}, "must be one-hot"),
        (X, X[:, :2], {"task": "regression"}, "one an example"),
        (X, np.where(Y, "a", "b"), {"task": "regression"}, "text, such as 'b'|text, such as 'a'"),
        (X, np.where(Y, "a", "b"), {"class_names": ["a", "c"]}, "'b' is no class: .*known: a, c"),
        (X, Y, {"class_names": ["a"]}, "labels must be 0 to 0; received 1"),
        (X, Y, {"class_names": ["a", "a"]}, "'a' twice"),
        (X, Y, {"columns": ["a"]}, "received 1 names"),
        (X, Y, {"task": "clasification"}, "did you mean 'classification'"),
        (X, Y, {"validation": -1}, "validation must be a share"),
        (X, Y, {"test": 0}, "test must be a share .*more than 0"),
        (X, Y, {"test": (X[:, :2], Y)}, "same shape"),
    ],
)
def test_what_is_wrong_is_said_in_words_of_the_data(x, y, options, message):
    with pytest.raises(DataError, match=message) as error:
        Dataset.from_arrays(x, y, **options)
    assert "\n" not in str(error.value)


def test_stratified_splits_keep_the_classes_shares():
    labels = np.repeat([0, 1, 2], [90, 8, 2])
    for seed in range(5):
        data = Dataset.from_arrays(X, labels, validation=0.25, test=0.5, stratify=True, seed=seed)
        counts = data.class_counts()
        assert counts["test"].tolist() == [45, 4, 1]
        # A quarter of what is left: 12.5 examples, rounded to 12, of 45, 4 and 1.
        assert counts["validation"].tolist() == [11, 1, 0] and counts["train"].sum() == 38
    again = Dataset.from_arrays(X, labels, validation=0.25, test=0.5, stratify=True, seed=4)
    assert np.array_equal(again.test.features, data.test.features)
    other = Dataset.from_arrays(X, labels, validation=0.25, test=0.5, stratify=True, seed=9)
    assert not np.array_equal(other.test.features, data.test.features)
    with pytest.raises(ConfigError, match="stratify is for classes"):
        Dataset.from_arrays(X, X[:, 0], stratify=True)


# --- frames


def test_a_frame_as_it_is():
    data = Dataset.from_frame(Frame(**HOUSES), "kind")
    assert data.columns == ("rooms", "area", "new") and data.target == "kind"
    assert data.class_names == ("flat", "house") and sizes(data) == [43, 5, 12]
    data = Dataset.from_frame(Frame(**HOUSES), "area", drop=["kind"])
    assert data.task == "regression" and data.columns == ("rooms", "new")
    held = Dataset.from_frame(Frame(**HOUSES), "kind", test=Frame(**HOUSES))
    assert sizes(held) == [54, 6, 60]
    x = Frame(**{name: HOUSES[name] for name in ("rooms", "area")})
    assert Dataset.from_arrays(x, HOUSES["kind"]).columns == ("rooms", "area")


@pytest.mark.parametrize(
    ("changed", "target", "message"),
    [
        ({}, "rooms", r"column 'kind' holds text \('flat'\): leave it out with drop=\['kind'\]"),
        ({}, "knd", "no column 'knd': did you mean 'kind'"),
        ({"rooms": [1, None] * 30}, "kind", "column 'rooms' has no value in row 1"),
        ({"area": [1.0, np.nan] * 30}, "kind", "nan at row 1, column 'area'|nan at row .*'area'"),
        ({"area": np.arange(60).astype("datetime64[D]")}, "kind", "column 'area' holds dates"),
        ({"kind": ["a", None] * 30}, "kind", "row 1 has no label"),
    ],
)
def test_frames_that_cannot_be_trained_on(changed, target, message):
    with pytest.raises(DataError, match=message):
        Dataset.from_frame(Frame(**HOUSES | changed), target)


def test_what_is_no_frame():
    with pytest.raises(DataError, match=r"expects a data frame.*Dataset.from_arrays\(x, y\)"):
        Dataset.from_frame(X, "y")


def test_a_frame_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(HOUSES)
    data, other = Dataset.from_frame(frame, "kind"), Dataset.from_frame(Frame(**HOUSES), "kind")
    assert np.array_equal(data.train.features, other.train.features)
    assert data.schema == other.schema
    frame["kind"] = frame["kind"].astype("category")
    frame["rooms"] = frame["rooms"].astype("Int64")
    assert Dataset.from_frame(frame, "kind").schema == other.schema
    frame.loc[3, "rooms"] = pandas.NA
    with pytest.raises(DataError, match="(row 3.*'rooms')|('rooms'.*row 3)"):
        Dataset.from_frame(frame, "kind")


# --- tf.data


def test_a_tfdata_dataset_batched_or_not():
    import tensorflow as tf

    expected = Dataset.from_arrays(X, Y, test=30)
    single = tf.data.Dataset.from_tensor_slices((X, Y))
    for dataset in (single, single.batch(7), single.batch(10, drop_remainder=True), single.cache()):
        data = Dataset.from_tfdata(dataset, test=30)
        assert np.array_equal(data.train.features, expected.train.features)
        assert np.array_equal(data.train.labels, expected.train.labels)
    assert sizes(Dataset.from_tfdata(single.batch(7), test=single.take(9))) == [90, 10, 9]
    ragged = tf.data.Dataset.range(9).map(lambda n: (tf.zeros([n, 2]), n))
    images = tf.data.Dataset.from_tensor_slices((IMAGES, np.eye(2)[Y]))
    assert Dataset.from_tfdata(images).feature_shape == (8, 8, 1)
    for dataset, message in (
        (single.repeat(), "never ends"),
        (
            single.map(lambda x, y: {"image": x, "label": y}),
            "dicts of image, label: .*as_supervised",
        ),
        (single.map(lambda x, y: x), "must have elements"),
        (single.take(0), "no examples"),
        (ragged, "cannot be read: Cannot add tensor to the batch"),
        (X, "must be a tf.data.Dataset; received ndarray"),
    ):
        with pytest.raises(DataError, match=message):
            Dataset.from_tfdata(dataset)


def test_a_tfdata_dataset_that_memory_does_not_hold(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr("tfmlp.files.machine_memory", lambda: 4000)
    endless = tf.data.Dataset.from_generator(
        lambda: itertools.repeat((X[0], 0)),
        output_signature=(tf.TensorSpec(4, tf.float64), tf.TensorSpec((), tf.int64)),
    )
    with pytest.raises(DataError, match="more examples than memory takes"):
        Dataset.from_tfdata(endless)


# --- fit


def test_fit_takes_arrays():
    training = tfmlp.fit(QUICK, (X, Y))
    (epoch,) = training
    assert epoch.validation is not None and sizes(training.data) == [72, 8, 20]
    (same,) = tfmlp.fit(QUICK, Dataset.from_arrays(X, Y))
    assert same.train.loss == epoch.train.loss
    training = tfmlp.fit(QUICK, ((X, Y), (X[:30], Y[:30])))  # as Keras' load_data returns it
    assert sizes(training.data) == [90, 10, 30]
    config = QUICK.replace(validation=0, test_share=0.5, stratify=True, task="classification")
    assert sizes(tfmlp.fit(config, (X, Y)).data) == [50, 50]


@pytest.mark.parametrize("data", [X, (X, Y, X), [X, Y], {"x": X}])
def test_fit_says_what_it_takes(data):
    with pytest.raises(ConfigError, match=r"fit expects a tfmlp.Dataset or arrays \(x, y\)"):
        tfmlp.fit(QUICK, data)


def handmade(features=FLOATS, labels=CLASSES):
    split = Split(features, labels)
    return Dataset(split, None, split, "classification", ("0", "1"), Provenance("mine", "a test"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (handmade(WITH_NAN.astype(np.float32)), "mine: train features.*nan at row 3, column 2"),
        (handmade(labels=Y[:50]), "equally many; received 100 and 50"),
        (handmade(labels=Y + 1), "labels must be 0 to 1, .*received 2"),
        (handmade(labels=Y + 0.5), "whole numbers"),
        (handmade(features=X[0]), "must be tables"),
        (replace(handmade(), test=Split(WITH_NAN, Y)), "mine: test features.*nan"),
        (replace(Dataset.from_arrays(X, Y), test=Split(WITH_NAN, Y)), "test features.*nan"),
    ],
)
def test_a_handmade_dataset_is_checked_when_it_is_fitted(data, message):
    with pytest.raises(DataError, match=message):
        tfmlp.fit(QUICK, data)


def test_a_handmade_dataset_of_other_types_is_trained_on(monkeypatch):
    (epoch,) = tfmlp.fit(QUICK, handmade())
    (other,) = tfmlp.fit(QUICK, handmade(X, Y[:, np.newaxis]))
    assert other.train.loss == epoch.train.loss
    data = Dataset.from_arrays(X, Y)
    monkeypatch.setattr("tfmlp.data.checks.check_split", None)  # what is checked is not again
    assert tfmlp.fit(QUICK, data).data is data
