"""Readers of files: what they give for whole files, and what they say of others."""

import gzip
import struct

import numpy as np
import pytest
import scipy.io

from tests.conftest import write_idx
from tfmlp.data.arrays import read_arrays
from tfmlp.data.idx import read_idx
from tfmlp.data.sources import import_reader, load_dataset
from tfmlp.data.svhn import read_mat
from tfmlp.data.synthetic import write_mat
from tfmlp.data.tabular import read_table
from tfmlp.errors import ConfigError, DataError, TfmlpWarning
from tfmlp.settings.data import DataConfig


@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_idx_gives_back_what_was_written_and_the_same_identity(tmp_path, name):
    values = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    read, digest = read_idx(write_idx(tmp_path / name, values))
    assert np.array_equal(read, values) and read.dtype == np.uint8
    for other in ("other.gz", "plain"):
        assert read_idx(write_idx(tmp_path / other, values))[1] == digest


def test_idx_of_big_endian_numbers(tmp_path):
    (tmp_path / "f").write_bytes(struct.pack(">BBBBI3f", 0, 0, 0x0D, 1, 3, 1.5, -2.0, 3.25))
    assert read_idx(tmp_path / "f")[0].tolist() == [1.5, -2.0, 3.25]


WHOLE = struct.pack(">BBBBI", 0, 0, 8, 1, 4) + b"abcd"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"\x00\x00", "expected an IDX file"),
        (b"PK\x03\x04" + bytes(20), "50 4b 03 04"),
        (WHOLE[:6], "ends within its header"),
        (WHOLE[:-1], "4 bytes; received at most 3"),
        (WHOLE + b"x", "4 bytes; received more"),
        (
            struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 28, 28) + b"abcd",
            "1,683,627,180,032 bytes; received at most 4",
        ),
        (gzip.compress(WHOLE)[:-9], "damaged gzip"),
        (gzip.compress(WHOLE)[:-8] + bytes(8), "damaged gzip"),
    ],
)
def test_idx_that_is_not_whole(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "file")


def test_mat_gives_back_what_was_written(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)
    labels = np.array([0, 1, 2, 9, 0, 5, 6])
    write_mat(tmp_path / "a.mat", images, labels)
    # In the file, SVHN's label 10 means digit 0, and the image's number is the last index.
    raw = scipy.io.loadmat(tmp_path / "a.mat")
    assert raw["y"].ravel().tolist() == [10, 1, 2, 9, 10, 5, 6] and raw["X"].shape == (32, 32, 3, 7)
    assert np.array_equal(raw["X"][..., 3], images[3])
    contents = read_mat(tmp_path / "a.mat")
    assert np.array_equal(contents.images, images) and np.array_equal(contents.labels, labels)
    write_mat(tmp_path / "b.mat", images, labels)
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()


def test_mat_of_one_image(tmp_path):
    write_mat(tmp_path / "a.mat", np.zeros((1, 32, 32, 3), np.uint8), np.array([3]))
    assert read_mat(tmp_path / "a.mat").images.shape == (1, 32, 32, 3)


X, Y = np.zeros((32, 32, 3, 2), np.uint8), np.array([[1], [10]], np.uint8)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"X": X}, "missing: y"),
        ({"a": X}, "missing: X and y"),
        ({"X": X.astype(float), "y": Y}, "X must be uint8.*float64"),
        ({"X": X.transpose(3, 0, 1, 2), "y": Y}, r"received uint8 \[2, 32, 32, 3\]"),
        ({"X": X, "y": Y[:1]}, "y must hold one number per image, 2"),
        ({"X": X, "y": Y - 1}, "labels must be 1 to 10.*received 0 at row 0"),
        ({"X": X, "y": Y + 1}, "received 11 at row 1"),
        ({"X": X, "y": np.array([[1.5], [2]])}, "received 1.5 at row 0"),
        (
            {"X": X, "y": np.array([["a"], ["b"]], object)},
            "y must be a plain array of numbers; received a cell array",
        ),
        ({"X": {"a": 1}, "y": Y}, "X must be a plain array of numbers; received a struct"),
        ({"X": X, "y": "1"}, "received text"),
    ],
)
def test_mat_in_another_layout(tmp_path, variables, message):
    scipy.io.savemat(tmp_path / "a.mat", variables)
    with pytest.raises(DataError, match=message):
        read_mat(tmp_path / "a.mat")


