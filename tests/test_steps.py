"""The train step, the test step, their gradients, and the batches that they are given."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfmlp import MLP, make_test_step, make_train_step, seeds
from tfmlp.data.augment import Augmentation
from tfmlp.data.dataset import Split
from tfmlp.data.pipeline import make_batches
from tfmlp.errors import ConfigError
from tfmlp.model.dense import Dense, multiplied_by
from tfmlp.model.products import Products
from tfmlp.training.forward import training_pass
from tfmlp.training.gradients import compute_gradients
from tfmlp.training.losses import batch_loss, cross_entropy, squared_error


@pytest.fixture(scope="module")
def examples(digits):
    """330 digits: batches of 100 leave a short last one."""
    (images, labels), _ = digits
    return Split(images[:330, ..., np.newaxis], labels[:330].astype(np.int32))


def built_model(hidden_units=(8,), **options):
    model = MLP(hidden_units, **options)
    model.build((None, 28, 28, 1))
    return model


def dense_layers(model):
    return [layer for layer in model.stack if isinstance(layer, Dense)]


def part(examples, *bounds):
    """The features and labels of examples[start:stop]."""
    chosen = slice(*bounds)
    return examples.features[chosen], examples.labels[chosen]


# --- steps


def test_an_epoch_with_a_short_last_batch_is_one_trace(examples):
    metrics = [keras.metrics.Mean("loss"), keras.metrics.SparseCategoricalAccuracy()]
    model = built_model()
    train_step = make_train_step(model, keras.optimizers.Adam(), metrics=metrics)
    test_step = make_test_step(model, metrics=metrics)
    for start in range(0, 330, 100):
        batch = part(examples, start, start + 100)
        loss = train_step(*batch)
        test_step(*batch)
        assert loss.shape == () and loss.dtype == tf.float32
    assert train_step.experimental_get_tracing_count() == 1
    assert test_step.experimental_get_tracing_count() == 1


def test_the_loss_is_the_plain_mean_and_metrics_count_examples(examples):
    model, mean = built_model(), keras.metrics.Mean()
    step = make_test_step(model, metrics=[mean])
    losses = [float(step(*part(examples, *bounds))) for bounds in ((0, 300), (300, 330))]
    everything = cross_entropy(examples.labels, model(examples.features))
    assert losses[1] == pytest.approx(float(tf.reduce_mean(everything[300:])), rel=1e-6)
    assert float(mean.result()) == pytest.approx(float(tf.reduce_mean(everything)), rel=1e-6)
    mean_of_batch_means = np.mean(losses)
    assert float(mean.result()) != pytest.approx(mean_of_batch_means, rel=1e-6)


def test_a_step_of_gradient_descent_goes_down_the_gradient(examples):
    model = built_model(dtype="float64")
    features, labels = part(examples, 50)
    kernel = dense_layers(model)[-1].kernel
    before = kernel.numpy()

    def loss_at(change):
        """The mean loss with one weight changed."""
        changed = before.copy()
        changed[3, 5] += change
        kernel.assign(changed)
        return float(tf.reduce_mean(cross_entropy(labels, model(features))))

    epsilon = 1e-6
    derivative = (loss_at(epsilon) - loss_at(-epsilon)) / (2 * epsilon)
    loss = loss_at(0)
    step = make_train_step(model, keras.optimizers.SGD(0.1))
    assert float(step(features, labels)) == pytest.approx(loss, rel=1e-9)
    moved = kernel.numpy()[3, 5] - before[3, 5]
    assert moved == pytest.approx(-0.1 * derivative, rel=1e-5)


def test_penalties_are_part_of_the_returned_loss_and_of_the_gradient(examples):
    plain, penalized = built_model(), built_model(l2=0.1)
    kernels = [dense.kernel for dense in dense_layers(penalized)]
    assert len(kernels) == 2
    squares = sum(float(tf.reduce_sum(tf.square(kernel))) for kernel in kernels)
    before = kernels[-1].numpy()
    loss, penalized_loss = (
        float(make_train_step(model, keras.optimizers.SGD(0.5))(*part(examples, 20)))
        for model in (plain, penalized)
    )
    assert penalized_loss == pytest.approx(loss + 0.1 * squares, rel=1e-5)
    expected = dense_layers(plain)[-1].kernel.numpy() - 0.5 * 2 * 0.1 * before
    assert np.allclose(kernels[-1], expected, atol=1e-6)


def test_any_keras_model_optimizer_and_loss(examples):
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((28, 28, 1)), layers.Flatten(), layers.Rescaling(1 / 255), layers.Dense(10)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    step = make_train_step(model, keras.optimizers.RMSprop(1e-2), loss)
    losses = [float(step(examples.features, examples.labels)) for _ in range(20)]
    assert losses[-1] < 0.5 * losses[0]


def test_what_cannot_be_stepped_says_so():
    with pytest.raises(ConfigError, match="did you mean 'cross_entropy'"):
        make_train_step(built_model(), keras.optimizers.SGD(), "crossentropy")


def test_squared_error_does_not_broadcast_labels():
    losses = squared_error(tf.constant([1.0, 2.0]), tf.constant([[1.0], [4.0]]))
    assert losses.numpy().tolist() == [0.0, 4.0]


def test_one_replica_equals_many(examples):
    """The global mean, not a mean of means: 3 examples on one replica, 7 on the other."""
    one, many = built_model(), built_model()
    make_train_step(one, keras.optimizers.SGD(0.5))(*part(examples, 10))
    gradients = []
    for bounds in ((0, 3), (3, 10)):
        features, labels = part(examples, *bounds)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(cross_entropy(labels, many(features))) / 10
        gradients.append(tape.gradient(loss, many.trainable_variables))
    for variable, *parts in zip(many.trainable_variables, *gradients, strict=True):
        variable.assign_sub(0.5 * sum(parts))
    for a, b in zip(one.get_weights(), many.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-7)


# --- gradients in mixed precision


def mixed_model(**options):
    return built_model((16,), num_classes=10, dtype="mixed_bfloat16", **options)


def gradients_of(model, batch):
    return compute_gradients(model, tf.Variable(0), cross_entropy, *batch).gradients


def mixed_gradients_of(model, batch):
    """The gradients of `make_mixed_step`, as they are before its update casts them."""
    features, labels = batch
    with tf.GradientTape() as tape:
        products = Products(model.layers)
        with multiplied_by(products.multiply):
            outputs = training_pass(model, tf.Variable(0))(features)
        loss = batch_loss(cross_entropy(labels, outputs), model.losses)
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [products.source(variable) for variable in variables])
    return [products.gradient(*pair) for pair in zip(variables, gradients, strict=True)]


def test_gradients_of_bfloat16_layers_come_uncast_and_are_the_same(examples):
    model, batch = mixed_model(l2=0.0), tuple(map(tf.constant, part(examples, 32)))
    cast, uncast = gradients_of(model, batch), mixed_gradients_of(model, batch)
    types = [gradient.dtype.name for gradient in uncast]
    assert types == ["bfloat16", "bfloat16", "float32", "float32"]
    for one, other in zip(cast, uncast, strict=True):
        assert one.dtype == tf.float32
        is_summed_otherwise = len(one.shape) == 1 and other.dtype == tf.bfloat16
        other = tf.cast(other, tf.float32)
        if is_summed_otherwise:  # the same sum, rounded at other places
            np.testing.assert_allclose(one, other, rtol=0.02, atol=0.01 * np.abs(one).max())
        else:
            assert np.array_equal(one, other)


class Twice(keras.Model):
    """Calls one of its layers twice, on inputs of three axes."""

    def __init__(self):
        super().__init__(dtype="mixed_bfloat16")
        self.dense, self.head = Dense(8, activation="tanh"), Dense(10, dtype="float32")

    def build(self, input_shape):
        self.dense.build((None, 2, 8))
        self.head.build((None, 8))
        self.built = True

    def call(self, inputs, training=False):
        rows = tf.reshape(inputs, [-1, 2, 8])
        return self.head(tf.reduce_sum(self.dense(self.dense(rows)), 1))


def test_a_layer_that_is_called_twice_has_the_gradient_of_both_calls():
    keras.utils.set_random_seed(0)
    model = Twice()
    model.build((None, 16))
    # As many examples as the inner axis is long.
    batch = tf.random.stateless_normal([2, 16], [0, 1]), tf.constant([3, 4])
    pairs = zip(gradients_of(model, batch), mixed_gradients_of(model, batch), strict=True)
    for one, other in pairs:
        other = tf.cast(other, tf.float32)
        np.testing.assert_allclose(one, other, rtol=0.05, atol=0.02 * np.abs(one).max())


def test_gradients_of_layers_that_are_trained_in_part(examples):
    model, batch = mixed_model(), tuple(map(tf.constant, part(examples, 32)))
    dense_layers(model)[0].kernel.trainable = False
    plain, mixed = gradients_of(model, batch), mixed_gradients_of(model, batch)
    assert len(plain) == 3
    assert all(np.array_equal(one, other) for one, other in zip(plain, mixed, strict=True))


def test_gradients_of_penalized_kernels_have_the_penalty(examples):
    model, batch = mixed_model(l2=0.1), tuple(map(tf.constant, part(examples, 32)))
    plain, mixed = gradients_of(model, batch), mixed_gradients_of(model, batch)
    assert all(np.array_equal(one, other) for one, other in zip(plain, mixed, strict=True))


@pytest.mark.parametrize("offset", [0, 1000])
def test_moments_and_raw_features_are_not_rounded_to_bfloat16(offset):
    stream = np.random.default_rng(0)
    rows = (stream.normal(size=(64, 5)) + offset).astype(np.float32)
    options = {"hidden_units": (8,), "num_classes": 3, "preprocessing": "standardize"}
    model = MLP(**options, dtype="mixed_bfloat16")
    model.adapt(rows)
    expected = ((rows - rows.mean(0)) / rows.std(0)).astype(np.float32)
    np.testing.assert_allclose(tf.cast(model.preprocess(rows), tf.float32), expected, atol=0.02)
    outputs = model(rows)
    np.testing.assert_array_equal(outputs, model(model.preprocess(rows), preprocessed=True))
    precise = MLP(**options)
    precise.adapt(rows)
    precise.set_weights(model.get_weights())
    np.testing.assert_allclose(outputs, precise(rows), atol=0.05)


# --- batches and augmentation


def test_batches_follow_the_order_and_keep_the_short_one(examples):
    order = seeds.row_order(0, 1, 330)
    tensors = tf.constant(examples.features), tf.constant(examples.labels)
    images, labels = zip(*make_batches(*tensors, order, 100))
    assert [len(some) for some in labels] == [100, 100, 100, 30]
    assert np.array_equal(np.concatenate(labels), examples.labels[order])
    assert np.array_equal(np.concatenate(images), examples.features[order])
    dropped = make_batches(*tensors, order, 100, drop_remainder=True)
    assert [len(some) for _, some in dropped] == [100, 100, 100]


def test_shifts_move_images_and_repeat_the_edge():
    images = np.random.default_rng(0).integers(0, 256, (400, 9, 8, 3), dtype=np.uint8)
    shifted = Augmentation(0, shift=2)(tf.constant(images), tf.constant(0)).numpy()
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    every_shift = [(i, j) for i in range(5) for j in range(5)]
    seen = set()
    for image, source in zip(shifted, padded):
        cut = {(i, j): source[i : i + 9, j : j + 8] for i, j in every_shift}
        moves = [move for move in every_shift if np.array_equal(image, cut[move])]
        assert len(moves) == 1
        seen |= set(moves)
    assert len(seen) == 25


def test_inversion_has_its_probability_and_depends_on_the_step():
    images = tf.zeros((2000, 2, 2, 1), tf.uint8)
    augment = Augmentation(0, invert=0.3)
    first, again, second = (
        augment(images, tf.constant(step)).numpy()[:, 0, 0, 0] == 255 for step in (0, 0, 1)
    )
    assert first.mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.21 / 2000))
    assert np.array_equal(first, again) and not np.array_equal(first, second)
