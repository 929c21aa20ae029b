"""Models and runs as people bring them: arguments, predictions, files, run folders."""

import io
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

import tfmlp
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.errors import CheckpointError, ConfigError, DataError, TfmlpError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, 4, 5, 1), dtype=np.uint8)
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 127).astype(np.int32)


def split_up(features, labels, task="classification", **names):
    parts = [Split(features[a:b], labels[a:b]) for a, b in ((0, 40), (40, 50), (50, 60))]
    return Dataset(*parts, task=task, provenance=Provenance("own", "a test"), **names)


DATA = split_up(IMAGES, LABELS, class_names=("dark", "light"))


def train(data=DATA, **options):
    config = tfmlp.Config.from_options(hidden_units=(6,), epochs=2, engine="graph", **options)
    training = tfmlp.fit(config, data)
    list(training)
    return training


@pytest.fixture(scope="module")
def training():
    return train()


@pytest.fixture
def saved(training, tmp_path):
    return training.save(tmp_path / "saved")


def one_line(error):
    return "\n" not in str(error.value)


@pytest.mark.parametrize("units", [64, (64,), [64], np.int64(64), np.array([64]), range(64, 65)])
def test_hidden_units_as_people_write_them(units):
    model = tfmlp.MLP(units)
    assert [spec.units for spec in model_plan(model).layers if hasattr(spec, "units")] == [64, 10]


def model_plan(model):
    model.build((None, 28, 28, 1))
    return model.plan


def test_silu_is_another_name_of_swish():
    models = [tfmlp.MLP((6,), activation=name, seed=3) for name in ("silu", "swish")]
    assert np.array_equal(models[0](IMAGES), models[1](IMAGES))
    config = tfmlp.Config.from_options(activation="silu", output_activation="silu")
    assert config.model.activation == config.model.output_activation == "swish"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_units": "abc"}, "hidden_units must be whole numbers.*'abc'"),
        ({"hidden_units": -3}, "hidden_units must be .*at least 1.*received -3"),
        ({"hidden_units": 2.5}, "hidden_units must be .*received 2.5"),
        ({"hidden_units": (8, None)}, "hidden_units must be .*received None"),
        ({"hidden_units": None}, "hidden_units must be .*received None"),
        ({"num_classes": 0}, "num_classes must be a whole number, at least 1.*received 0"),
        ({"num_classes": "10"}, "num_classes must be .*received '10'"),
        ({"num_classes": 2.0}, "num_classes must be .*received 2.0"),
        ({"dropout": 2}, "dropout must be .*less than 1; received 2"),
        ({"dtype": "float31"}, "dtype must be 'float32'.*received 'float31'"),
        ({"dtype": 7}, "dtype must be .*received 7"),
        ({"dtype": "int32"}, "dtype must be .*received 'int32'"),
        ({"seed": -1}, "seed must be .*received -1"),
        ({"activation": keras.activations.relu}, "activation must be text"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, message):
    with pytest.raises(ConfigError, match=f"MLP: {message}") as error:
        tfmlp.MLP(**arguments)
    assert one_line(error)


def test_a_training_predicts_probabilities(training):
    probabilities = training.predict(IMAGES)
    assert probabilities.shape == (60, 2) and np.allclose(probabilities.sum(axis=1), 1)
    assert np.allclose(probabilities, tf.nn.softmax(training.model(IMAGES)), atol=1e-6)
    accuracy = np.mean(training.predict(DATA.test.images).argmax(axis=1) == DATA.test.labels)
    assert accuracy == pytest.approx(training.evaluate("test").accuracy)
    for same in (IMAGES.astype(float), IMAGES.astype(np.int64), IMAGES[..., 0], IMAGES.tolist()):
        assert np.allclose(training.predict(same), probabilities, atol=1e-6)
    for count in (0, 1, 7):
        assert np.allclose(training.predict(IMAGES[:count]), probabilities[:count], atol=1e-6)


