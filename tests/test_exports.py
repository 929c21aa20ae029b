"""Exports: every format computes what the reference does, and what differs is not kept."""

import ctypes
import errno
import functools
import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tfmlp
from benchmarks.exports import measure, to_markdown
from tfmlp import MLP
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError, ExportError
from tfmlp.exports import c_header, litert, runtime
from tfmlp.exports import export as export_module
from tfmlp.exports.examples import choose_examples
from tfmlp.exports.expected import expected_outputs
from tfmlp.exports.export import export
from tfmlp.exports.formats import FORMATS
from tfmlp.exports.formula import Dense, make_formula
from tfmlp.exports.predict import Model as NumpyModel
from tfmlp.model.prediction import predict
from tfmlp.settings.model import ACTIVATIONS, PREPROCESSING

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 6, 5, 3), dtype=np.uint8)
IMAGES[0] = 9  # of one color
# Columns of very different sizes.
TABLE = (np.random.default_rng(1).normal(3, 2, (60, 7)) * 10.0 ** np.arange(-3, 4)).astype("f4")
NAMES = ('a"b*/', "\\ü?", "c??/", "d\n")
FLOATS = [name for name, kind in FORMATS.items() if not kind.is_quantized]

CASES = {
    **{f"activation {name}": {"activation": name, "negative_slope": 0.2} for name in ACTIVATIONS},
    **{f"preprocessing {name}": {"preprocessing": name} for name in PREPROCESSING},
    "columns": {"x": TABLE},
    "columns, layer norm": {"x": TABLE, "layer_norm": True, "dropout": 0.5},
    "batch norm": {"batch_norm": True, "dropout": 0.4},
    "batch norm, course": {"batch_norm": True, "dropout": 0.4, "dropout_form": "course"},
    "linear": {"hidden_units": ()},
    "linear, columns": {"hidden_units": (), "x": TABLE},
    "values": {"num_classes": 1, "x": TABLE},
    "standardized values": {"num_classes": 1, "x": TABLE, "standardize_target": True},
    "values of an activation": {
        **{"num_classes": 1, "x": TABLE, "standardize_target": True},
        "output_activation": "sigmoid",
    },
    "sigmoid outputs": {"output_activation": "sigmoid"},
    "outputs below zero": {"output_activation": "tanh", "initializer_scale": 3.0},
    "binary cross-entropy": {"loss": "binary_cross_entropy"},
    "squared error": {"loss": "squared_error"},
    "float64": {"dtype": "float64"},
    "bfloat16": {"dtype": "mixed_bfloat16"},
}


def require(name):
    """Skips where what a format needs is not there."""
    for package in FORMATS[name].packages:
        pytest.importorskip(package)
    if name == "c" and not shutil.which("cc"):
        pytest.skip("there is no C compiler (cc)")


@functools.cache
def made(case):
    """Returns the model of a case with weights that nothing hides, its loss and its examples."""
    options = {"hidden_units": (9, 8), "num_classes": 4, "bias_initializer": "normal"}
    options |= {"preprocessing": "standardize"} | CASES[case]
    x, loss = options.pop("x", IMAGES), options.pop("loss", "auto")
    names = NAMES if options["num_classes"] > 1 else ()
    columns = tuple(f"column {n}" for n in range(7)) if x is TABLE else ()
    schema = Schema(
        *("classification" if names else "regression", x.shape[1:], str(x.dtype)),
        *(columns, ("number",) * len(columns), names),
    )
    model = MLP(**options, schema=schema)
    model.adapt(x, np.arange(60) * 3.0 + 5)
    generator = np.random.default_rng(2)
    for weight in model.weights:
        if "norm" in weight.path:
            weight.assign(generator.uniform(0.5, 2, weight.shape))
    return model, loss, x


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FLOATS)
def test_a_format_computes_what_the_reference_does(name, case, tmp_path):
    require(name)
    model, loss, x = made(case)
    FORMATS[name].write(make_formula(model, loss), tmp_path, None)
    outputs = runtime.LOADERS[FORMATS[name].runtime](tmp_path)(x)
    reference = expected_outputs(model, loss, x)
    assert outputs.shape == reference.shape and outputs.dtype == np.float32
    unit = np.abs(reference).max()
    rounded = np.abs(expected_outputs(model, loss, x, np.float32) - reference).max()
    assert np.abs(outputs - reference).max() <= max(1e-6 * unit, 8 * rounded)
    own = predict(model, x, loss).reshape(reference.shape)
    assert np.abs(outputs - own).max() <= (0.05 if case == "bfloat16" else 1e-4) * unit
    if reference.shape[1] > 1:
        assert np.allclose(outputs.sum(axis=1), 1, atol=1e-5)


