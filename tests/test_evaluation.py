"""evaluation.json: what a run's model does with the test examples, written by every run."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

import tfmlp
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.errors import CheckpointError
from tfmlp.examination.choice import evenly
from tfmlp.examination.classes import Predictions
from tfmlp.examination.examination import examine_beginning, examine_end
from tfmlp.examination.examined import Examined
from tfmlp.examination.layers import make_histogram
from tfmlp.reference.calibration import calibrate
from tfmlp.reference.metrics import ClassCounts, class_metrics, confusion_matrix
from tfmlp.reference.probabilities import probabilities
from tfmlp.runs.evaluation import Evaluation
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.pixels import decode_pixels, encode_pixels, make_smaller, to_bytes
from tfmlp.runs.values import DamagedRecord

LAYERS = ["dense_1", "logits"]


def names(layers):
    return [layer.name for layer in layers]


def trained(data, **options):
    """Trains for an epoch, and returns the training with its examinations."""
    config = Config.from_options(
        **{"hidden_units": (8,), "epochs": 1, "preprocessing": "none"} | options
    )
    training = tfmlp.fit(config, data)
    beginning = examine_beginning(training)
    list(training)
    return training, examine_end(training, beginning.layers.beginning)


def table(task="classification", n=300, columns=5):
    generator = np.random.default_rng(0)
    x = generator.standard_normal((n, columns)).astype(np.float32)
    y = 100 + 30 * x[:, 0] if task == "regression" else (x[:, 0] > 0) + (x[:, 1] > 0)
    return Dataset.from_arrays(x, np.asarray(y), test=100, task=task)


# --- what is computed


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"backend": "numpy"},
        {"backend": "numpy", "precision": "float64"},
        {"backend": "numeric", "hidden_units": (2,)},
        {"precision": "float64"},
        {"batch_norm": True, "dropout": 0.5},
        {"layer_norm": True, "dropout": 0.5, "dropout_form": "course"},
        {"loss": "binary_cross_entropy", "class_weights": "balanced"},
        {"loss": "squared_error", "output_activation": "sigmoid", "activation": "gelu"},
        {"loss": "half_squared_error"},
        {"preprocessing": "standardize"},
        {"preprocessing": "standardize", "backend": "numpy"},
        {"label_smoothing": 0.1, "l2": 0.01, "hidden_units": ()},
    ],
    ids=str,
)
def test_the_examined_network_is_the_trained_one(options):
    training, evaluation = trained(table(), **options)
    test = training.data.test
    assert evaluation.count == len(test) == np.sum(evaluation.confusion)
    right = np.trace(evaluation.confusion)
    assert right / len(test) == training.evaluate("test").accuracy
    predictions = Predictions.of(
        Examined(training.config, training.data, training.backend.get_weights()), "test"
    )
    expected = training.predict(test.features)
    np.testing.assert_allclose(predictions.confidence, expected.max(axis=1), atol=1e-5)
    np.testing.assert_array_equal(predictions.predicted, expected.argmax(axis=1))
    rows = np.arange(len(test))
    np.testing.assert_allclose(
        predictions.label_probability, expected[rows, test.labels], atol=1e-5
    )
    assert names(evaluation.layers.end) == names(evaluation.layers.beginning)
    assert names(evaluation.layers.end)[-1] == "logits"
    assert Evaluation.from_dict(json.loads(json.dumps(evaluation.to_dict()))) == evaluation


def test_bfloat16_differs_by_its_rounding_only():
    training, evaluation = trained(table(), precision="bfloat16")
    accuracy = np.trace(evaluation.confusion) / evaluation.count
    assert accuracy == pytest.approx(training.evaluate("test").accuracy, abs=0.02)


@pytest.mark.parametrize("options", [{}, {"backend": "numpy"}, {"standardize_target": False}])
def test_values_are_in_the_targets_unit(options):
    training, evaluation = trained(table("regression"), **options)
    test, found = training.data.test, evaluation.regression
    assert evaluation.confusion is evaluation.calibration is None and not evaluation.mistakes
    np.testing.assert_allclose(found.true, test.labels, rtol=1e-6)
    np.testing.assert_allclose(
        found.predicted, training.predict(test.features), rtol=1e-4, atol=1e-3
    )
    metrics = training.evaluate("test")
    shares = [one.count / len(test) for one in found.deciles]
    assert np.dot(shares, [one.mae for one in found.deciles]) == pytest.approx(metrics.mae, 1e-4)
    squares = [one.rmse**2 for one in found.deciles]
    assert math.sqrt(np.dot(shares, squares)) == pytest.approx(metrics.rmse, 1e-4)
    assert sum(found.histogram.counts) == len(test)
    lows, highs = ([getattr(one, name) for one in found.deciles] for name in ("low", "high"))
    assert lows == sorted(lows) and all(low <= high for low, high in zip(lows, highs))


@pytest.mark.parametrize("backend", ["tensorflow", "numpy"])
def test_examples_that_stay_in_a_file(tmp_path, backend):
    folder, data = tmp_path / "rows", table()
    folder.mkdir()
    np.save(folder / "x.npy", data.train.features)
    np.save(folder / "y.npy", data.train.labels)
    evaluations = []
    for place in ("memory", "disk"):
        options = {"dataset": f"arrays:{folder}", "features_in": place, "backend": backend}
        training, evaluation = trained(None, **options, preprocessing="standardize", seed=1)
        assert isinstance(training.data.test.features, RowFile) == (place == "disk")
        right = np.trace(evaluation.confusion)
        assert right / evaluation.count == training.evaluate("test").accuracy
        evaluations.append(evaluation)
    assert evaluations[0].layers.beginning == evaluations[1].layers.beginning
    assert evaluations[0].confusion == evaluations[1].confusion


def test_the_examination_changes_nothing():
    """A training that is looked at ends with the same bits as one that is not."""
    options = {"hidden_units": (8,), "epochs": 2, "batch_norm": True, "dropout": 0.2}
    plain, looked_at = (tfmlp.fit(Config.from_options(**options), table()) for _ in range(2))
    list(plain)
    before = examine_beginning(looked_at)
    for _ in looked_at:
        examine_end(looked_at, before.layers.beginning)
    weights, same = plain.backend.get_weights(), looked_at.backend.get_weights()
    assert all(np.array_equal(weights[name], same[name]) for name in weights)


def test_gradients_are_those_of_the_training():
    """On all training examples, with nothing random in it: as the backend's own step."""
    data = table(n=200)
    config = Config.from_options(
        hidden_units=(8,), backend="numpy", preprocessing="none", batch_size=64
    )
    training = tfmlp.fit(config, data)
    layers = {one.name: one for one in examine_beginning(training).layers.beginning}
    network = training.backend.network
    outputs = network.forward(data.train.features)
    network.backward(outputs, data.train.labels)
    for name in LAYERS:
        expected = make_histogram(network.gradients()[f"{name}/kernel"])
        assert layers[name].gradients.counts == expected.counts
        kernel = network.parameters()[f"{name}/kernel"]
        assert layers[name].weights == make_histogram(kernel)
    assert layers["logits"].activations == make_histogram(outputs)


