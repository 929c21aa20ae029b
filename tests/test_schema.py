"""What a model's inputs and outputs are, and data that are brought into their form by name."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.data.matching import match
from tfmlp.data.rowfile import RowFile
from tfmlp.data.schema import Schema
from tfmlp.data.sources import load_dataset
from tfmlp.errors import DataError, TfmlpWarning

TABLE = {
    "length": [round(0.1 * i, 1) for i in range(40)],
    "width": [i % 7 for i in range(40)],
    "species": ["oak", "ash", "elm", "elm"] * 10,
}


def load(folder, table, target="species", **options):
    """Writes a table of columns by name as a CSV file, and loads it."""
    lines = [",".join(table), *(",".join(map(str, cells)) for cells in zip(*table.values()))]
    (folder / "table.csv").write_text("\n".join(lines))
    return load_dataset(f"csv:{folder}/table.csv", target=target, validation=0.2, **options)


@pytest.fixture
def trees(tmp_path):
    return load(tmp_path, TABLE)


def assert_same_splits(data, expected):
    assert data.splits.keys() == expected.splits.keys()
    for name, split in data.splits.items():
        assert np.array_equal(split.features, expected.splits[name].features)
        assert np.array_equal(split.labels, expected.splits[name].labels)
        assert split.features.flags.c_contiguous and split.labels.dtype == np.int32


def test_a_table_has_a_schema_that_survives_json(trees):
    schema = trees.schema
    assert schema == Schema(
        task="classification",
        feature_shape=(2,),
        feature_dtype="float32",
        columns=("length", "width"),
        column_kinds=("number", "number"),
        class_names=("ash", "elm", "oak"),
        target="species",
    )
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_images_and_values_have_schemas(tmp_path, mnist_dir):
    with pytest.warns(TfmlpWarning, match="not the published"):
        images = load_dataset("mnist", data_dir=str(mnist_dir))
    digits = tuple("0123456789")
    assert images.schema == Schema("classification", (28, 28, 1), "uint8", class_names=digits)
    values = load(tmp_path, {"a": range(9), "y": range(9)}, target="y", task="regression")
    assert values.schema == Schema("regression", (1,), "float32", ("a",), ("number",), target="y")
    for data in (images, values):
        assert Schema.from_dict(data.schema.to_dict()) == data.schema


def test_nothing_is_touched_where_nothing_differs(trees, tmp_path):
    assert match(trees, trees.schema) is trees
    assert match(trees, Schema.from_dict(trees.schema.to_dict())) is trees


def test_columns_in_another_order_are_put_into_the_models(trees, tmp_path):
    names = ("species", "width", "length")
    data = load(tmp_path, {name: TABLE[name] for name in names})
    assert not np.array_equal(data.test.features, trees.test.features)
    matched = match(data, trees.schema)
    assert matched.schema == trees.schema and matched.provenance is data.provenance
    assert_same_splits(matched, trees)


def test_classes_that_sort_otherwise_get_the_models_labels(trees, tmp_path):
    # Without oak, ash and elm keep their numbers; without ash, elm and oak must not become 0 and 1.
    for missing, stays in (("oak", True), ("ash", False)):
        kept = [i for i, name in enumerate(TABLE["species"]) if name != missing]
        data = load(tmp_path, {name: [cells[i] for i in kept] for name, cells in TABLE.items()})
        matched = match(data, trees.schema)
        assert matched.schema == trees.schema
        for name, split in matched.splits.items():
            before = [data.class_names[label] for label in data.splits[name].labels]
            assert [trees.class_names[label] for label in split.labels] == before
            assert (split.labels is data.splits[name].labels) == stays
            assert split.features is data.splits[name].features


def test_the_models_classes_in_another_order(trees):
    numbers = np.array([2, 0, 1])  # of ash, elm and oak
    schema = replace(trees.schema, class_names=("elm", "oak", "ash"))
    matched = match(trees, schema)
    assert matched.class_names == schema.class_names
    for name, split in matched.splits.items():
        assert np.array_equal(split.labels, numbers[trees.splits[name].labels])
        assert split.labels.dtype == np.int32


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            {"width": "widht"},
            "missing: 'width'; additional: 'widht'; 'widht': did you mean 'width'",
        ),
        ({"width": None}, "expected the 2 columns .* missing: 'width'. Rename, add or remove"),
        ({"height": "height"}, "additional: 'height'"),
        ({"species": "kind"}, "the model predicts 'species'; received the target 'kind'"),
    ],
)
def test_columns_of_other_names_are_refused(trees, tmp_path, names, message):
    table = TABLE | {"height": TABLE["width"]}
    wanted = dict(zip(TABLE, TABLE)) | names
    table = {wanted[name]: cells for name, cells in table.items() if wanted.get(name)}
    data = load(tmp_path, table, target=wanted["species"])
    with pytest.raises(DataError, match=message) as error:
        match(data, trees.schema)
    assert "\n" not in str(error.value)


def test_classes_that_the_model_does_not_know_are_refused(trees, tmp_path):
    data = load(tmp_path, TABLE | {"species": ["oak", "Ash", "elm", "fir"] * 10})
    with pytest.raises(DataError, match=r"'Ash', 'fir': did you mean 'ash'\? \(known: ash, elm"):
        match(data, trees.schema)


def test_a_class_is_refused_where_it_occurs_in_any_split(trees):
    schema = replace(trees.schema, class_names=("ash", "elm"))
    common = np.minimum(trees.train.labels, 1)
    without = replace(
        trees,
        train=replace(trees.train, labels=common),
        validation=None,
        test=replace(trees.test, labels=np.minimum(trees.test.labels, 1)),
    )
    assert match(without, schema).class_names == schema.class_names  # named, and never met
    for name in ("train", "validation", "test"):
        split = replace(trees.splits[name], labels=np.full_like(trees.splits[name].labels, 2))
        with pytest.raises(DataError, match="received 'oak'"):
            match(replace(without, **{name: split}), schema)


def test_another_task_and_another_shape_are_refused(trees, tmp_path):
    values = load(tmp_path, TABLE | {"species": range(40)}, task="regression")
    with pytest.raises(DataError, match="expected data for classification.*--task classification"):
        match(values, trees.schema)
    with pytest.raises(DataError, match=r"features of shape \(3,\); received \(2,\)"):
        match(trees, Schema("classification", (3,), "float32", class_names=trees.class_names))
    with pytest.raises(DataError, match=r"features of shape \(28, 28, 1\); received \(2,\)"):
        match(trees, replace(trees.schema, feature_shape=(28, 28, 1), columns=()))


def test_without_names_columns_are_matched_by_position_and_it_is_said(trees, tmp_path):
    old = replace(trees.schema, columns=(), column_kinds=(), target=None)
    with pytest.warns(TfmlpWarning, match="recorded no column names: columns are matched by pos"):
        assert match(trees, old) is trees
    nameless = replace(trees, columns=(), target=None)
    with pytest.warns(TfmlpWarning, match="table.csv has no column names: columns are matched"):
        assert match(nameless, trees.schema) is nameless


def arrays(features, labels=(0, 1, 2)):
    split = Split(features, np.resize(np.int32(labels), len(features)))
    names = tuple(map(str, range(max(labels) + 1)))
    return Dataset(split, None, split, "classification", names, Provenance("arrays", "a test"))


def test_numbered_classes_of_which_the_data_have_fewer(recwarn):
    images = np.zeros((6, 4, 4, 1), np.uint8)
    schema = arrays(images).schema
    matched = match(arrays(images, labels=(0, 1)), schema)
    assert matched.num_classes == 3 and matched.schema == schema
    with pytest.raises(DataError, match="received '3': known: 0, 1, 2"):
        match(arrays(images, labels=(0, 3)), schema)
    assert not recwarn.list


def test_features_on_disk_stay_there(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12, dtype=np.float32).reshape(6, 2))
    data = arrays(RowFile(tmp_path / "x.npy"))
    renumbered = match(data, replace(data.schema, class_names=("2", "1", "0")))
    assert renumbered.train.features is data.train.features
    assert renumbered.train.labels.tolist() == [2, 1, 0, 2, 1, 0]
    named = replace(data, columns=("a", "b"))
    assert match(named, named.schema) is named
    with pytest.raises(DataError, match="stay on disk cannot be put into the model's order"):
        match(named, replace(named.schema, columns=("b", "a")))


GOOD = {
    "task": "classification",
    "feature_shape": [2],
    "feature_dtype": "float32",
    "columns": ["a", "b"],
    "column_kinds": ["number", "number"],
    "class_names": ["no", "yes"],
    "target": "y",
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "ranking"}, "task must be classification or regression; received 'ranking'"),
        ({"task": None}, "task must be"),
        ({"feature_shape": "2"}, "feature_shape must be"),
        ({"feature_shape": [2, 3]}, "feature_shape must be"),
        ({"feature_shape": [0]}, "feature_shape must be"),
        ({"feature_shape": [True]}, "feature_shape must be"),
        ({"feature_shape": [2.0]}, "feature_shape must be"),
        ({"feature_shape": [3]}, r"must be \[2\], one for each name in columns; received \[3\]"),
        ({"feature_dtype": "float64"}, "feature_dtype must be uint8 or float32"),
        ({"columns": ["a", "a"]}, "columns must differ"),
        ({"columns": "ab"}, "columns must be a list of names; received 'ab'"),
        ({"columns": [1, 2]}, "columns must be a list of names"),
        ({"column_kinds": ["number"]}, "column_kinds must be number for each of 2 columns"),
        ({"column_kinds": ["number", "color"]}, "column_kinds must be number for each"),
        ({"class_names": ["no", "no"]}, "class_names must differ"),
        ({"class_names": []}, "class_names must be there for classification"),
        ({"task": "regression"}, "class_names must be there for classification.*received 2"),
        ({"class_names": {"no": 1}}, "class_names must be a list"),
        ({"target": 3}, "target must be a name or null; received 3"),
        ({"colour": 1}, "received 'colour'"),
    ],
)
def test_nonsense_is_no_schema(changes, message):
    assert Schema.from_dict(GOOD).to_dict() == GOOD
    with pytest.raises(DataError, match=message) as error:
        Schema.from_dict(GOOD | changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("values", [None, [], "schema", 3])
def test_what_is_no_table_is_no_schema(values):
    with pytest.raises(DataError, match="expected a table of attributes"):
        Schema.from_dict(values)


def test_an_old_record_lacks_names():
    old = {name: GOOD[name] for name in ("task", "feature_shape", "feature_dtype", "class_names")}
    schema = Schema.from_dict(old)
    assert schema.columns == schema.column_kinds == () and schema.target is None
    with pytest.raises(DataError, match="feature_shape must be"):
        Schema.from_dict({"task": "regression"})