QUANTIZED = [
    *("columns", "columns, layer norm", "batch norm, course", "preprocessing per_image"),
    *("standardized values", "activation gelu", "activation selu"),
]


@pytest.mark.parametrize("case", QUANTIZED)
def test_a_quantized_format_is_close_to_the_reference(case, tmp_path):
    require("litert-int8")
    model, loss, x = made(case)
    litert.write_int8(make_formula(model, loss), tmp_path, x)
    reference = expected_outputs(model, loss, x)
    outputs = runtime.load_litert(tmp_path)(x)
    errors = np.abs(outputs - reference)
    assert 0 < errors.max() and errors.mean() < 0.02 * np.ptp(reference)


def schema_in(folder, name):
    """Returns the schema that an export brings along."""
    if name in ("keras", "litert", "litert-int8"):
        file = "model.keras" if name == "keras" else "model.tflite"
        with zipfile.ZipFile(folder / file) as archive:
            return archive.read("schema.json")
    if name == "savedmodel":
        import tensorflow as tf

        return tf.saved_model.load(str(folder)).signatures["schema"]()["schema"].numpy()
    if name == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(folder / "model.onnx")
        return session.get_modelmeta().custom_metadata_map["schema"]
    return json.dumps(json.loads(str(np.load(folder / "model.npz")["net"]))["schema"])


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "c"])
def test_names_of_classes_and_columns_travel(name, tmp_path):
    require(name)
    model, loss, x = made("columns")
    FORMATS[name].write(make_formula(model, loss), tmp_path, x)
    assert Schema.from_dict(json.loads(schema_in(tmp_path, name))) == model.schema


def test_the_header_has_names_whatever_they_contain(tmp_path):
    require("c")
    model, loss, _ = made("columns")
    header = tmp_path / "model.h"
    header.write_text(c_header.make_header(make_formula(model, loss)))
    source, library = tmp_path / "names.c", tmp_path / "names.so"
    source.write_text(
        '#include "model.h"\n'
        "const char *class_name(int i);\nconst char *column(int i);\n"
        "const char *class_name(int i) { return predict_class_names[i]; }\n"
        "const char *column(int i) { return predict_columns[i]; }\n"
    )
    flags = "-std=c99 -Wall -Wextra -Werror -pedantic -shared -fPIC".split()
    subprocess.run(["cc", *flags, "-o", library, source, "-lm"], check=True)
    loaded = ctypes.CDLL(str(library))
    for function, names in ((loaded.class_name, NAMES), (loaded.column, model.schema.columns)):
        function.restype = ctypes.c_char_p
        assert tuple(function(i).decode() for i in range(len(names))) == names


def test_what_the_header_takes_is_what_it_says(tmp_path):
    sizes = c_header.memory(make_formula(*made("preprocessing scale")[:2]))
    assert sizes == {"flash": 4 * (90 * 9 + 9 + 9 * 8 + 8 + 8 * 4 + 4), "ram": 2 * 4 * 90}


def test_an_onnx_checker_accepts_the_graph():
    onnx = pytest.importorskip("onnx")
    from tfmlp.exports.onnx_graph import make_onnx_model

    for case in CASES:
        onnx.checker.check_model(make_onnx_model(make_formula(*made(case)[:2])), full_check=True)


def test_the_served_signature(tmp_path):
    import tensorflow as tf

    model, loss, x = made("preprocessing scale")
    FORMATS["savedmodel"].write(make_formula(model, loss), tmp_path, None)
    served = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    (spec,) = served.structured_input_signature[1].values()
    assert (spec.name, spec.shape.as_list(), spec.dtype) == ("inputs", [None, 6, 5, 3], tf.uint8)
    assert list(served.structured_outputs) == ["probabilities"]
    assert served.structured_outputs["probabilities"].shape.as_list() == [None, 4]


@pytest.fixture
def run_folder(example_run, tmp_path):
    return shutil.copytree(example_run, tmp_path / "run")