def test_mistakes_are_the_surest_ones_with_their_pixels(digits):
    (images, labels), test = digits
    data = Dataset.from_arrays(images, labels, test=test)
    training, evaluation = trained(data, preprocessing="scale")
    predictions = training.predict(data.test.features)
    wrong = np.flatnonzero(predictions.argmax(axis=1) != data.test.labels)
    assert len(wrong) > 25 == len(evaluation.mistakes)
    least = evaluation.mistakes[-1].probability
    assert np.sum(predictions[wrong].max(axis=1) > least + 1e-5) <= 25
    for mistake in evaluation.mistakes:
        pixels = decode_pixels(mistake.pixels, evaluation.image_shape)
        assert np.array_equal(pixels, data.test.images[mistake.index])
        assert mistake.label == data.test.labels[mistake.index] != mistake.predicted
        assert mistake.predicted == predictions[mistake.index].argmax()
    assert evaluation.first_layer.shape == [28, 28, 1] and len(evaluation.first_layer.images) == 8
    kernel = training.backend.get_weights()["dense_1/kernel"][:, 0].reshape(28, 28, 1)
    first = decode_pixels(evaluation.first_layer.images[0], evaluation.first_layer.shape)
    low, high = evaluation.first_layer.low, evaluation.first_layer.high
    shown = low + first / 255 * (high - low)
    np.testing.assert_allclose(shown, np.clip(kernel, low, high), atol=(high - low) / 500)


