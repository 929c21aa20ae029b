"""`tfmlp predict` and `predict_files`: every kind of input, every form of output, and bad input."""

import csv
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

import tfmlp
from tests.conftest import ROOT, write_idx
from tests.results import lines
from tfmlp.errors import CheckpointError, DataError, TfmlpWarning
from tfmlp.model.reference_model import read_reference

BOSTON = ROOT / "data" / "boston.csv"
FIELDS = ["file", "class", "probability", "runner_up", "runner_up_probability"]


@pytest.fixture(scope="session")
def table_run(run_cli, tmp_path_factory):
    """The folder of a short run on the table of Boston."""
    folder = tmp_path_factory.mktemp("boston") / "run"
    options = ("--target", "MEDV", "--task", "regression", "--epochs", 3, "--out", folder)
    assert run_cli("train", "--dataset", f"csv:{BOSTON}", *options).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def images():
    return tfmlp.load_dataset("mnist-small").test.images[:6]


@pytest.fixture
def classes(example_run, images):
    """What the run's Keras model says of six digits."""
    return tfmlp.load_run(example_run).predict_classes(images)


@pytest.fixture
def folder(images):
    """A folder of six PNG files, two of them deeper in it, and what is no image."""
    Path("scans/more/.hidden").mkdir(parents=True)
    for number, image in enumerate(images):
        place = Path("scans/more" if number > 3 else "scans") / f"{number}.png"
        Image.fromarray(image[..., 0]).save(place)
    Path("scans/notes.txt").write_text("what the scans are")
    shutil.copy("scans/0.png", "scans/.0.png")
    shutil.copy("scans/0.png", "scans/more/.hidden/0.png")
    return Path("scans")


def predict(run_cli, *arguments):
    result = run_cli("predict", *arguments)
    assert result.exit_code == 0, result.output
    return result


def listed(run_cli, *arguments):
    return json.loads(predict(run_cli, *arguments, "--json").stdout)


def test_predictions_are_those_of_the_keras_model(example_run, images):
    run = tfmlp.load_run(example_run)
    expected = run.predict(images)
    np.save("a.npy", images)
    made = list(run.predict_files("a.npy"))
    for number, (one, probabilities) in enumerate(zip(made, expected, strict=True)):
        best, second = np.argsort(-probabilities)[:2]
        assert (one.file, one.index, one.value) == ("a.npy", number, None)
        assert (one.class_name, one.runner_up) == (str(best), str(second))
        ranked = (one.probability, one.runner_up_probability)
        assert np.allclose(ranked, probabilities[[best, second]], atol=1e-6)
        assert np.array_equal(one.features, images[number])
    assert np.array_equal(run.predict("a.npy"), expected)
    assert run.predict_classes(["a.npy", Path("a.npy")]) == 2 * run.predict_classes(images)


NETS = {
    "batch norm": {"batch_norm": True, "dropout": 0.3},
    "layer norm": {"layer_norm": True, "activation": "gelu", "preprocessing": "per_image"},
    "squared error": {"loss": "squared_error", "preprocessing": "none"},
    "sigmoids": {"loss": "binary_cross_entropy"},
    "output activation": {"loss": "squared_error", "output_activation": "sigmoid"},
    "course's dropout": {"dropout": 0.5, "dropout_form": "course", "activation": "leaky_relu"},
    "float64": {"precision": "float64"},
    "no hidden layer": {"hidden_units": ()},
}


@pytest.mark.parametrize("name", NETS)
def test_the_reference_predicts_what_keras_does(name, images):
    options = {"hidden_units": (9, 7), "epochs": 1, "engine": "graph"} | NETS[name]
    config = tfmlp.Config.from_options(dataset="mnist-small", **options)
    training = tfmlp.fit(config)
    list(training)
    _, reference = read_reference(training.save("saved"))
    expected = np.asarray(training.model(images))
    made = reference.outputs(images)
    assert np.allclose(made, expected, rtol=1e-4, atol=1e-5 * max(1, np.abs(expected).max()))