def left(folder):
    """Returns what there is in a folder, hidden files too."""
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.mark.parametrize(
    "name",
    [
        *("numpy", "onnx", "c"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("keras", "savedmodel", "litert", "litert-int8")
        ),
    ],
)
def test_a_run_is_exported_and_proven(name, run_folder, run_cli):
    require(name)
    result = run_cli("export", run_folder, "--format", name, "--json")
    assert result.exit_code == 0, result.output
    folder = run_folder / "exports" / name
    record = json.loads((folder / "export.json").read_text())
    assert json.loads(result.stdout) == record | {"folder": str(folder)}
    proof = record["proof"]
    assert proof["examples"] == 1000 and proof["source"] == "test examples of mnist-small"
    assert record["schema"]["class_names"] == list("0123456789")
    assert record["files"] == {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.name != "export.json"
    }
    assert proof["model_metric"] == tfmlp.load_run(run_folder).evaluate("test").accuracy
    assert abs(proof["export_metric"] - proof["model_metric"]) <= 0.01
    assert set(proof["milliseconds"]) == {"1", "10000"}
    if not FORMATS[name].is_quantized:
        assert proof["reference_difference"] <= proof["bound"] == 1e-5
        assert proof["model_difference"] <= proof["model_bound"]
    assert not [one for one in left(run_folder) if one.startswith(".export")]