def test_it_stays_small():
    """100 classes, color images of 64 x 64, and as many units, layers and mistakes as are kept."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (1200, 64, 64, 3), dtype=np.uint8)
    data = Dataset.from_arrays(images, np.arange(1200) % 100, test=600)
    units = 70, *[4] * 60
    _, evaluation = trained(data, hidden_units=units, preprocessing="scale", backend="numpy")
    assert len(evaluation.mistakes) == 25 and len(evaluation.confusion) == 100
    assert len(evaluation.first_layer.images) == 64 and len(evaluation.layers.end) == 50
    assert len(json.dumps(evaluation.to_dict())) < 1e6


def test_more_than_100_classes_have_no_confusion():
    x = np.random.default_rng(0).standard_normal((1010, 4))
    _, evaluation = trained(Dataset.from_arrays(x, np.arange(1010) % 101, test=300))
    assert evaluation.confusion is None and evaluation.calibration.ece > 0
    assert evaluation.image_shape is None and evaluation.mistakes[0].pixels is None


# --- what runs write


@pytest.fixture
def run(train, tmp_path):
    """Trains into a run folder with further options, and returns it loaded."""

    def start(*options):
        result = train("--out", tmp_path / "run", *options)
        assert result.exit_code == 0, result.output
        return tfmlp.load_run(tmp_path / "run")

    return start


def test_a_run_writes_its_evaluation(run):
    loaded = run()
    evaluation = loaded.evaluation
    right = sum(row[label] for label, row in enumerate(evaluation.confusion))
    assert right / evaluation.count == loaded.record.test["accuracy"]
    assert names(evaluation.layers.beginning) == names(evaluation.layers.end) == LAYERS
    assert evaluation.layers.beginning != evaluation.layers.end
    counts = ClassCounts.of_confusion(np.array(evaluation.confusion))
    for name, value in counts.metrics().items():
        assert value == pytest.approx(loaded.record.test[name], abs=1e-6)


def test_a_resumed_run_keeps_its_beginning(run, run_cli, tmp_path):
    first = run().evaluation
    assert run_cli("train", "--resume", tmp_path / "run", "--epochs", 2).exit_code == 0
    second = tfmlp.load_run(tmp_path / "run").evaluation
    assert second.layers.beginning == first.layers.beginning
    assert second.layers.end != first.layers.end
    (tmp_path / "run" / "evaluation.json").unlink()  # as of an earlier version
    assert run_cli("train", "--resume", tmp_path / "run", "--epochs", 3).exit_code == 0
    third = tfmlp.load_run(tmp_path / "run").evaluation
    assert third.layers.beginning == [] and names(third.layers.end) == LAYERS


def test_a_run_that_was_killed_has_its_beginning(run, tmp_path, monkeypatch):
    from tfmlp import runner

    def die(*arguments):
        raise SystemExit(9)

    monkeypatch.setattr(runner, "_finish", die)
    with pytest.raises(AssertionError):
        run()
    evaluation = tfmlp.load_run(tmp_path / "run").evaluation
    assert not evaluation.has_ended and evaluation.confusion is None
    assert names(evaluation.layers.beginning) == LAYERS and evaluation.layers.end == []


def test_of_a_run_that_diverged_the_layers_are_left(train, tmp_path):
    assert train("--out", tmp_path / "run", "--learning-rate", "1e30").exit_code == 3
    evaluation = tfmlp.load_run(tmp_path / "run").evaluation
    assert evaluation.confusion is evaluation.calibration is evaluation.first_layer is None
    assert evaluation.mistakes == [] and names(evaluation.layers.end) == LAYERS


def test_a_full_disk_is_one_line(train, tmp_path, monkeypatch):
    write = RunFolder.write_evaluation

    def fill(folder, evaluation):
        if not evaluation.has_ended:
            return write(folder, evaluation)
        evaluation = SimpleNamespace(to_dict=lambda: {"x": "0" * 10})
        monkeypatch.setattr("os.fsync", full)
        return write(folder, evaluation)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_evaluation", fill)
    result = train("--out", tmp_path / "run")
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert "No space left on device: free space" in last


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values | {"format": 2}, "of format 1; received 2: train again"),
        (lambda values: [], "received 'list': train again"),
        (lambda values: values | {"count": "many"}, "count must be int"),
        (lambda values: values | {"confusion": [[1], [2]]}, "a row of confusion must have 2"),
        (lambda values: values | {"image_shape": [28]}, "pixels"),
        (lambda values: {name: values[name] for name in values if name != "layers"}, "missing"),
        (
            lambda values: values | {"calibration": values["calibration"] | {"counts": [1]}},
            "edges must have 2 entries",
        ),
    ],
)
def test_a_changed_file_is_refused_in_one_line(run, change, said):
    folder = RunFolder(run().path)
    path = folder.path / "evaluation.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(CheckpointError, match=said) as caught:
        folder.read_evaluation()
    assert "train again" in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_or_cut_file_is_refused_in_one_line(run):
    loaded = run()
    path = loaded.path / "evaluation.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(CheckpointError, match="is not valid JSON"):
        loaded.evaluation
    path.unlink()
    with pytest.raises(CheckpointError, match="has no evaluation.json: it was made by an earlier"):
        loaded.evaluation


# --- formulas


def test_calibration_by_hand():
    found = calibrate(np.array([0.55, 0.6, 0.95, 0.9]), np.array([1, 0, 1, 1]), bins=10)
    assert found.counts.tolist() == [0] * 5 + [2, 0, 0, 1, 1]  # 0.6 and 0.9 end their bins
    assert found.confidence[5] == pytest.approx(0.575) and found.accuracy[5] == 0.5
    assert np.isnan(found.confidence[0]) and np.isnan(found.accuracy[0])
    assert found.ece == pytest.approx((2 * 0.075 + 0.1 + 0.05) / 4)


def test_a_model_that_knows_its_chances_is_calibrated():
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.1, 1, 200_000)
    is_right = generator.uniform(size=200_000) < confidence
    assert calibrate(confidence, is_right).ece < 0.005
    assert calibrate(np.ones(1000), is_right[:1000]).ece > 0.3


def test_probabilities_sum_to_one():
    outputs = np.random.default_rng(0).standard_normal((50, 4))
    for loss in ("cross_entropy", "binary_cross_entropy", "squared_error"):
        found = probabilities(outputs, loss)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert np.array_equal(found.argmax(axis=1), outputs.argmax(axis=1))


def test_metrics_of_a_confusion_matrix_are_those_of_its_examples():
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(0)
    labels, predicted = generator.integers(0, 5, (2, 400))
    confusion = confusion_matrix(predicted, labels, 6)  # class 5 never occurs
    assert np.array_equal(confusion, metrics.confusion_matrix(labels, predicted, labels=range(6)))
    counts = ClassCounts.of_confusion(confusion)
    for ours, other in zip(counts.by_class(), class_metrics(predicted, labels, 6)):
        assert np.array_equal(ours, other)
    theirs = metrics.precision_recall_fscore_support(
        labels, predicted, labels=range(6), zero_division=0
    )
    for ours, other in zip((*counts.by_class(), counts.labels), theirs):
        np.testing.assert_allclose(ours, other)


def test_histograms_of_anything():
    assert make_histogram(np.array([np.nan, np.inf])).counts == []
    assert sum(make_histogram(np.zeros(7)).counts) == 7
    large = make_histogram(np.float32([1, 3e38, -3e38, 1e-45]))
    assert sum(large.counts) == 4 and len(large.edges) == 41
    assert sum(make_histogram(np.ones((300, 300))).counts) == 1 << 15


def test_what_is_chosen_evenly_begins_and_ends_with_all():
    chosen = evenly(1_000_003, 1000)
    assert len(chosen) == 1000 and chosen[0] == 0 and chosen[-1] == 1_000_002
    assert set(np.diff(chosen)) <= {1000, 1001, 1002}


def test_smaller_images_are_means_of_blocks():
    images = np.arange(2 * 6 * 6, dtype=np.uint8).reshape(2, 6, 6, 1)
    smaller = make_smaller(images, 3)
    assert smaller.shape == (2, 3, 3, 1) and smaller.dtype == np.uint8
    assert smaller[0, 0, 0, 0] == np.rint(np.mean([0, 1, 6, 7]))
    assert make_smaller(images, 4).shape == (2, 3, 3, 1) and make_smaller(images, 6) is images
    assert make_smaller(images.astype(np.float32), 5)[0, 0, 0, 0] == np.mean([0, 1, 6, 7])


def test_pixels_are_read_as_they_were_written():
    image = to_bytes(np.array([[[-1.0], [0.0], [2.0]]]), -1, 1)
    assert image.ravel().tolist() == [0, 128, 255]
    assert np.array_equal(decode_pixels(encode_pixels(image), (1, 3, 1)), image)
    for text in ("AAA", "%%%%", "AAAA"):
        with pytest.raises(ValueError, match="expected"):
            decode_pixels(text, (1, 2, 1))


def test_an_evaluation_is_a_table():
    with pytest.raises(DamagedRecord, match="received 'str'"):
        Evaluation.from_dict("text")


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_images_of_floats_are_shown_from_their_lowest_to_their_highest(scale):
    generator = np.random.default_rng(0)
    images = scale * generator.uniform(-1, 1, (200, 4, 4, 1)).astype(np.float32)
    data = Dataset.from_arrays(images, np.arange(200) % 3, test=100)
    _, evaluation = trained(data)
    assert evaluation.image_shape == [4, 4, 1]
    chosen = [mistake.index for mistake in evaluation.mistakes]
    shown = np.array([decode_pixels(one.pixels, (4, 4, 1)) for one in evaluation.mistakes])
    values = data.test.features[chosen]
    expected = 255 * (values - values.min()) / np.ptp(values)
    np.testing.assert_allclose(shown, expected, atol=0.51)