def test_predictions_are_made_in_batches(training, monkeypatch):
    whole = training.predict(IMAGES)
    monkeypatch.setattr("tfmlp.model.prediction._FLOATS_AT_A_TIME", 20 * 7)
    assert np.allclose(training.predict(IMAGES), whole, atol=1e-6)


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "squared_error"])
def test_other_losses_have_probabilities_too(loss):
    training = train(loss=loss)
    probabilities = training.predict(IMAGES)
    assert (probabilities >= 0).all() and np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == np.argmax(training.model(IMAGES), axis=1)).all()


@pytest.mark.parametrize("backend", ["tensorflow", "numpy"])
def test_values_are_predicted_in_the_targets_unit(backend, tmp_path):
    rows = RNG.normal(size=(60, 3)).astype(np.float32)
    data = split_up(rows, rows.sum(axis=1) * 1000, "regression", class_names=())
    training = train(data, backend=backend)
    values = training.predict(rows[50:])
    assert values.shape == (10,)
    mae = np.abs(values - data.test.labels).mean()
    assert mae == pytest.approx(training.evaluate("test").mae, rel=1e-5)
    model = tfmlp.load_model(training.save(tmp_path))
    assert np.allclose(model(rows[50:])[:, 0], values, rtol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (IMAGES[0], r"shape \[n, 4, 5, 1\]; received \[4, 5, 1\]: .*add an axis: x\[None\]"),
        (IMAGES[0, ..., 0], r"received \[4, 5\]: .*add an axis"),
        (IMAGES[:, :3], r"received \[60, 3, 5, 1\]: use data of this shape"),
        (7, r"received \[\]"),
        ([["a"] * 20], "expected numbers"),
        ([[1, 2], [3]], "of one shape"),
    ],
)
def test_inputs_that_are_no_examples_are_one_line(training, inputs, message):
    calls = [training.predict]
    if isinstance(inputs, np.ndarray):
        calls += [training.model, training.model.predict]
    for call in calls:
        with pytest.raises(DataError, match=message) as error:
            call(inputs)
        assert one_line(error)


def test_a_saved_model_is_loaded_from_its_folder(training, saved):
    assert saved.name == "model.keras"
    for path in (saved, saved.parent, str(saved.parent)):
        model = tfmlp.load_model(path)
        assert np.array_equal(model(IMAGES), training.model(IMAGES))
        assert model.schema.class_names == ("dark", "light")


def test_a_loaded_model_takes_what_people_have(training, saved):
    model, expected = tfmlp.load_model(saved), training.model(IMAGES)
    for same in (IMAGES, IMAGES.astype(np.float32), IMAGES[..., 0], IMAGES.reshape(60, -1)):
        assert np.allclose(model(same), expected, atol=1e-6)
        assert np.allclose(model.predict(same, verbose=0), expected, atol=1e-6)


def test_a_loaded_model_exports_without_being_called(training, saved, tmp_path):
    tfmlp.load_model(saved).export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    served = exported.serve(IMAGES)
    assert np.allclose(served, training.model(IMAGES), atol=1e-6)
    with pytest.raises(CheckpointError, match=r"is an exported SavedModel.*model\.keras") as error:
        tfmlp.load_model(tmp_path / "exported")
    assert one_line(error)


def test_files_of_keras_that_are_no_model_of_ours(training, tmp_path):
    other = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    other.save("other.keras")
    other.save("other.h5")
    training.model.save_weights("own.weights.h5")
    training.model.save("own.h5")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.keras").write_text("hello")
    messages = {
        "other.keras": r"expected a tfmlp MLP; received Sequential.*keras\.saving\.load_model",
        "other.h5": "former format, HDF5",
        "own.weights.h5": r"holds weights alone: .*model\.load_weights",
        "own.h5": "former format, HDF5|holds weights alone",
        "empty": "expected a saved model at .*empty/model.keras; there is none",
        "text.keras": "not a whole model file",
        "none.keras": "there is no file or folder none.keras",
    }
    for path, message in messages.items():
        with pytest.raises(CheckpointError, match=message) as error:
            tfmlp.load_model(path)
        assert one_line(error), path


