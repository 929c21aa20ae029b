"""Steps with a user's own model, loss, labels and optimizer, as Keras' `compile` takes them.

The table trains each combination by Keras' own `train_on_batch` and by the step, from the same
weights on the same batches: the weights must end the same.
"""

import itertools
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfmlp
from tfmlp.errors import ConfigError, TfmlpWarning

STREAM = np.random.default_rng(3)
IMAGES = STREAM.random((90, 8, 8, 1)).astype(np.float32)
CLASSES = STREAM.integers(0, 10, 90)
BATCHES = (slice(0, 32), slice(32, 64), slice(64, 90))


class CourseModel(keras.Model):
    """The course's own net, made smaller: softmax at its end, built by its first batch."""

    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.hidden = [keras.layers.Dense(units, activation="relu") for units in (16, 24)]
        self.output_layer = keras.layers.Dense(10, activation="softmax")

    def call(self, inputs):
        rows = self.flatten(inputs)
        for layer in self.hidden:
            rows = layer(rows)
        return self.output_layer(rows)


def sequential(activation=None):
    layers = [keras.layers.Flatten(), keras.layers.Dense(12, activation="tanh")]
    return keras.Sequential([*layers, keras.layers.Dense(10, activation=activation)])


def functional():
    inputs = keras.Input((8, 8, 1))
    rows = keras.layers.Flatten()(inputs)
    penalty = keras.regularizers.L2(0.01)
    rows = keras.layers.Dense(12, activation="relu", kernel_regularizer=penalty)(rows)
    return keras.Model(inputs, keras.layers.Dense(10)(rows))


MODELS = {  # name -> (model, whether it ends with a softmax)
    "course": (CourseModel, True),
    "sequential": (sequential, False),
    "sequential, softmax": (lambda: sequential("softmax"), True),
    "functional, L2": (functional, False),
}
_SPARSE = keras.losses.SparseCategoricalCrossentropy
_DENSE = keras.losses.CategoricalCrossentropy
LOSSES = {  # name -> (loss for outputs that are probabilities or not, whether labels are one-hot)
    "sparse object": (lambda p: _SPARSE(from_logits=not p), False),
    "sparse object, no reduction": (lambda p: _SPARSE(from_logits=not p, reduction="none"), False),
    "dense object": (lambda p: _DENSE(from_logits=not p, label_smoothing=0.1), True),
    "squares": (lambda p: "mse", True),
    "huber": (lambda p: keras.losses.Huber(), True),
    "own function": (lambda p: lambda y, o: tf.reduce_mean(tf.square(o - y), axis=-1), True),
}
LABELS = {
    "int64": (lambda y: y, False),
    "uint8, [n, 1]": (lambda y: y.astype(np.uint8)[:, np.newaxis], False),
    "float": (lambda y: y.astype(np.float32), False),
    "one-hot": (lambda y: np.eye(10, dtype=np.float32)[y], True),
}
SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "name": lambda: "adam",
    "momentum, schedule": lambda: keras.optimizers.SGD(SCHEDULE, momentum=0.9),
    "clipping": lambda: keras.optimizers.Adam(0.01, global_clipnorm=0.1),
    "averaging": lambda: keras.optimizers.AdamW(0.01, use_ema=True, ema_overwrite_frequency=2),
    "accumulation": lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2),
    "loss scaling": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
}
TABLE = [
    *itertools.product(MODELS, ["sparse object"], ["int64"], OPTIMIZERS),
    # Keras takes one-hot labels for some losses, and classes for the others.
    *(
        (model, loss, labels, "sgd")
        for model, loss, labels in itertools.product(["course", "sequential"], LOSSES, LABELS)
        if LOSSES[loss][1] == LABELS[labels][1]
    ),
]


def twins(make):
    """Two models with the same weights, built."""
    one, other = make(), make()
    one(IMAGES[:1])
    other(IMAGES[:1])
    other.set_weights(one.get_weights())
    return one, other


def assert_same_weights(one, other, tolerance=1e-6):
    for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        assert np.abs(ours - theirs).max() <= tolerance


