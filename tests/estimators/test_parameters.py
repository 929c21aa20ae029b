"""The estimators' parameters: those of `Config`."""

from dataclasses import fields

import numpy as np
import pytest
from sklearn.base import clone

from tfmlp.config import FIELDS, GROUPS
from tfmlp.errors import TfmlpError, TfmlpWarning
from tfmlp.recipes.recipe import load_recipe
from tfmlp.sklearn import MLPClassifier, MLPRegressor
from tfmlp.sklearn.options import Options

# Files, images, run folders; and what the estimator itself says.
LEFT_OUT = {
    *("dataset", "data_dir", "tfds_dir", "target", "drop", "features_in", "extra", "test_share"),
    *("shift", "invert", "checkpoint_steps", "checkpoint_minutes", "keep_checkpoints", "task"),
}


def test_they_are_options_with_the_defaults_of_a_table():
    config = load_recipe("tabular").config.replace(validation=0, patience=None, epochs=50)
    parameters = {field.name: field for field in fields(Options)}
    assert (
        list(parameters)
        == [name for group in GROUPS.values() for name in group if name not in LEFT_OUT]
        and set(parameters) == set(FIELDS) - LEFT_OUT
    )
    for name, field in parameters.items():
        assert (field.default, field.type) == (config.option(name), FIELDS[name].type), name
    for kind in (MLPClassifier, MLPRegressor):
        assert kind().get_params() == {name: one.default for name, one in parameters.items()}


def test_they_are_cloned_and_shown():
    model = MLPClassifier(hidden_units=(3,), epochs=2)
    assert clone(model).get_params() == model.get_params() and model == model
    assert repr(model) == "MLPClassifier(epochs=2, hidden_units=(3,))"
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        MLPClassifier(epoch=3)
    with pytest.raises(ValueError, match="Invalid parameter 'epoch'"):
        model.set_params(epoch=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number, at least 1"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"patience": 3}, "patience needs validation examples to watch: set validation"),
        ({"validation": 300}, "would leave -100 and 300"),
        ({"loss": "cross_entropy", "output_activation": "relu"}, "takes logits"),
    ],
)
def test_bad_values_are_said_when_they_are_used(options, message, x, y):
    model = MLPClassifier(backend="numpy", **options)
    with pytest.raises(ValueError, match=message) as error:
        model.fit(x, y)
    assert isinstance(error.value, TfmlpError) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weights": "balanced"}, "is for classes, and the task is regression"),
        ({"label_smoothing": 0.1}, "is for loss cross_entropy"),
        ({"stratify": True}, "is for classes, and the task is regression"),
    ],
)
def test_what_is_for_classes_alone_is_said_to_a_regressor(options, message, x, values):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(backend="numpy", epochs=1, **options).fit(x, values)


def test_what_has_no_effect_is_warned_of(x, y):
    model = MLPClassifier(momentum=0.5, epochs=1, backend="numpy")
    with pytest.warns(TfmlpWarning, match="MLPClassifier: momentum has no effect with optimizer"):
        model.fit(x, y)


def test_numpys_scalars_are_values_too(x, y):
    options = {"epochs": np.int64(2), "batch_norm": np.True_, "learning_rate": np.float32(0.5)}
    model = MLPClassifier(backend="numpy", **options).fit(x, y)
    assert model.net_.config.model.batch_norm is True and model.n_iter_ == 2