def test_what_numpy_cannot_keras_does(images, run_cli, monkeypatch):
    options = ("--dataset", "mnist-small", "--recipe", "none", "--epochs", 1, "--hidden-units", 8)
    assert run_cli("train", *options, "--precision", "bfloat16", "--out", "run").exit_code == 0
    assert read_reference("run") is None
    np.save("a.npy", images)
    run = tfmlp.load_run("run")
    made = [one.probability for one in run.predict_files("a.npy")]
    assert np.allclose(made, run.predict(images).max(axis=1))


def test_predicting_needs_no_tensorflow(example_run, folder):
    code = (
        "import sys, tfmlp\n"
        "made = list(tfmlp.load_run(sys.argv[1]).predict_files('scans'))\n"
        "sys.exit(len(made) != 6 or 'tensorflow' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, example_run]).returncode == 0


def test_images_of_every_format(run_cli, example_run, images, classes):
    for suffix, options in (("png", {}), ("bmp", {}), ("jpg", {"quality": 98}), ("tif", {})):
        for number, image in enumerate(images):
            Image.fromarray(image[..., 0]).save(f"{number}.{suffix}", **options)
        made = listed(run_cli, example_run, *(f"{n}.{suffix}" for n in range(len(images))))
        assert [one["class"] for one in made] == classes
        assert [one["file"] for one in made] == [f"{n}.{suffix}" for n in range(len(images))]
        assert list(made[0]) == FIELDS


def test_a_folder_is_its_images_sorted(run_cli, example_run, folder, classes):
    made = listed(run_cli, example_run, folder)
    deeper = [f"scans/more/{number}.png" for number in (4, 5)]
    assert [one["file"] for one in made] == [f"scans/{n}.png" for n in range(4)] + deeper
    assert [one["class"] for one in made] == classes


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "b.npz", "a-idx3-ubyte", "a.gz", "digits"])
def test_arrays_in_files(run_cli, example_run, images, classes, name):
    if name == "a.npy":
        np.save(name, images.astype(np.int64))
    elif name == "a.npz":
        np.savez(name, anything=images[..., 0])
    elif name == "b.npz":
        np.savez(name, x=images.reshape(6, -1).astype(float), y=np.arange(6))
    else:
        write_idx(Path(name), images[..., 0])
    made = listed(run_cli, example_run, name)
    assert [one["index"] for one in made] == list(range(6))
    assert [one["class"] for one in made] == classes


def test_single_examples_have_no_number(run_cli, example_run, images, classes):
    for single in (images[0], images[0, ..., 0], images[0].reshape(-1)):
        np.save("one.npy", single)
        (made,) = listed(run_cli, example_run, "one.npy")
        assert made["class"] == classes[0] and "index" not in made


def test_images_of_another_size_in_arrays_are_fitted(run_cli, example_run, images, classes):
    large = np.zeros((6, 60, 80), np.uint8)
    large[:, 20:48, 30:58] = images[..., 0]
    np.save("large.npy", 255 - large)
    made = listed(run_cli, example_run, "large.npy")
    assert sum(one["class"] == name for one, name in zip(made, classes)) >= 5
    np.save("color.npy", np.repeat(large[0][..., np.newaxis], 3, axis=2))
    (one,) = listed(run_cli, example_run, "color.npy")
    assert one["class"] == classes[0] and "index" not in one
    colors = np.zeros((32, 32, 3, 6), np.uint8)
    colors[2:30, 2:30] = images.transpose(1, 2, 3, 0)
    scipy.io.savemat("a.mat", {"X": colors})
    made = listed(run_cli, example_run, "a.mat")
    assert sum(one["class"] == name for one, name in zip(made, classes)) >= 5


def test_photos_of_digits_are_read_with_the_fitting_and_not_without(run_cli, example_run, images):
    Path("photos").mkdir()
    test = tfmlp.load_dataset("mnist-small").test
    for number, image in enumerate(test.images[:100, ..., 0]):
        large = Image.fromarray(255 - image).resize((140, 140))
        photo = Image.new("L", (300, 200), 255)
        photo.paste(large, (number, number % 50))
        photo.save(f"photos/{number:02}.png")
    right = {}
    for option in ("--fit", "--no-fit"):
        made = listed(run_cli, example_run, "photos", option)
        right[option] = sum(int(one["class"]) == y for one, y in zip(made, test.labels))
    known = [one["class"] for one in listed(run_cli, example_run, "photos")]
    assert known == [one["class"] for one in listed(run_cli, example_run, "photos", "--fit")]
    assert right["--fit"] > 70 and right["--no-fit"] < 40