def test_weights_alone_are_loaded_into_a_built_model(training):
    training.model.save_weights("own.weights.h5")
    model = tfmlp.MLP(**training.model.get_config())
    model.build((None, 4, 5, 1))
    model.load_weights("own.weights.h5")
    assert np.array_equal(model(IMAGES), training.model(IMAGES))


def test_a_file_of_an_earlier_version_says_so(saved, tmp_path):
    """Its layers were `denses`, `norms` and `head`, where they are the `stack` now."""
    with zipfile.ZipFile(saved) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        file.move("stack" if "stack" in file else "layers", "denses")
    parts["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile("earlier.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(CheckpointError, match="earlier version of tfmlp.*train again") as error:
        tfmlp.load_model("earlier.keras")
    assert one_line(error)


@pytest.fixture
def run_folder(run_cli, tmp_path):
    np.savez("digits.npz", x=IMAGES, y=LABELS)
    options = "--hidden-units 6 --epochs 2 --validation 0.2 --recipe none --out run".split()
    result = run_cli("train", "--dataset", "arrays:digits.npz", *options)
    assert result.exit_code == 0, result.output
    return tmp_path / "run"


def test_a_run_is_read_again(run_folder):
    run = tfmlp.load_run("run")
    assert run.record.status == "completed" and run.config.model.hidden_units == (6,)
    assert [epoch.epoch for epoch in run.epochs] == [1, 2]
    assert run.epochs[-1].validation.to_dict() == run.record.best.validation or run.epochs
    assert run.schema == run.model.schema and run.model is run.model
    probabilities = run.predict(IMAGES)
    assert probabilities.shape == (60, 2) and np.allclose(probabilities.sum(axis=1), 1)
    names = run.predict_classes(IMAGES)
    assert names == [run.schema.class_names[k] for k in probabilities.argmax(axis=1)]
    assert run.evaluate().to_dict() == pytest.approx(run.record.test)
    assert run.evaluate("validation").count == run.record.dataset.sizes["validation"]
    data = tfmlp.load_dataset("arrays:digits.npz", validation=0.2)
    assert run.evaluate(data) == run.evaluate("test")
    assert run.evaluate(data, "train") == run.evaluate("train")
    assert np.array_equal(tfmlp.load_model(run_folder)(IMAGES), run.model(IMAGES))


def test_a_run_is_read_without_tensorflow(run_folder):
    code = (
        "import sys, tfmlp; run = tfmlp.load_run('run');"
        " assert run.epochs and run.record.test and run.schema;"
        " sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_run_matches_other_data_by_name(run_folder):
    run = tfmlp.load_run(run_folder)
    with pytest.raises(DataError, match="expected classes that the model knows.*'dark'") as error:
        run.evaluate(DATA)
    assert one_line(error)
    for wrong, message in (("tset", "did you mean 'test'"), (IMAGES, "a Dataset or arrays")):
        with pytest.raises(DataError, match=message) as error:
            run.evaluate(wrong)
        assert one_line(error)


def test_folders_that_are_no_run(run_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    for name in ("none", "empty", "broken", "run/run.json"):
        with pytest.raises(CheckpointError, match=name) as error:
            tfmlp.load_run(name)
        assert one_line(error)
    (run_folder / "model.keras").unlink()
    run = tfmlp.load_run("run")
    with pytest.raises(CheckpointError, match="tfmlp train --resume run") as error:
        run.predict(IMAGES)
    assert one_line(error)
    (run_folder / "epochs.jsonl").write_text('{"epoch": 1}\n')
    with pytest.raises(TfmlpError, match="epochs.jsonl") as error:
        tfmlp.load_run("run")
    assert one_line(error)
