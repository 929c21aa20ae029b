"""What the estimators learn: the numbers of `tfmlp.fit` and of `tfmlp train`."""

import csv
import json

import numpy as np
import pytest

import tfmlp
from tfmlp.data.sources import load_dataset
from tfmlp.errors import DivergenceError
from tfmlp.sklearn import MLPClassifier, MLPRegressor

OPTIONS = {"epochs": 3, "hidden_units": (8,), "seed": 5}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def metrics(history):
    return [(epoch.train, epoch.validation) for epoch in history]


@pytest.mark.parametrize("backend", ["tensorflow", "numpy"])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_they_train_as_fit_does(kind, backend, x, y, values):
    task = "regression" if kind is MLPRegressor else "classification"
    labels = values if kind is MLPRegressor else y
    options = OPTIONS | {"backend": backend, "dropout": 0.1, "batch_norm": True}
    model = kind(validation=0.2, patience=1, **options).fit(x, labels)
    table = {"batch_size": 32, "learning_rate": 3e-3, "patience": 1}
    config = tfmlp.Config.from_options(**options, **table)
    data = tfmlp.Dataset.from_arrays(x, labels, validation=0.2, test=(x, labels), task=task, seed=5)
    training = tfmlp.fit(config, data)
    assert metrics(training) == metrics(model.history_)
    assert same(training.backend.get_weights(), model.net_.weights) or backend == "numpy"
    predicted = model.predict(x) if kind is MLPRegressor else model.predict_proba(x)
    assert predicted.dtype == np.float32
    assert np.allclose(predicted, training.predict(x), rtol=1e-5, atol=1e-6)
    assert np.allclose(model.model_(x), training.model(x), rtol=1e-5, atol=1e-6)
    assert model.loss_curve_ == [epoch.train.loss for epoch in training.history]
    assert model.n_iter_ == len(training.history) == len(model.validation_scores_)


def test_they_train_as_the_command_does_on_arrays(run_cli, x, y):
    np.savez("a.npz", x=x, y=y, x_test=x[:9], y_test=y[:9])
    options = ("--epochs", 3, "--hidden-units", 8, "--seed", 5, "--batch-size", 32)
    options = (*options, "--learning-rate", 0.003, "--validation", 0.25, "--out", "run", "--json")
    result = run_cli("train", "--dataset", "arrays:a.npz", *options)
    assert result.exit_code == 0, result.stderr
    model = MLPClassifier(validation=0.25, **OPTIONS).fit(x, y)
    epochs = json.loads(result.stdout)["epochs"]
    assert [epoch["train"]["loss"] for epoch in epochs] == model.loss_curve_
    assert [epoch["validation"]["accuracy"] for epoch in epochs] == model.validation_scores_
    theirs = {weight.path: weight.numpy() for weight in tfmlp.load_model("run").weights}
    assert same(theirs, {f"mlp/{name}": array for name, array in model.net_.weights.items()})


def test_they_train_as_the_command_does_on_a_table(run_cli, x, values):
    with open("a.csv", "w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c", "d", "price"], *np.column_stack([x, values])])
    options = {"target": "price", "task": "regression"}
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    command = ("train", "--dataset", "csv:a.csv", *given, "--epochs", 4, "--out", "run")
    assert run_cli(*command, "--validation", 0.2).exit_code == 0
    train = load_dataset("csv:a.csv", validation=0, **options).train
    model = MLPRegressor(epochs=4, validation=0.2, patience=20).fit(train.features, train.labels)
    run = tfmlp.load_run("run")
    assert [epoch.train.loss for epoch in run.epochs] == model.loss_curve_
    assert np.allclose(model.predict(x), run.predict(x), rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "schedule"),
    [(MLPClassifier, "cosine"), pytest.param(MLPRegressor, "constant", marks=pytest.mark.slow)],
)
def test_partial_fits_are_the_epochs_of_a_fit(kind, schedule, x, y, values):
    labels = values if kind is MLPRegressor else y
    options = OPTIONS | {"dropout": 0.2, "schedule": schedule}
    whole, parts = kind(**options).fit(x, labels), kind(**options)
    classes = {"classes": [0, 1, 2]} if kind is MLPClassifier else {}
    for _ in range(3):
        assert parts.partial_fit(x, labels, **classes) is parts
    assert same(whole.net_.weights, parts.net_.weights)
    assert metrics(whole.history_) == metrics(parts.history_)
    rates = [epoch.learning_rate for epoch in whole.history_]
    assert [epoch.learning_rate for epoch in parts.history_] == rates
    parts.partial_fit(x[:50], labels[:50])
    assert parts.n_iter_ == 4 and parts.history_[-1].train.count == 50
    moments = "preprocessing/mean"
    assert np.array_equal(parts.net_.weights[moments], whole.net_.weights[moments])
    assert same(whole.net_.weights, parts.fit(x, labels).net_.weights)