def test_what_was_fed_is_shown(run_cli, example_run, folder, images):
    predict(run_cli, example_run, "scans/0.png", "--show-input", "one.png", "--sheet", "sheet.png")
    with Image.open("one.png") as picture:
        assert np.array_equal(np.asarray(picture)[::8, ::8], images[0, ..., 0])
        assert picture.size == (224, 224)
    result = predict(
        run_cli, example_run, folder, "--show-input", "all.png", "--sheet", "all_2.png"
    )
    with Image.open("all.png") as picture:
        tiles = np.asarray(picture)
    for number, image in enumerate(images):
        tile = tiles[:, number * 88 : number * 88 + 84]
        assert np.array_equal(tile[::3, ::3], image[..., 0])
    with Image.open("sheet.png") as small, Image.open("all_2.png") as large:
        assert small.size[0] > 300 and large.size[0] > small.size[0]
    assert "inputs all.png" in result.stderr and "contact sheet all_2.png" in result.stderr


def test_many_inputs_are_drawn_up_to_a_hundred(run_cli, example_run, images):
    np.save("many.npy", np.repeat(images, 30, axis=0))
    result = predict(run_cli, example_run, "many.npy", "--show-input", "many.png")
    assert "the first 100 inputs are drawn" in result.stderr
    assert len(result.stdout.splitlines()) == 181
    with Image.open("many.png") as picture:
        assert picture.size == (10 * 88 - 4, 10 * 88 - 4)


def test_tables_are_matched_by_the_names_of_columns(run_cli, table_run):
    rows = [line.split(",") for line in BOSTON.read_text().splitlines()[:30]]
    expected = [one["value"] for one in listed(run_cli, table_run, BOSTON)][:29]
    order = np.random.default_rng(0).permutation(13)
    forms = {
        "same": (rows, ","),
        "no target": ([row[:-1] for row in rows], ","),
        "other order": ([[row[i] for i in order] for row in rows], "\t"),
        "more columns": ([["name", *rows[0]], *(["x y", *row] for row in rows[1:])], "|"),
        "semicolons": ([rows[0], *([c.replace(".", ",") for c in r] for r in rows[1:])], ";"),
    }
    for name, (cells, separator) in forms.items():
        Path("t.csv").write_text("\n".join(separator.join(row) for row in cells) + "\n\n")
        made = listed(run_cli, table_run, "t.csv")
        assert [one["value"] for one in made] == pytest.approx(expected, rel=1e-5), name
        assert [one["index"] for one in made] == list(range(29))
    table = np.array([row[:-1] for row in rows[1:]], float)
    np.save("t.npy", table)
    assert tfmlp.load_run(table_run).predict("t.npy") == pytest.approx(expected, rel=1e-5)
    assert tfmlp.load_run(table_run).predict("t.csv") == pytest.approx(expected, rel=1e-5)


def test_tables_for_nets_that_know_no_names(run_cli, example_run, images, classes):
    header = ",".join(f"pixel{i}" for i in range(784))
    np.savetxt("a.csv", images.reshape(6, -1), "%d", ",", header=header, comments="")
    assert [one["class"] for one in listed(run_cli, example_run, "a.csv")] == classes
    Path("b.csv").write_text("a,b\n1,2\n")
    result = run_cli("predict", example_run, "b.csv")
    assert result.exit_code == 1 and "expected 784 columns" in result.stderr