@pytest.mark.parametrize(("model", "loss", "labels", "optimizer"), TABLE)
def test_the_step_does_what_train_on_batch_does(model, loss, labels, optimizer):
    make, is_softmax = MODELS[model]
    make_loss, prepare = LOSSES[loss][0], LABELS[labels][0]
    ours, theirs = twins(make)
    # Keras would train on the unreduced losses of "none" in a way of its own.
    theirs.compile(
        OPTIMIZERS[optimizer](), LOSSES[loss.removesuffix(", no reduction")][0](is_softmax)
    )
    step = tfmlp.make_train_step(ours, OPTIMIZERS[optimizer](), make_loss(is_softmax))
    for part in BATCHES:
        targets = prepare(CLASSES[part])
        loss_value = step(IMAGES[part], targets)
        expected = theirs.train_on_batch(IMAGES[part], targets)
    assert float(loss_value) == pytest.approx(float(expected), rel=1e-5) or optimizer == "name"
    assert_same_weights(ours, theirs)
    assert step.experimental_get_tracing_count() == 1


def test_weights_of_examples_and_of_classes_are_those_of_keras():
    ours, theirs = twins(sequential)
    weights = STREAM.random(90).astype(np.float32)
    factors = {0: 2.0, 3: 0.5}
    theirs.compile("sgd", _SPARSE(from_logits=True))
    step = tfmlp.make_train_step(ours, "sgd", "cross_entropy", class_weight=factors)
    for part in BATCHES:
        both = weights[part] * np.array([factors.get(int(y), 1.0) for y in CLASSES[part]])
        step(IMAGES[part], CLASSES[part], weights[part])
        theirs.train_on_batch(IMAGES[part], CLASSES[part], sample_weight=both.astype(np.float32))
    assert_same_weights(ours, theirs)


@pytest.mark.parametrize("labels", LABELS)
def test_our_own_names_take_labels_as_they_come(labels):
    prepare, _ = LABELS[labels]
    ours, theirs = twins(sequential)
    for model, targets in ((ours, prepare(CLASSES)), (theirs, CLASSES.astype(np.int32))):
        tfmlp.make_train_step(model, "sgd", "cross_entropy")(IMAGES, targets)
    assert_same_weights(ours, theirs)


def test_the_courses_loop_with_names_builds_itself_and_learns(digits):
    (images, labels), _ = digits
    model = CourseModel()
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    step = tfmlp.make_train_step(
        model, "adam", "sparse_categorical_crossentropy", [keras.metrics.Mean(), accuracy]
    )
    test = tfmlp.make_test_step(model, "sparse_categorical_crossentropy", [accuracy])
    for _ in range(12):
        accuracy.reset_state()
        for start in range(0, 600, 32):
            step(images[start : start + 32] / np.float32(255), labels[start : start + 32])
    assert accuracy.result() > 0.9 and step.experimental_get_tracing_count() == 1
    test(images[:50] / np.float32(255), labels[:50, np.newaxis])


def test_a_model_that_keras_says_is_built_is_built():
    model = CourseModel()
    model.build((None, 8, 8, 1))
    tfmlp.make_train_step(model, "adam", "sparse_categorical_crossentropy")(IMAGES, CLASSES)
    assert len(model.weights) == 6


def test_svhns_layout_with_keras_own_objects(svhn_dir):
    """The course's loop on SVHN's files, unchanged but for `make_train_step`."""
    import scipy.io

    contents = scipy.io.loadmat(svhn_dir / "train_32x32.mat")
    images = contents["X"].transpose(3, 0, 1, 2).astype(np.float32) / 255
    labels = contents["y"] % 10  # [n, 1], uint8
    loss_object = keras.losses.SparseCategoricalCrossentropy()
    train_loss = keras.metrics.Mean(name="train_loss")
    train_accuracy = keras.metrics.SparseCategoricalAccuracy(name="train_accuracy")
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(1024).batch(32)
    train_step = tfmlp.make_train_step(
        CourseModel(), keras.optimizers.Adam(), loss_object, [train_loss, train_accuracy]
    )
    for batch, batch_labels in dataset:
        train_step(batch, batch_labels)
    assert float(train_loss.result()) < 2.5 and 0 < float(train_accuracy.result()) < 1