def test_what_partial_fit_needs(x, y):
    model = MLPClassifier(epochs=1, hidden_units=(2,))
    with pytest.raises(ValueError, match="needs all classes in its first call"):
        model.partial_fit(x, y)
    model.partial_fit(x[y < 2], y[y < 2], classes=[0, 1])
    with pytest.raises(ValueError, match=r"y must be of the classes \[0, 1\]; received 2"):
        model.partial_fit(x, y)
    with pytest.raises(ValueError, match="classes must stay those of the first call"):
        model.partial_fit(x, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="expected the state of this model"):
        model.set_params(hidden_units=(3,)).partial_fit(x[y < 2], y[y < 2])
    without = MLPClassifier(backend="numpy")
    assert not hasattr(without, "partial_fit")
    with pytest.raises(AttributeError) as error:
        without.partial_fit(x, y, classes=[0, 1, 2])
    assert "for backend tensorflow; received backend numpy: use fit" in str(error.value.__cause__)


def test_a_divergence_leaves_the_estimator_as_it_was(x, values):
    model = MLPRegressor(optimizer="sgd", epochs=2, hidden_units=()).partial_fit(x, values)
    before = model.predict(x)
    with pytest.raises(DivergenceError, match="training diverged"):
        model.set_params(learning_rate=1e30).partial_fit(x, values)
    assert np.array_equal(model.predict(x), before) and model.n_iter_ == 1


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_weights_of_zero_leave_out_and_others_count_by_their_ratios(kind, x, y, values):
    labels = values if kind is MLPRegressor else y
    model, kept = kind(backend="numpy", **OPTIONS), np.arange(200) % 3 > 0
    without = model.fit(x[kept], labels[kept]).net_.weights
    assert same(model.fit(x, labels, sample_weight=kept).net_.weights, without)
    weights = np.linspace(0.1, 1, 200)
    one = model.fit(x, labels, sample_weight=weights).predict(x)
    other = model.fit(x, labels, sample_weight=1024 * weights).predict(x)
    assert np.array_equal(one, other)
    assert not same(model.net_.weights, model.fit(x, labels).net_.weights)


def test_bytes_and_lists_are_the_same_numbers(x, y):
    model, levels = MLPClassifier(backend="numpy", **OPTIONS), (x * 9 + 99).astype(np.uint8)
    weights = model.fit(levels, y).net_.weights
    assert model.net_.schema.feature_dtype == "uint8"
    assert same(weights, model.fit(levels.tolist(), y.tolist()).net_.weights)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(200), "must not be all 0"),
        (np.ones(3), r"one for each of 200 examples; received the shape \(3,\)"),
        (np.full(200, -1.0), "Negative values"),
    ],
)
def test_bad_weights_are_said(weights, message, x, y):
    with pytest.raises(ValueError, match=message):
        MLPClassifier().fit(x, y, sample_weight=weights)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "binary_cross_entropy"},
        {"loss": "squared_error", "output_activation": "sigmoid"},
        {"precision": "float64", "preprocessing": "per_image", "layer_norm": True},
        {"precision": "bfloat16", "dropout": 0.5, "dropout_form": "course"},
    ],
)
def test_probabilities_are_those_of_the_keras_model(options, x, y):
    model = MLPClassifier(**(OPTIONS | options)).fit(x, y)
    keras_model, loss = model.model_, model.net_.config.optimization.loss
    from tfmlp.model.prediction import predict

    assert np.allclose(model.predict_proba(x), predict(keras_model, x, loss), atol=1e-6)
    assert np.allclose(model.predict_proba(x).sum(axis=1), 1)