def test_forms_of_output(run_cli, example_run, table_run, folder, classes):
    text = predict(run_cli, example_run, folder).stdout.splitlines()
    assert text[0].split() == ["file", "class", "probability", "runner-up"]
    assert [line.split()[:2] for line in text[1:3]] == [
        ["scans/0.png", classes[0]],
        ["scans/1.png", classes[1]],
    ]
    made = listed(run_cli, example_run, folder)
    text = predict(run_cli, example_run, folder, "--csv", "-").stdout
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["class"] for row in rows] == classes and rows[0]["index"] == ""
    assert [float(row["probability"]) for row in rows] == [one["probability"] for one in made]
    result = predict(run_cli, example_run, folder, "--csv", "out.csv")
    assert result.stdout == "" and "predictions out.csv" in result.stderr
    assert Path("out.csv").read_text() == text.replace("\r\n", "\n")
    both = predict(run_cli, example_run, folder, "--csv", "out.csv", "--json")
    assert json.loads(both.stdout) == made
    text = predict(run_cli, table_run, BOSTON).stdout.splitlines()
    assert text[0].split() == ["file", "value"] and len(text) == 507
    text = predict(run_cli, table_run, BOSTON, "--csv", "-").stdout
    assert text.startswith(f"file,index,value\n{BOSTON},0,")