def test_the_numpy_module_is_a_program(run_folder):
    folder = export(run_folder, "numpy").folder
    test = tfmlp.load_dataset("mnist-small").test.take(np.arange(20))
    np.save("digits.npy", test.images)
    done = subprocess.run(
        [sys.executable, "-I", folder / "predict.py", "digits.npy"], capture_output=True, text=True
    )
    assert done.stdout.split() == tfmlp.load_run(run_folder).predict_classes(test.images)
    model = NumpyModel(folder / "model.npz")
    assert model(test.images[:0]).shape == (0, 10)
    for wrong in (test.images[0], test.images[:, 1:], np.zeros(784)):
        with pytest.raises(ValueError, match=r"expected examples \[n, 28, 28, 1\]; received \["):
            model(wrong)
    for arguments in ((), ("none.npy",), (folder / "model.npz",)):
        done = subprocess.run(
            [sys.executable, "-I", folder / "predict.py", *arguments],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr


def off_by(monkeypatch, change):
    """Has exports written from a formula whose last layer is changed."""

    def make(model, loss):
        formula = make_formula(model, loss)
        *others, last = formula.operations
        assert isinstance(last, Dense)
        return replace(formula, operations=(*others, change(last)))

    monkeypatch.setattr(export_module, "make_formula", make)


def test_an_export_that_differs_is_not_kept(run_folder, run_cli, monkeypatch):
    off_by(monkeypatch, lambda last: replace(last, bias=last.bias + np.eye(10)[3] * 1e-3))
    before = left(run_folder)
    result = run_cli("export", run_folder, "--format", "numpy")
    assert result.exit_code == 1 and left(run_folder) == before
    (line,) = result.stderr.splitlines()
    assert "differs from the reference by at most 1e-05; with numpy" in line


def test_a_quantized_export_that_costs_too_much_is_not_kept(run_folder, run_cli, monkeypatch):
    require("litert-int8")
    off_by(monkeypatch, lambda last: replace(last, kernel=last.kernel[:, ::-1]))
    result = run_cli("export", run_folder, "--format", "litert-int8", "--out", "here")
    assert result.exit_code == 1 and not Path("here").exists()
    assert "expected an accuracy of at least" in result.stderr


def test_an_export_that_its_runtime_does_not_take_is_not_kept(run_folder, monkeypatch):
    def broken(formula, folder, calibration):
        (folder / "predict.py").write_text("def Model(path): raise ValueError('no such net')\n")

    monkeypatch.setattr("tfmlp.exports.numpy_module.write", broken)
    with pytest.raises(ExportError, match=r"numpy does not take .* ValueError: no such net"):
        export(run_folder, "numpy", "here")
    assert not Path("here").exists()


def test_a_full_disk(run_folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tfmlp.exports.numpy_module.write", full)
    with pytest.raises(ExportError, match="cannot write the export here: No space left on device"):
        export(run_folder, "numpy", "here")
    assert not [name for name in left(".") if name.startswith((".export", "here"))]


def test_what_is_there_is_not_written_over(run_folder, run_cli):
    Path("here").mkdir()
    result = run_cli("export", run_folder, "--format", "numpy", "--out", "here")
    assert result.exit_code == 1 and left("here") == []
    assert result.stderr == (
        "error: here is there already: choose another --out, or remove it before.\n"
    )


def test_runs_that_have_no_model(run_folder, run_cli):
    result = run_cli("export", "none", "--format", "numpy")
    assert result.exit_code == 1 and "expected a run folder with a run.json" in result.stderr
    (run_folder / "model.keras").unlink()
    result = run_cli("export", run_folder, "--format", "numpy")
    assert result.exit_code == 1 and "it was removed: tfmlp train --resume" in result.stderr
    assert "exports" not in left(run_folder)
    record = json.loads((run_folder / "run.json").read_text())
    (run_folder / "run.json").write_text(json.dumps(record | {"status": "diverged"}))
    result = run_cli("evaluate", run_folder)
    assert result.exit_code == 1 and "the run diverged" in result.stderr


def test_a_run_that_was_resumed_and_has_not_ended(run_folder, run_cli):
    path = run_folder / "run.json"
    record = json.loads(path.read_text())
    del record["timing"]
    record |= {"status": "interrupted", "resumed_after": {"epoch": 1, "step": 0}}
    path.write_text(json.dumps(record))
    np.save("a.npy", np.zeros((1, 28, 28), np.uint8))
    for arguments in (
        ("export", run_folder, "--format", "numpy"),
        ("predict", run_folder, "a.npy"),
    ):
        result = run_cli(*arguments)
        assert result.exit_code == 0 and "the model is that of before" in result.stderr


def test_formats_that_are_not_there(run_folder, run_cli, monkeypatch):
    assert run_cli("export", run_folder, "--format", "onxx").exit_code == 2
    with pytest.raises(ExportError, match="there is no format 'onxx': did you mean 'onnx'"):
        export(run_folder, "onxx")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = run_cli("export", run_folder, "--format", "onnx")
    assert result.exit_code == 1
    assert "needs onnx and onnxruntime, which are not installed: pip install" in result.stderr
    monkeypatch.setenv("PATH", "")
    result = run_cli("export", run_folder, "--format", "c")
    assert result.exit_code == 1 and "there is no cc: install gcc or clang" in result.stderr


def test_a_run_whose_data_are_gone(run_folder, run_cli):
    record = run_folder / "run.json"
    record.write_text(record.read_text().replace('"mnist-small"', '"csv:gone.csv"'))
    result = run_cli("export", run_folder, "--format", "numpy", "--json")
    assert result.exit_code == 0 and "proven on made-up examples" in result.stderr
    proof = json.loads(result.stdout)["proof"]
    assert proof["source"] == "made-up examples" and proof["export_metric"] is None
    require("litert-int8")
    result = run_cli("export", run_folder, "--format", "litert-int8")
    assert result.exit_code == 1 and "takes the ranges of activations" in result.stderr
    # Other data of the same kind will do.
    result = run_cli(
        *("export", run_folder, "--format", "numpy", "--dataset", "mnist-small"),
        *("--out", "here", "--json"),
    )
    assert json.loads(result.stdout)["proof"]["source"] == "test examples of mnist-small"


def test_a_model_of_ones_own():
    model = MLP(hidden_units=(4,), num_classes=3)
    with pytest.raises(ExportError, match="this MLP is not built yet"):
        export(model, "numpy", "here")
    model.build((None, 5))
    with pytest.raises(ExportError, match="give out, the folder to write"):
        export(model, "numpy")
    record = export(model, "numpy", "here").record
    assert record["run"] is None and record["schema"]["class_names"] == ["0", "1", "2"]
    assert record["inputs"] == {"shape": [None, 5], "dtype": "float32"}


def test_the_table_of_exports(run_folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tfmlp.exports.c_header.write", full)
    require("c")
    records = measure(str(run_folder), ["numpy", "c"])
    head, rule, row, note = to_markdown(records).splitlines()
    assert head.count("|") == rule.count("|") == row.count("|") == 9
    assert row.startswith("| numpy | numpy ") and " kB | " in row and " % | " in row
    assert note.startswith("c: cannot write the export") and "exports" not in left(run_folder)


def test_data_that_the_model_does_not_take():
    model, loss, _ = made("preprocessing scale")
    x, y = IMAGES / np.float32(255), np.array(NAMES * 15)
    data = tfmlp.Dataset.from_arrays(x, y)
    with pytest.raises(DataError, match="takes pixels of uint8, 0 to 255; received float32"):
        choose_examples(data, make_formula(model, loss))
