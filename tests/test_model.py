"""The Keras model: its formulas, what it saves, and its dropout."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfmlp import MLP, seeds
from tfmlp.errors import CheckpointError, ConfigError
from tfmlp.model.counters import counters
from tfmlp.model.dense import Dense
from tfmlp.model.dropout import Dropout
from tfmlp.model.preprocessing import Preprocessing
from tfmlp.model.saved import load_model
from tfmlp.reference.initializers import initial_weights
from tfmlp.settings.model import ACTIVATIONS, PREPROCESSING

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
IMAGES = np.random.default_rng(0).integers(0, 256, (16, 6, 5, 3), dtype=np.uint8)


def built(**options):
    model = MLP(**({"hidden_units": (7, 5), "num_classes": 4} | options))
    model.adapt(IMAGES)
    return model


def dense_layers(model):
    return [layer for layer in model.stack if isinstance(layer, Dense)]


def normal_cdf(z):
    return np.vectorize(lambda value: 0.5 * (1 + math.erf(value / math.sqrt(2))))(z)


# What each activation is, by its definition.
DEFINITIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.25 * z),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "linear": lambda z: z,
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * normal_cdf(z),
    "selu": lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0))),
    "swish": lambda z: z / (1 + np.exp(-z)),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_forward_pass_is_that_of_its_formulas(activation):
    options = {"negative_slope": 0.25, "bias_initializer": "normal", "dtype": "float64"}
    model = built(activation=activation, **options)
    weights = [w.numpy() for w in model.trainable_weights]
    rows = IMAGES.reshape(16, -1) / 255
    for kernel, bias in (weights[0:2], weights[2:4]):
        rows = DEFINITIONS[activation](rows @ kernel + bias)
    assert np.allclose(model(IMAGES), rows @ weights[4] + weights[5], rtol=1e-9, atol=1e-9)


def test_layer_normalization_is_that_of_its_formula():
    model = built(layer_norm=True, bias_initializer="normal", dtype="float64", l2=0.5)
    kernels, rows = [], IMAGES.reshape(16, -1) / 255
    for number in (1, 2):
        dense, norm = (model.get_layer(f"{kind}_{number}") for kind in ("dense", "norm"))
        norm.gamma.assign(np.linspace(0.5, 2, dense.units))
        norm.beta.assign(np.linspace(-1, 1, dense.units))
        z = rows @ dense.kernel.numpy() + dense.bias.numpy()
        mean, variance = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
        normal = (z - mean) / np.sqrt(variance + 1e-3)
        rows = np.maximum(normal * norm.gamma.numpy() + norm.beta.numpy(), 0)
        kernels.append(dense.kernel.numpy())
    logits = model.get_layer("logits")
    expected = rows @ logits.kernel.numpy() + logits.bias.numpy()
    for training in (False, True):
        assert np.allclose(model(IMAGES, training=training), expected, rtol=1e-9, atol=1e-9)
    penalty = 0.5 * sum(np.square(kernel).sum() for kernel in (*kernels, logits.kernel.numpy()))
    assert sum(map(float, model.losses)) == pytest.approx(penalty, rel=1e-12)


def test_initial_weights_are_those_of_the_reference():
    options = {"initializer": "he_normal", "initializer_scale": 0.5}
    model = built(**options, bias_initializer="fan_in_uniform", seed=3)
    stream, other = (seeds.generator(3, seeds.Stream.WEIGHTS, number) for number in (2, 3))
    kernel = initial_weights("he_normal", stream, 7, 5, 0.5)
    bias = initial_weights("fan_in_uniform", other, 7, 5, rows=1)
    second = dense_layers(model)[1]
    assert np.array_equal(second.kernel, kernel.astype(np.float32))
    assert np.array_equal(second.bias, bias[0].astype(np.float32))


def test_preprocessing():
    flat = IMAGES.reshape(16, -1).astype(np.float64)
    expected = {
        "none": flat,
        "scale": flat / 255,
        "standardize": (flat - flat.mean()) / flat.std(),
        "per_image": (flat - flat.mean(axis=1, keepdims=True)) / flat.std(axis=1, keepdims=True),
    }
    assert set(expected) == set(PREPROCESSING)
    for kind, values in expected.items():
        layer = Preprocessing(kind)
        layer.adapt(IMAGES)
        assert np.allclose(layer(IMAGES), values, atol=2e-5), kind
        assert layer(IMAGES).dtype == tf.float32


def test_a_table_is_standardized_by_column_and_a_constant_column_becomes_zero():
    rows = np.column_stack([np.arange(10.0), np.full(10, 7.0)]).astype(np.float32)
    layer = Preprocessing("standardize")
    layer.adapt(rows)
    values = layer(rows).numpy()
    assert np.allclose(values.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(values.std(axis=0), [1, 0], atol=1e-6)
    per_image = Preprocessing("per_image")
    assert np.isfinite(per_image(np.full((2, 3, 3, 1), 9, np.uint8))).all()


EVERYTHING = {
    "dropout": 0.3,
    "batch_norm": True,
    "l2": 1e-3,
    "activation": "leaky_relu",
    "preprocessing": "standardize",
}


@pytest.mark.parametrize("options", [{}, EVERYTHING, {"layer_norm": True, "dropout": 0.3}])
def test_a_saved_model_is_the_same_model(tmp_path, options):
    model = built(**options)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded(IMAGES), model(IMAGES))
    assert loaded.get_config() == model.get_config()
    assert loaded.feature_shape == (6, 5, 3)


def test_files_that_are_no_saved_model(tmp_path):
    with pytest.raises(CheckpointError, match="there is no file or folder"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "a.keras").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(CheckpointError, match="not a whole model file"):
        load_model(tmp_path / "a.keras")
    keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "b.keras")
    with pytest.raises(CheckpointError, match="expected a tfmlp MLP; received Sequential"):
        load_model(tmp_path / "b.keras")


def test_keras_fit_and_summary(capsys):
    model = built(dropout=0.5, batch_norm=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    before = model.get_weights()
    history = model.fit(IMAGES, np.arange(16) % 4, epochs=2, batch_size=5, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert any((a != b).any() for a, b in zip(before, model.get_weights()))
    model.summary()
    assert "dense_1 (Dense)" in capsys.readouterr().out


def test_it_takes_any_depth_and_builds_by_being_called():
    model = MLP(hidden_units=(), num_classes=3)
    assert model(IMAGES).shape == (16, 3) and len(model.trainable_weights) == 2
    assert len(dense_layers(built(hidden_units=[2] * 12))) == 12 + 1
    assert [layer.name for layer in built(dropout=0.5, layer_norm=True).stack] == [
        *("dense_1", "norm_1", "relu_1", "dropout_1"),
        *("dense_2", "norm_2", "relu_2", "dropout_2"),
        "logits",
    ]


def test_logits_are_float32_in_bfloat16():
    model = built(dtype="mixed_bfloat16")
    assert model(IMAGES).dtype == tf.float32
    first, *_, logits = dense_layers(model)
    assert first.compute_dtype == "bfloat16" and first.kernel.dtype == "float32"
    assert logits.compute_dtype == "float32"


@pytest.mark.parametrize(
    "options", [{"activation": "rellu"}, {"initializer": "he_norm"}, {"preprocessing": "scaled"}]
)
def test_unknown_names(options):
    with pytest.raises(ConfigError, match="did you mean"):
        MLP(**options)


@pytest.mark.parametrize("compiled", [False, True])
def test_dropout_in_a_step_is_the_reference_mask(compiled):
    layer = Dropout(0.25, seed=5, index=2)
    inputs = tf.random.stateless_normal((40, 30), (1, 2))

    @tf.function(jit_compile=compiled)
    def call(step, first):
        with counters(step, first + tf.range(40)):
            return layer(inputs, training=True)

    positions = np.arange(100, 140, dtype=np.uint32)
    key = seeds.stream_key(5, seeds.Stream.DROPOUT, 2)
    with np.errstate(over="ignore"):
        columns = seeds.column_words(key, 30)
        bits = seeds.counter_bits(key, columns, np.uint32(7), positions, np.right_shift)
    expected = np.where(bits < seeds.keep_threshold(0.75), inputs.numpy() / 0.75, 0)
    assert np.allclose(call(tf.constant(7, tf.int64), 100), expected, rtol=1e-6)
    assert not np.array_equal(call(tf.constant(8, tf.int64), 100), expected)
    assert np.array_equal(layer(inputs, training=False), inputs)