BAD = {
    "nothing there": ("none.png", None, "cannot read none.png: No such file"),
    "empty": ("a.png", b"", "expected an image.*received an empty file"),
    "text": ("a.jpg", b"hello there", "expected an image.*starts with b'hello th'"),
    "unknown": ("a.xyz", b"hello there", "expected an image"),
    "empty table": ("a.csv", b"", "expected 784 columns"),
    "no rows": ("a.csv", ",".join(map(str, range(784))).encode(), "expected rows.*there are none"),
    "zero bytes": ("a.csv", b"a,b\n\0\0", "received zero bytes"),
    "no npy": ("a.npy", b"hello", "is not a whole .npy file"),
    "no npz": ("a.npz", b"hello", "expected an .npz file"),
    "no mat": ("a.mat", b"hello", "expected a MATLAB 5 .mat file"),
    "no idx": ("a-idx3-ubyte", b"hello", "expected an IDX file"),
    "damaged gzip": ("a.gz", b"\x1f\x8b\x08hello", "damaged gzip"),
    "program": (
        "a.eps",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        "EPS",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_line_and_the_others_go_on(run_cli, example_run, folder, classes, case):
    name, content, message = BAD[case]
    if content is not None:
        Path(name).write_bytes(content)
    result = run_cli("predict", example_run, "scans/0.png", name, "scans/1.png", "--json")
    assert result.exit_code == 1
    assert [one["class"] for one in json.loads(result.stdout)] == classes[:2]
    (line,) = lines(result)
    assert line.startswith("error: ") and name in line
    with pytest.raises(DataError, match=message):
        list(tfmlp.load_run(example_run).predict_files(name))


def test_images_that_are_damaged_or_too_large(run_cli, example_run, folder):
    whole = Path("scans/0.png").read_bytes()
    Path("cut.png").write_bytes(whole[: len(whole) // 2])
    header = whole[:16] + (30_000).to_bytes(4, "big") + (30_000).to_bytes(4, "big")
    Path("huge.png").write_bytes(header + whole[24:])
    large = Image.new("1", (10_000, 10_000))
    large.save("large.png")
    Image.new("L", (50, 50), 200).save("blank.png")
    for name, message in {
        "cut.png": "cut.png is a damaged image",
        "huge.png": "huge.png",
        "large.png": "at most 89 million pixels; received 10,000 x 10,000",
        "blank.png": "blank.png: expected a figure.*found none",
    }.items():
        result = run_cli("predict", example_run, name, "--csv", "-")
        assert (result.exit_code, result.stdout, len(lines(result))) == (1, "", 1)
        with pytest.raises(DataError, match=message):
            tfmlp.load_run(example_run).predict(name)


def test_arrays_that_do_not_fit(run_cli, example_run, table_run):
    wrong = {
        "floats of another size": np.zeros((3, 30, 30)),
        "columns": np.zeros((3, 783)),
        "nothing": np.zeros((0, 28, 28)),
        "missing": np.full((2, 28, 28), np.nan),
        "text": np.array(["a", "b"]),
        "a number": np.array(3),
        "complex": np.zeros((2, 784), complex),
    }
    for name, array in wrong.items():
        np.save("a.npy", array)
        result = run_cli("predict", example_run, "a.npy")
        assert result.exit_code == 1 and len(lines(result)) == 1, name
        assert "a.npy" in result.stderr and "defect" not in result.stderr
    np.savez("two.npz", a=np.zeros(3), b=np.zeros(3))
    assert "expected one array" in run_cli("predict", example_run, "two.npz").stderr
    np.save("images.npy", np.zeros((3, 28, 28), np.uint8))
    result = run_cli("predict", table_run, "images.npy")
    assert "expected examples as the model was trained on, [n, 13];" in result.stderr


def test_pixels_that_are_none(run_cli, example_run, images):
    run = tfmlp.load_run(example_run)
    scaled = images / 255
    np.save("a.npy", scaled)
    for given in (scaled, "a.npy"):
        with pytest.warns(TfmlpWarning, match="from 0 to 255.*none above 1: multiply them by 255"):
            run.predict(given)
    for wrong in (np.full((2, 28, 28), 70000), np.full((2, 28, 28), -1), scaled * np.nan):
        np.save("a.npy", wrong)
        for given in (wrong, "a.npy"):
            with pytest.raises(DataError, match="expected pixels from 0 to 255; row 0 has others"):
                run.predict(given)
    blank = run.predict(np.zeros((1, 28, 28)))  # no warning: a picture may be black
    assert np.array_equal(blank, run.predict(np.zeros((1, 28, 28), np.uint8)))


def test_rows_before_a_bad_one_are_predicted(run_cli, table_run):
    whole = BOSTON.read_text().splitlines()
    for cells, message in {
        "n/a" + ",1" * 13: "line 6, column CRIM: expected a number; received 'n/a'",
        "nan" + ",1" * 13: "line 6, column CRIM: expected a finite number; received 'nan'",
        "1_0" + ",1" * 13: "line 6, column CRIM: expected a number; received '1_0'",
        "1e60" + ",1" * 13: "line 6, column CRIM: expected a number that float32 holds",
        ""
        + ",1" * 13: "column 'CRIM', line 6: the value is missing: fill it in, or remove the row",
        "1,2": "line 6: expected 14 cells; received 2",
    }.items():
        Path("t.csv").write_text("\n".join([*whole[:5], cells, *whole[5:]]))
        result = run_cli("predict", table_run, "t.csv", BOSTON, "--json")
        assert result.exit_code == 1 and len(lines(result)) == 1 and message in result.stderr
        made = json.loads(result.stdout)
        assert len(made) == 4 + 506 and made[:4] == [m | {"file": "t.csv"} for m in made[4:8]]
    Path("t.csv").write_text("\n".join([*whole[:3], "true,FALSE" + ",1" * 12]))
    assert len(listed(run_cli, table_run, "t.csv")) == 3
    Path("t.csv").write_text("CRIMM,ZN\n1,2\n")
    result = run_cli("predict", table_run, "t.csv")
    assert "missing: 'CRIM'" in result.stderr and "did you mean 'CRIM'?" in result.stderr


def test_folders_and_files_that_cannot_be_read(run_cli, example_run, folder):
    Path("empty").mkdir()
    Path("empty/table.csv").write_text("a,b\n1,2\n")
    os.mkfifo("pipe.png")
    for name, message in {
        "empty": "expected images in this folder; there are none",
        "pipe.png": "it is no regular file",
        "a\0b": "cannot read",
    }.items():
        with pytest.raises(DataError, match=message):
            list(tfmlp.load_run(example_run).predict_files(name))
    if os.getuid():
        Path("scans/0.png").chmod(0)
        Path("scans/more").chmod(0)
        for name in ("scans/0.png", "scans"):
            result = run_cli("predict", example_run, name)
            assert result.exit_code == 1 and "Permission denied" in result.stderr
        Path("scans/more").chmod(stat.S_IRWXU)


def test_a_folder_below_that_cannot_be_read_is_passed_over(
    run_cli, example_run, folder, monkeypatch
):
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("more"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = run_cli("predict", example_run, folder, "--json")
    assert result.exit_code == 1 and len(json.loads(result.stdout)) == 4
    assert lines(result) == ["error: cannot read scans/more: Permission denied."]


def test_what_is_asked_for_wrongly(run_cli, example_run, table_run, folder):
    assert run_cli("predict", example_run).exit_code == 2
    result = run_cli("predict", example_run, folder, "--json", "--csv", "-")
    assert result.exit_code == 2 and "give one" in result.stderr
    result = run_cli("predict", table_run, BOSTON, "--sheet", "a.png")
    assert result.exit_code == 1 and "for nets that take images" in result.stderr
    result = run_cli("predict", table_run, folder)
    assert result.exit_code == 1 and "takes 13 columns; received a picture" in result.stderr
    for option in ("--csv", "--sheet", "--show-input"):
        result = run_cli("predict", example_run, folder, option, "/proc/a.png")
        assert result.exit_code == 1 and "cannot write /proc/a.png" in result.stderr
    assert run_cli("predict", "nowhere", folder).exit_code == 1
    assert json.loads(run_cli("predict", example_run, "none", "--json").stdout) == []
    with pytest.raises(DataError, match="expected the path of a file.*received int"):
        tfmlp.load_run(example_run).predict_files(3)


def test_what_is_there_is_not_written_over(run_cli, example_run, folder):
    shutil.copytree(example_run, "run")
    for option, name in {
        "--csv": "run/run.json",
        "--sheet": "scans/0.png",
        "--show-input": "scans/0.png",
    }.items():
        before = Path(name).read_bytes()
        result = run_cli("predict", "run", folder, option, name)
        assert result.exit_code == 1 and "is there and was not written by" in result.stderr
        assert Path(name).read_bytes() == before and not result.stdout
    outputs = ("--csv", "new/a.csv", "--sheet", "new/a.png", "--show-input", "new/b.png")
    for _ in range(2):  # earlier ones are replaced
        predict(run_cli, "run", folder, *outputs)
    assert len(list(Path("new").iterdir())) == 3
    result = run_cli("predict", "run", folder, "--sheet", "a.png", "--show-input", "./a.png")
    assert result.exit_code == 2 and "both name a.png" in result.stderr
    result = run_cli("predict", "run", folder, "--sheet", "a.jpg")
    assert result.exit_code == 2 and "name it FILE.png" in result.stderr


def test_runs_without_model_and_runs_of_before(run_cli, example_run, folder):
    shutil.copytree(example_run, "old")
    record = json.loads(Path("old/run.json").read_text())
    assert record["framing"]["extent"] == 20
    del record["framing"]
    Path("old/run.json").write_text(json.dumps(record))
    Image.new("L", (90, 50), 255).save("a.png")
    with pytest.warns(TfmlpWarning, match="does not record how its training images look"):
        assert len(list(tfmlp.load_run("old").predict_files("a.png"))) == 1
    del record["schema"]
    Path("old/run.json").write_text(json.dumps(record | {"format": 1}))
    result = run_cli("predict", "old", folder)
    assert result.exit_code == 1 and "of format 1" in result.stderr
    shutil.copytree(example_run, "cut")
    Path("cut/model.keras").unlink()
    with pytest.raises(CheckpointError, match="expected a saved model"):
        list(tfmlp.load_run("cut").predict_files(folder))


def test_names_of_files_are_shown_without_what_a_terminal_obeys(run_cli, example_run, folder):
    name = "a\x1b[31m\n.png"
    shutil.copy("scans/0.png", name)
    text = predict(run_cli, example_run, name).stdout
    assert "\x1b" not in text and len(text.splitlines()) == 2
    assert listed(run_cli, example_run, name)[0]["file"] == name


@pytest.mark.slow
def test_a_table_of_a_million_lines_takes_no_memory(table_run):
    header, *rows = BOSTON.read_text().splitlines()
    with open("big.csv", "w") as file:
        file.write(header + "\n")
        for _ in range(1_000_000 // len(rows) + 1):
            file.write("\n".join(rows) + "\n")

    def peak(path):
        command = [sys.executable, "-m", "tfmlp", "predict", table_run, path, "--csv", "out.csv"]
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)})
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    small = peak(BOSTON)
    large = peak("big.csv")
    with open("out.csv") as file:
        assert sum(1 for _ in file) > 1_000_000
    assert large < small + 200e6, f"{large / 1e6:,.0f} and {small / 1e6:,.0f} MB"
