"""Tables as people have them: separators, encodings, index columns, truth values."""

import inspect
import warnings
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import tfmlp
from tfmlp import ConfigError, DataError
from tfmlp.data import csvtext, tabular
from tfmlp.errors import TfmlpWarning
from tfmlp.settings.data import AUGMENTATION, DataConfig, join_names, split_names

HEADER = ["größe", "breite", "neu", "art"]
ROWS = [
    [f"{i}.5", str(i % 7), ["true", "FALSE"][i % 2], ["Bär", "Wolf"][i // 2 % 2]] for i in range(40)
]
NAMES = tuple(HEADER[:3])


def write(separator=",", encoding="utf-8", header=HEADER, rows=ROWS, name="a.csv"):
    lines = [separator.join(cells) for cells in (header, *rows)]
    Path(name).write_bytes("\n".join(lines).encode(encoding))


def load(target="art", **options):
    return tfmlp.load_dataset("csv:a.csv", target=target, **options)


@pytest.fixture
def plain():
    """The table as the plainest file has it; each other form of it gives the same."""
    write()
    return load()


def assert_same(data, plain):
    assert data.schema == plain.schema
    for name, split in plain.splits.items():
        assert np.array_equal(split.features, data.splits[name].features)
        assert np.array_equal(split.labels, data.splits[name].labels)


def test_truth_values_are_numbers(plain):
    assert plain.columns == NAMES and plain.class_names == ("Bär", "Wolf")
    assert set(plain.train.features[:, 2]) == {0, 1}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings_are_found(plain, separator, encoding):
    write(separator, encoding)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(load(), plain)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_old_encodings_are_read_with_a_word(plain, encoding):
    write(";", encoding)
    with pytest.warns(TfmlpWarning, match="expected UTF-8 text; byte 2 is not: read as cp1252"):
        assert_same(load(), plain)


def test_decimal_commas_between_semicolons(plain):
    comma = [[row[0].replace(".", ","), *row[1:]] for row in ROWS]
    write(";", rows=comma)
    assert_same(load(), plain)
    assert load("größe", drop="art", task="regression").test.labels[0] % 1 == 0.5
    with pytest.raises(DataError, match="give --task regression for values"):
        load("größe", drop="art")
    write(";", rows=[*comma[:5], *ROWS[5:]])
    with pytest.raises(DataError, match="comma in line 2 and a point in line 7"):
        load()


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
@pytest.mark.parametrize("first", [0, 1])
def test_the_index_that_pandas_writes_is_left_out(plain, name, first):
    rows = [[str(i + first), *row] for i, row in enumerate(ROWS)]
    write(header=[name, *HEADER], rows=rows)
    with pytest.warns(TfmlpWarning, match="only numbers the rows: it is left out"):
        assert_same(load(), plain)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(load(drop=[name] if name else None) if name else plain, plain)


def test_a_column_without_a_name_that_is_no_index_stays():
    write(header=["", *HEADER], rows=[["1.5", *row] for row in ROWS])
    assert load().columns == ("", *NAMES)


def test_columns_are_dropped(run_cli, plain):
    more = [[*row, f"street {i}, town", str(i)] for i, row in enumerate(ROWS)]
    write(";", header=[*HEADER, "street, no", "id"], rows=more)
    assert_same(load(drop=["street, no", "id"]), plain)
    assert_same(load(drop='"street, no",id'), plain)
    with pytest.raises(DataError, match=r"column street, no: expected a number.*\(--drop\)"):
        load(drop="id")
    with pytest.raises(DataError, match="no column 'idd': did you mean 'id'"):
        load(drop="idd")
    with pytest.raises(DataError, match="is the target"):
        load(drop="art")
    options = ("--dataset", "csv:a.csv", "--target", "art", "--drop", '"street, no",id')
    result = run_cli("train", *options, "--epochs", 2, "--backend", "numpy", "--out", "run")
    assert result.exit_code == 0, result.stderr
    assert tfmlp.Config.from_options(drop="id").data.drop == "id"
    assert split_names(join_names(["a", 'b"c', "d,e"])) == ["a", 'b"c', "d,e"]


@pytest.mark.parametrize(
    ("values", "asks"),
    [
        ([f"{i / 4}" for i in range(60)], True),
        ([f"{i % 9 + 0.5}" for i in range(60)], True),
        ([str(i) for i in range(60)], True),
        ([str(i % 30 * 3) for i in range(600)], True),
        ([str(i % 30) for i in range(600)], False),
        ([str(i % 7 + 3) for i in range(60)], False),
        ([f"{i % 2}.0" for i in range(60)], False),
        (["True", "False"] * 30, False),
    ],
)
def test_a_target_that_looks_like_values_asks_for_the_task(run_cli, values, asks):
    write(header=["a", "y"], rows=[["1", value] for value in values])
    if asks:
        with pytest.raises(DataError, match="different values in .* rows: give --task regression"):
            load("y")
        result = run_cli("train", "--dataset", "csv:a.csv", "--target", "y")
        assert result.exit_code == 1 and "give --task regression" in result.stderr
        assert load("y", task="regression").task == "regression"
    else:
        assert load("y").num_classes == len(set(values))


def test_a_task_that_is_given_is_not_asked_for():
    write(header=["a", "y"], rows=[["1", str(i % 30 * 3)] for i in range(600)])
    assert load("y", task="classification").num_classes == 30


def test_load_dataset_takes_the_options_of_the_command_line():
    known = inspect.signature(tfmlp.load_dataset).parameters
    options = {field.name for field in fields(DataConfig)} - {"dataset", *AUGMENTATION}
    assert options <= known.keys()
    for name in options - {"validation"}:
        assert known[name].default == getattr(DataConfig(), name)
    with pytest.raises(ConfigError, match="unknown option 'tagret': did you mean 'target'"):
        tfmlp.load_dataset("mnist", tagret="y")
    with pytest.raises(ConfigError, match=r"Config.from_options\(shift=...\)"):
        tfmlp.load_dataset("mnist", shift=2)


def test_stratified_splits_of_a_file(run_cli):
    rows = [["1", "ab"[i % 10 == 0]] for i in range(100)]
    write(header=["a", "y"], rows=rows)
    data = load("y", stratify=True, test_share=0.5, validation=0.2)
    shares = {name: counts.tolist() for name, counts in data.class_counts().items()}
    assert shares == {"train": [36, 4], "validation": [9, 1], "test": [45, 5]}
    result = run_cli(
        *("train", "--dataset", "csv:a.csv", "--target", "y", "--stratify", "--epochs", 1),
        *("--backend", "numpy", "--out", "run"),
    )
    assert result.exit_code == 0 and '"stratify": true' in Path("run/run.json").read_text()


def test_a_run_is_evaluated_on_a_part_of_its_classes_and_without_the_dropped_column(run_cli):
    rows = [[str(i), str(i % 30), str(i % 30)] for i in range(600)]
    write(header=["id", "a", "y"], rows=rows)
    options = ("--dataset", "csv:a.csv", "--target", "y", "--drop", "id", "--epochs", 1)
    result = run_cli("train", *options, "--recipe", "none", "--out", "run")
    assert result.exit_code == 0, result.stderr
    part = [row[1:] for row in rows if row[2] not in ("3", "7")]  # now the classes have gaps
    write(header=["a", "y"], rows=part, name="b.csv")
    result = run_cli("evaluate", "run", "--dataset", "csv:b.csv", "--drop", "none")
    assert result.exit_code == 0, result.stderr


# --- data show


def test_show_names_columns_and_target(run_cli):
    write()
    result = run_cli("data", "show", "csv:a.csv", "--target", "art")
    assert result.exit_code == 0 and "target: art" in result.stdout
    assert all(name in result.stdout for name in (*NAMES, "Bär", "Wolf"))
    options = ("--target", "breite", "--task", "regression", "--drop", "art")
    result = run_cli("data", "show", "csv:a.csv", *options)
    assert "target: breite" in result.stdout and "values to predict" in result.stdout


@pytest.mark.parametrize("kind", ["uint8", "int64", "float32", "unit"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_sheet_of_sixteen_images_shows_them(run_cli, kind, channels, task):
    from matplotlib.image import imread

    images = np.full((16, 12, 12, channels), 200)
    images[:, ::2] = 100
    values = (images / 255).astype(np.float32) if kind == "unit" else images.astype(kind)
    np.savez("a.npz", x=values, y=np.arange(16) % 10)
    result = run_cli("data", "show", "arrays:a.npz", "--task", task, "--out", "a.png")
    assert result.exit_code == 0, result.stderr
    pixels = imread("a.png")[..., :3]
    inked = pixels[(pixels.min(-1) < 0.999)]
    assert len(inked) > 0.03 * pixels[..., 0].size
    # As many pixels of the dark gray as of the light one; black is only the text's.
    assert 0.35 < np.median(inked) < 0.99


# --- progress


def test_a_large_table_tells_how_far_it_is_and_is_read_alike(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    rows = [f"{n},{n % 7},{n % 2}\n\n" for n in range(80)]
    path.write_text("x,y,z\n" + "".join(rows))
    whole = tabular.read_table(str(path), "z", None, progress=lambda *news: pytest.fail("small"))
    monkeypatch.setattr(csvtext, "_ROWS_AT_A_TIME", 7)
    monkeypatch.setattr(tabular, "_LARGE", 100)
    told = []
    parts = tabular.read_table(str(path), "z", None, progress=lambda *news: told.append(news))
    for one, other in zip(whole.train, parts.train):
        assert np.array_equal(one, other)
    size = path.stat().st_size
    assert {(what, total) for what, _, total in told} == {("reading a.csv", size)}
    done = [bytes_done for _, bytes_done, _ in told]
    assert done == sorted(done) and len(done) > 10 and done[-1] == size