@pytest.mark.parametrize(
    ("loss", "activation", "message"),
    [
        (_SPARSE(from_logits=True), "softmax", "takes logits, and the model's outputs are prob"),
        ("cross_entropy", "softmax", "takes logits, and the model's outputs are probabilities"),
        (_SPARSE(), None, "takes probabilities, and the model's outputs run from"),
        ("sparse_categorical_crossentropy", None, "takes probabilities, and the model's"),
    ],
)
def test_logits_and_probabilities_mixed_up_are_said_once(loss, activation, message):
    step = tfmlp.make_train_step(sequential(activation), "sgd", loss)
    with pytest.warns(TfmlpWarning, match=message):
        step(IMAGES, CLASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TfmlpWarning)
        step(IMAGES, CLASSES)


@pytest.mark.parametrize("name", ["course", "sequential"])
def test_what_fits_is_not_warned_of(name):
    make, is_softmax = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error", TfmlpWarning)
        step = tfmlp.make_train_step(make(), "sgd", _SPARSE(from_logits=not is_softmax))
        step(IMAGES, CLASSES)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ((IMAGES, CLASSES + 1), "labels must be classes 0 to 9.*received .* to 10: subtract 1"),
        ((IMAGES, CLASSES[:7]), "equally many; received 90 and 7"),
        ((IMAGES[:0], CLASSES[:0]), "at least one example"),
        ((IMAGES, np.int32(3)), "labels \\[b\\]; received the shapes"),
    ],
)
def test_a_batch_that_does_not_fit_is_one_line(batch, message):
    labels = batch[1]
    if np.size(labels) == 90 and np.max(labels) > 9:
        labels = np.where(np.arange(90) == 0, 1, np.where(labels == 1, 2, labels))
    with pytest.raises(ConfigError, match=message) as error:
        tfmlp.make_train_step(sequential(), "sgd", "cross_entropy")(batch[0], labels)
    assert "\n" not in str(error.value) and "in user code" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("adamm", "cross_entropy"), "unknown optimizer 'adamm'"),
        (("sgd", "cross_entropie"), "unknown loss 'cross_entropie': did you mean 'cross_entropy'"),
        (("sgd", 7), "must be a name, a Keras loss or a function"),
        ((3, "cross_entropy"), "must be one of Keras, or its name; received int"),
    ],
)
def test_a_wrong_loss_or_optimizer_is_one_line(arguments, message):
    with pytest.raises(ConfigError, match=message):
        tfmlp.make_train_step(sequential(), *arguments)


def test_a_loss_that_takes_the_mean_itself_is_told():
    def mean_loss(labels, outputs):
        return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, outputs))

    with pytest.raises(ConfigError, match="one value per example.*mean_loss returned the shape"):
        tfmlp.make_train_step(sequential("softmax"), "sgd", mean_loss)(IMAGES, CLASSES)


def test_unused_weights_are_said_and_the_others_train():
    class WithUnused(keras.Model):
        def __init__(self):
            super().__init__()
            self.flat, self.used = keras.layers.Flatten(), keras.layers.Dense(10)
            self.unused = keras.layers.Dense(3)

        def call(self, inputs):
            rows = self.flat(inputs)
            self.unused(rows)
            return self.used(rows)

    model = WithUnused()
    step = tfmlp.make_train_step(model, "sgd", "cross_entropy")
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        step(IMAGES, CLASSES)
    before = model.used.get_weights()[0].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        step(IMAGES, CLASSES)
    assert np.abs(model.used.get_weights()[0] - before).max() > 0


def test_a_loop_of_seeds_has_no_warnings_of_retracing(caplog):
    data = tfmlp.load_dataset("svhn-synthetic", validation=0.1)
    data = type(data)(
        data.train.take(np.arange(100)),
        None,
        data.test.take(np.arange(50)),
        data.task,
        data.class_names,
        data.provenance,
    )
    with caplog.at_level("WARNING", logger="tensorflow"):
        for seed in range(7):
            options = {"hidden_units": (4,), "epochs": 1, "engine": "graph", "seed": seed}
            for _ in tfmlp.fit(tfmlp.Config.from_options(**options), data):
                pass
    assert "retracing" not in caplog.text