def test_mat_that_is_not_whole(tmp_path):
    write_mat(tmp_path / "a.mat", np.zeros((9, 32, 32, 3), np.uint8), np.arange(9))
    whole = (tmp_path / "a.mat").read_bytes()
    for content, message in (
        (b"", "an empty file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), "MATLAB 7.3 files must be saved again"),
        (whole[: len(whole) // 2], "damaged .mat file"),
        (whole[:130], "damaged .mat file|missing"),
        (whole[:200] + bytes(40) + whole[240:], "damaged .mat file"),
    ):
        (tmp_path / "a.mat").write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_mat(tmp_path / "a.mat")


ROWS = np.random.default_rng(0).random((50, 3)).astype(np.float32)
CLASSES = np.arange(50) % 3
TRAIN = {"x_train": ROWS, "y_train": CLASSES}
WITH_NAN = np.where(ROWS == ROWS[7, 2], np.nan, ROWS)


@pytest.mark.parametrize(
    ("names", "sizes"),
    [
        (("x", "y"), {"train": 40, "test": 10}),
        (("x_train", "y_train", "x_test", "y_test"), {"train": 50, "test": 50}),
    ],
)
def test_arrays(tmp_path, names, sizes):
    np.savez(tmp_path / "a.npz", **dict(zip(names, (ROWS, CLASSES) * 2)))
    data = load_dataset(f"arrays:{tmp_path}/a.npz", validation=0)
    assert {name: len(split) for name, split in data.splits.items()} == sizes
    assert data.num_classes == 3 and data.train.features.dtype == np.float32


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": ROWS}, "arrays named x_train.*received a"),
        ({"x": ROWS, "y": CLASSES[:9]}, "equally many; received 50 and 9"),
        ({"x": ROWS[:0], "y": CLASSES[:0]}, "at least one, received none"),
        ({"x": WITH_NAN, "y": CLASSES}, "nan at row 7, column 2"),
        ({"x": ROWS.astype(np.float64) * 1e300, "y": CLASSES}, "finite in float32"),
        ({"x": ROWS, "y": CLASSES - 1}, "classes 0, 1, 2.*received -1"),
        ({"x": ROWS, "y": CLASSES + 0.5}, "whole numbers for classification"),
        ({"x": ROWS, "y": CLASSES * 10**8}, "--task regression"),
        ({"x": ROWS, "y": CLASSES * 0}, "at least two classes; all 40 are of class 0"),
        ({"x": ROWS, "y": np.array(["a"] * 50)}, "must hold numbers"),
        ({"x": ROWS, "y": np.array([None] * 50)}, "not a whole .npz file of plain arrays"),
        ({"x": ROWS[:, :0], "y": CLASSES}, "received the shape"),
        ({"x": ROWS[:, 0], "y": CLASSES}, "received the shape"),
        ({"x": ROWS, "y": ROWS}, r"labels must have the shape \[n\]"),
        (TRAIN | {"x_test": ROWS[:, :2], "y_test": CLASSES}, "same shape"),
        (TRAIN | {"x_test": (ROWS * 9).astype(np.uint8), "y_test": CLASSES}, "same type"),
    ],
)
def test_arrays_that_cannot_be_trained_on(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load_dataset(f"arrays:{tmp_path}/a.npz")


def test_npz_that_is_not_whole(tmp_path):
    np.savez(tmp_path / "a.npz", x=ROWS, y=CLASSES)
    whole = (tmp_path / "a.npz").read_bytes()
    np.save(tmp_path / "single.npy", ROWS)
    for content in (
        b"",
        b"hello",
        whole[:100],
        whole[:300] + b"xx" + whole[302:],
        (tmp_path / "single.npy").read_bytes(),
    ):
        (tmp_path / "a.npz").write_bytes(content)
        with pytest.raises(DataError, match="npz"):
            read_arrays(str(tmp_path / "a.npz"))
    with pytest.raises(DataError, match="No such file"):
        read_arrays("none.npz")


def table(tmp_path, text, target="y", task="classification"):
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(str(tmp_path / "a.csv"), target, task)


def test_a_table_of_classes_and_one_of_values(tmp_path):
    raw = table(tmp_path, "\ufeffa,y, b\n1,no,2\n\n3,yes,4.5\n5,no,6\n")
    assert raw.columns == ("a", "b") and raw.target == "y"
    assert raw.train[0].tolist() == [[1, 2], [3, 4.5], [5, 6]]
    assert raw.train[1].tolist() == [0, 1, 0] and raw.class_names == ("no", "yes")
    raw = table(tmp_path, "a,y\n1,10\n2,9\n3,10\n4,9\n")
    assert raw.class_names == ("9", "10")
    raw = table(tmp_path, "a,y\n1,1.5\n2,-3\n", task="regression")
    assert raw.train[1].tolist() == [1.5, -3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"received 0 column\(s\)"),
        ("a,y\n", r"0 row\(s\)"),
        ("a,y\n1\n", "line 2: expected 2 cells; received 1"),
        ("a,y\n1,2\nx,3\n", "line 3, column a: expected a number; received 'x'"),
        ("a,y\n,2\n", "column 'a', line 2: the value is missing"),
        ("a,y\n1,2\nnan,3\n", "expected a finite number; received 'nan'"),
        ("a,z\n1,2\n", "expected --target to name the column to predict; received 'y'"),
        ("a,a,y\n1,2,3\n", "received 'a' twice"),
        ("a,y\n1,\n", "column 'y', line 2: the class is missing"),
        ("a,y\n" + "".join(f"1,{i}\n" for i in range(50)), "50 different values in 50 rows"),
        (b"a,y\n\xff,1\n", "expected a number; received '\u00ff'"),
        (b"\xff\xfea,y\n1", "expected UTF-16"),
        (b"a,y\n1,\0\n", "expected UTF-8"),
        ('a,y\n"' + "x" * 200_000 + '",1\n', "not valid CSV"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        table(tmp_path, text)


def test_a_cut_of_mnist_loads_with_a_warning_and_is_recorded_as_such(mnist_dir):
    with pytest.warns(TfmlpWarning, match="not the published MNIST files"):
        data = load_dataset("mnist", data_dir=str(mnist_dir), validation=100)
    assert data.provenance.official is False
    sizes = {name: len(split) for name, split in data.splits.items()}
    assert sizes == {"train": 500, "validation": 100, "test": 200}
    assert data.feature_shape == (28, 28, 1)
    assert sum(data.class_counts()["train"]) == 500


def test_the_embedded_mnist_is_the_published_one(recwarn):
    data = load_dataset("mnist", validation=0)
    assert data.provenance.official is True
    assert not [warning for warning in recwarn if warning.category is TfmlpWarning]
    counts = " ".join(map(str, data.class_counts()["test"]))
    assert counts == "980 1135 1032 1010 982 892 958 1028 974 1009"


def test_a_named_folder_is_the_only_one_looked_at(tmp_path):
    with pytest.raises(DataError, match="expected MNIST's four IDX files.*found none"):
        load_dataset("mnist", data_dir=str(tmp_path))


def test_a_part_of_mnist_is_named(tmp_path, mnist_dir):
    for path in mnist_dir.iterdir():
        if "t10k-labels" not in path.name:
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(DataError, match="missing: t10k-labels"):
        load_dataset("mnist", data_dir=str(tmp_path))


def test_the_environment_names_a_folder(monkeypatch, mnist_dir):
    monkeypatch.setenv("TFMLP_DATA_DIR", str(mnist_dir))
    with pytest.warns(TfmlpWarning):
        assert len(load_dataset("mnist", validation=0).train) == 600


def test_idx_and_mat_by_path(mnist_dir, svhn_dir):
    stems = (
        "train-images-idx3-ubyte train-labels-idx1-ubyte"
        " t10k-images-idx3-ubyte t10k-labels-idx1-ubyte"
    )
    files = [f"{mnist_dir}/{stem}.gz" for stem in stems.split()]
    assert len(load_dataset("idx:" + ",".join(files)).test) == 200
    assert len(load_dataset("idx:" + ",".join(files[:2])).test) == 120
    mats = load_dataset(f"mat:{svhn_dir}/train_32x32.mat,{svhn_dir}/test_32x32.mat")
    assert len(mats.test) == 100
    with pytest.raises(DataError, match=r"received 3 path\(s\)"):
        load_dataset("idx:" + ",".join(files[:3]))
    with pytest.raises(DataError, match="equally many|images"):
        load_dataset(f"idx:{files[0]},{files[3]}")


def test_mnist_labels_that_are_no_digits(tmp_path, mnist_dir):
    for path in mnist_dir.iterdir():
        if "train-labels" not in path.name:
            (tmp_path / path.name).symlink_to(path)
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.full(600, 11))
    with pytest.raises(DataError, match="labels must be 0 to 9; received 11"):
        load_dataset("mnist", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnits", "did you mean 'mnist'"),
        ("mnist:3", "expected mnist"),
        ("csv", "csv:FILE.csv"),
        ("", "unknown dataset ''"),
        ("../etc", "unknown dataset"),
    ],
)
def test_names_of_no_dataset(name, message):
    with pytest.raises(ConfigError, match=message):
        load_dataset(name)


def test_held_out_rows_depend_on_the_seed_and_are_disjoint():
    one, same, other = (load_dataset("mnist", validation=0.5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.validation.features, same.validation.features)
    assert not np.array_equal(one.validation.features, other.validation.features)
    counts, whole = one.class_counts(), load_dataset("mnist", validation=0).class_counts()
    assert (counts["train"] + counts["validation"]).tolist() == whole["train"].tolist()


@pytest.mark.parametrize("validation", [600, 601, 1e-9])
def test_a_validation_split_that_leaves_nothing(mnist_dir, validation):
    with pytest.raises(DataError, match="both must have at least one row"):
        load_dataset("mnist", data_dir=str(mnist_dir), validation=validation)


def test_the_synthetic_set_is_written_once_and_the_same_everywhere(tmp_path):
    def load(folder):
        data = load_dataset("svhn-synthetic", data_dir=str(tmp_path / folder), validation=0)
        return data, {path: path.stat().st_mtime_ns for path in (tmp_path / folder).iterdir()}

    one, times = load("a")
    again, times_again = load("a")
    other, _ = load("b")
    assert times == times_again
    assert one.provenance.sha256 == again.provenance.sha256 == other.provenance.sha256
    assert one.feature_shape == (32, 32, 3) and len(one.train) == 5000 and len(one.test) == 1500
    assert one.class_counts()["train"].min() > 400


def test_the_real_svhn_sample(sample):
    with pytest.warns(TfmlpWarning, match="not the published SVHN files"):
        data = load_dataset("svhn", data_dir=str(sample("svhn")), validation=0)
    assert len(data.train) == 6500 and len(data.test) == 1501
    raw = scipy.io.loadmat(sample("svhn") / "train_32x32.mat")
    assert np.array_equal(data.train.features[17], raw["X"][..., 17])
    assert np.array_equal(data.train.labels, raw["y"].ravel() % 10)


@pytest.mark.slow
def test_mnist_of_tensorflow_datasets_is_the_same_set(sample):
    theirs = load_dataset("tfds:mnist", tfds_dir=str(sample("tfds")), validation=0)
    ours = load_dataset("mnist", validation=0)

    def as_set(split):
        pairs = zip(split.features, split.labels)
        return sorted(image.tobytes() + bytes([label]) for image, label in pairs)

    for name in ("train", "test"):
        assert as_set(theirs.splits[name]) == as_set(ours.splits[name])


def test_sets_that_tensorflow_datasets_does_not_have(tmp_path):
    with pytest.raises(DataError, match="tensorflow-datasets has no set 'no_such_set'"):
        load_dataset("tfds:no_such_set", tfds_dir=str(tmp_path))
    with pytest.raises(DataError, match="expected a set for image classification"):
        load_dataset("tfds:imdb_reviews", tfds_dir=str(tmp_path))
    with pytest.raises(DataError, match="expected images of one size"):
        load_dataset("tfds:cats_vs_dogs", tfds_dir=str(tmp_path))


def test_only_plain_reading_is_done_beside_the_import_of_tensorflow(mnist_dir, svhn_dir, tmp_path):
    for dataset, data_dir, alone in (
        ("mnist", mnist_dir, True),
        ("mnist", tmp_path, True),
        ("svhn", svhn_dir, True),
        ("svhn", tmp_path, False),
        ("svhn-synthetic", None, False),
        ("tfds:mnist", None, False),
        ("arrays:nowhere.npz", None, True),
        ("csv:nowhere.csv", None, True),
    ):
        config = DataConfig(dataset=dataset, data_dir=data_dir and str(data_dir))
        assert import_reader(config) is alone
