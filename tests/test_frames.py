"""Frames of pandas and polars: a dataset of them, and what a model predicts of them."""

import warnings

import numpy as np
import pytest

import tfmlp
from tfmlp import DataError, Dataset

HOUSES = {
    "rooms": np.arange(60) % 7,
    "area": np.linspace(50, 200, 60),
    "new": np.arange(60) % 2 == 0,
    "kind": ["flat", "house"] * 30,
}
COLUMNS = ("rooms", "area", "new")
TABLE = np.stack([HOUSES[name] for name in COLUMNS], axis=1).astype(np.float32)


@pytest.fixture(params=["pandas", "polars"])
def frame(request):
    return pytest.importorskip(request.param).DataFrame(HOUSES)


@pytest.fixture
def polars():
    return pytest.importorskip("polars")


@pytest.fixture(scope="module")
def training():
    kinds = np.array(HOUSES["kind"])
    data = Dataset.from_arrays(TABLE, kinds, columns=COLUMNS)
    config = tfmlp.Config.from_options(hidden_units=(8,), epochs=2, preprocessing="standardize")
    training = tfmlp.fit(config, data)
    list(training)
    return training


def test_a_frame_makes_the_dataset_that_its_arrays_make(frame):
    data = Dataset.from_frame(frame, "kind")
    expected = Dataset.from_arrays(TABLE, HOUSES["kind"], columns=COLUMNS)
    assert data.columns == COLUMNS and data.class_names == ("flat", "house")
    for name, split in expected.splits.items():
        assert np.array_equal(data.splits[name].features, split.features)
        assert np.array_equal(data.splits[name].labels, split.labels)
    held = Dataset.from_frame(frame, "kind", validation=frame[:10], test=frame[:20])
    assert [len(split) for split in held.splits.values()] == [60, 10, 20]
    values = Dataset.from_frame(frame, "area", drop=["kind"])
    assert values.task == "regression" and values.columns == ("rooms", "new")
    assert Dataset.from_frame(frame, "new", drop="kind").class_names == ("False", "True")
    series = Dataset.from_arrays(frame[["rooms", "area"]], frame["kind"])
    assert series.columns == ("rooms", "area") and series.class_names == data.class_names


def test_a_frames_columns_are_predicted_of_by_their_names(frame, training):
    expected = training.predict(TABLE)
    assert np.array_equal(training.predict(frame), expected)  # the target is passed over
    assert np.array_equal(training.predict(frame[["new", "area", "rooms"]]), expected)
    assert training.predict(frame[:0]).shape == (0, 2)
    with pytest.raises(DataError, match="the frame has no column 'area': known: new, rooms"):
        training.predict(frame[["new", "rooms"]])


def test_columns_whose_names_are_numbers():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(TABLE)  # its columns are 0, 1, 2
    data = Dataset.from_frame(table.assign(kind=HOUSES["kind"]), "kind")
    config = tfmlp.Config.from_options(hidden_units=(8,), epochs=1)
    training = tfmlp.fit(config, data)
    assert np.array_equal(training.predict(table[[2, 1, 0]]), training.predict(TABLE))


def test_types_of_polars(polars):
    frame = polars.DataFrame(HOUSES)
    expected = Dataset.from_frame(frame, "kind")
    kinds = polars.Enum(["house", "flat"])
    changes = (
        polars.col("kind").cast(polars.Categorical),
        polars.col("kind").cast(kinds),
        polars.col("rooms").cast(polars.Int8),
        polars.col("area").cast(polars.Decimal(20, 16)),
    )
    for changed in changes:
        data = Dataset.from_frame(frame.with_columns(changed), "kind")
        assert data.schema == expected.schema
        assert np.array_equal(data.train.features, expected.train.features), changed


def test_what_polars_has_and_a_model_does_not_take(polars, training):
    frame = polars.DataFrame(HOUSES)

    def emptied(name):
        return polars.when(polars.col("rooms") == 3).then(None).otherwise(polars.col(name))

    for changed, message in (
        ({"rooms": emptied("rooms")}, "nan at row 3, column 'rooms'"),
        ({"new": emptied("new")}, r"'new' has no value in row 3: .*drop=\['new'\]"),
        ({"kind": emptied("kind")}, "row 3 has no label"),
        ({"area": polars.date(2020, 1, 1)}, "column 'area' holds dates"),
        ({"area": polars.concat_list("rooms", "area")}, "column 'area' holds values of the type"),
    ):
        with pytest.raises(DataError, match=message) as error:
            Dataset.from_frame(frame.with_columns(**changed), "kind")
        assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="'new' has no value in row 3: remove the row or fill it.$"):
        training.predict(frame.with_columns(new=emptied("new")))
    lazy = frame.lazy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # polars warns when a lazy frame is asked for its columns
        for call in (
            lambda: Dataset.from_frame(lazy, "kind"),
            lambda: Dataset.from_arrays(lazy, HOUSES["kind"]),
            lambda: training.predict(lazy),
        ):
            with pytest.raises(DataError, match=r"received a LazyFrame: pass frame.collect\(\)"):
                call()
