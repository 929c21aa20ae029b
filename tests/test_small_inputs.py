"""Inputs that preprocessing makes far too small are named, before the learning rate is accused."""

import warnings

import keras
import numpy as np
import pytest

import tfmlp
from tests.sick_data import scaled
from tfmlp.errors import TfmlpWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1000, 8)).astype(np.float32)
Y = (X @ RNG.normal(size=8) > 0).astype(int)
PIXELS = RNG.integers(0, 256, (1000, 8)).astype(np.uint8)


def first_step(x, **options):
    """Returns the warnings of a first step."""
    model = tfmlp.MLP((16,), num_classes=2, **options)
    if model.preprocess.kind == "standardize":
        model.adapt(x)
    step = tfmlp.make_train_step(model, "adam")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        step(x[:64], Y[:64])
    return [str(one.message) for one in caught if one.category is TfmlpWarning]


@pytest.mark.parametrize("scale", [1, 10, 0.1])
def test_the_first_batch_names_inputs_that_are_no_pixels(scale):
    (warning,) = first_step(scale * X)
    assert "inputs are too small" in warning and "x / 255" in warning
    assert 'preprocessing="standardize"' in warning and '"none"' in warning


@pytest.mark.parametrize(
    ("x", "options"),
    [
        (PIXELS, {}),
        (255 * np.eye(500, dtype=np.float32)[np.arange(1000) % 500], {}),  # few ones in a row
        (X, {"preprocessing": "none"}),
        (X, {"preprocessing": "standardize"}),
    ],
    ids="pixels one-hot none standardize".split(),
)
def test_the_first_batch_takes_inputs_of_a_good_size(x, options):
    assert first_step(x, **options) == []


@pytest.mark.parametrize("rate", [1e-2, 1e-4])
def test_diagnose_names_small_inputs_before_the_learning_rate(rate):
    model = tfmlp.MLP((16,), num_classes=2)  # without weights yet
    with warnings.catch_warnings():
        warnings.simplefilter("error", TfmlpWarning)
        diagnosis = tfmlp.diagnose(model, keras.optimizers.SGD(rate), (X, Y), seconds=10)
    names = [finding.name for finding in diagnosis.findings]
    assert names[0] == "small_inputs"
    assert not {"learning_rate_too_small", "learning_rate_too_large"} & set(names)
    assert "standardize" in diagnosis.findings[0].cure and '"none"' in diagnosis.findings[0].cure
    assert diagnosis.findings[0].change == {"preprocessing": "standardize"}


def test_diagnose_builds_a_model_without_weights():
    train, _ = scaled()
    layers = [keras.layers.Dense(16, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential(layers)
    assert not model.built
    diagnosis = tfmlp.diagnose(model, keras.optimizers.Adam(), train, seconds=10)
    assert model.built and diagnosis.facts["learned"]
