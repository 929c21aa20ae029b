"""Steps, engines and the loop."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfmlp import MLP, Config, fit, make_test_step, make_train_step, seeds
from tfmlp.data.augment import make_augmentation
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.data.pipeline import make_batches
from tfmlp.errors import ConfigError, DivergenceError, TfmlpWarning
from tfmlp.model.dense import Dense
from tfmlp.settings.optimization import OPTIMIZERS
from tfmlp.training import auto, engine
from tfmlp.training.assembly import make_timetable, plan_for
from tfmlp.training.gradients import compute_gradients
from tfmlp.training.losses import cross_entropy, squared_error
from tfmlp.training.stopping import EarlyStopping
from tfmlp.training.timetable import learning_rates


@pytest.fixture(scope="module")
def data(digits):
    """330 training, 60 validation and 200 test digits: batches of 100 leave a short last one."""
    (images, labels), (test_images, test_labels) = digits
    images, labels = images[..., np.newaxis], labels.astype(np.int32)
    test = Split(test_images[..., np.newaxis], test_labels.astype(np.int32))
    parts = Split(images[:330], labels[:330]), Split(images[330:390], labels[330:390]), test
    return Dataset(*parts, "classification", tuple("0123456789"), Provenance("digits", "a test"))


@pytest.fixture(scope="module")
def values():
    """A regression: y = 3 a - 2 b + 1."""
    rows = np.random.default_rng(0).random((200, 2)).astype(np.float32)
    labels = (3 * rows[:, 0] - 2 * rows[:, 1] + 1).astype(np.float32)
    parts = (Split(rows[a:b], labels[a:b]) for a, b in ((0, 120), (120, 160), (160, 200)))
    return Dataset(*parts, "regression", (), Provenance("plane", "a test"))


def config(**options):
    return Config.from_options(
        **({"hidden_units": (16,), "batch_size": 100, "epochs": 2, "engine": "graph"} | options)
    )


def weights(training):
    for _ in training:
        pass
    return training.backend.get_weights()


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# --- steps


def built_model(**options):
    model = MLP(hidden_units=(8,), **options)
    model.build((None, 28, 28, 1))
    return model


def test_an_epoch_with_a_short_last_batch_is_one_trace(data):
    metrics = [keras.metrics.Mean("loss"), keras.metrics.SparseCategoricalAccuracy()]
    model = built_model()
    train_step, test_step = (
        make_train_step(model, keras.optimizers.Adam(), metrics=metrics),
        make_test_step(model, metrics=metrics),
    )
    for start in range(0, 330, 100):
        loss = train_step(
            data.train.features[start : start + 100], data.train.labels[start : start + 100]
        )
        test_step(data.train.features[start : start + 100], data.train.labels[start : start + 100])
        assert loss.shape == () and loss.dtype == tf.float32
    assert (
        train_step.experimental_get_tracing_count()
        == test_step.experimental_get_tracing_count()
        == 1
    )


def test_the_loss_is_the_plain_mean_and_metrics_count_examples(data):
    model = built_model()
    mean = keras.metrics.Mean()
    step = make_test_step(model, metrics=[mean])
    parts = [
        (data.train.features[s], data.train.labels[s]) for s in (slice(0, 300), slice(300, 330))
    ]
    losses = [float(step(*part)) for part in parts]
    everything = cross_entropy(data.train.labels, model(data.train.features))
    assert losses[1] == pytest.approx(float(tf.reduce_mean(everything[300:])), rel=1e-6)
    assert float(mean.result()) == pytest.approx(float(tf.reduce_mean(everything)), rel=1e-6)
    assert float(mean.result()) != pytest.approx(
        np.mean(losses), rel=1e-6
    )  # a mean of batch means would be this


def test_a_step_of_gradient_descent_goes_down_the_slope(data):
    model = built_model(dtype="float64")
    features, labels = data.train.features[:50], data.train.labels[:50]
    mean_loss = lambda: float(tf.reduce_mean(cross_entropy(labels, model(features))))  # noqa: E731
    kernel = model.head.kernel
    before, loss = kernel.numpy(), mean_loss()
    # The slope along one weight, by central differences.
    epsilon = 1e-6
    sides = []
    for sign in (1, -1):
        changed = before.copy()
        changed[3, 5] += sign * epsilon
        kernel.assign(changed)
        sides.append(mean_loss())
    kernel.assign(before)
    step = make_train_step(model, keras.optimizers.SGD(0.1))
    assert float(step(features, labels)) == pytest.approx(loss, rel=1e-9)
    assert kernel.numpy()[3, 5] - before[3, 5] == pytest.approx(
        -0.1 * (sides[0] - sides[1]) / (2 * epsilon), rel=1e-5
    )


def test_penalties_are_part_of_the_returned_loss_and_of_the_gradient(data):
    plain, penalized = built_model(), built_model(l2=0.1)
    features, labels = data.train.features[:20], data.train.labels[:20]
    squares = sum(
        float(tf.reduce_sum(tf.square(dense.kernel)))
        for dense in (*penalized.denses, penalized.head)
    )
    kernel = penalized.head.kernel.numpy()
    losses = [
        float(make_train_step(model, keras.optimizers.SGD(0.5))(features, labels))
        for model in (plain, penalized)
    ]
    assert losses[1] == pytest.approx(losses[0] + 0.1 * squares, rel=1e-5)
    assert np.allclose(
        penalized.head.kernel, plain.head.kernel.numpy() - 0.5 * 2 * 0.1 * kernel, atol=1e-6
    )


def test_any_keras_model_optimizer_and_loss(data):
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Dense(10),
        ]
    )
    step = make_train_step(
        model,
        keras.optimizers.RMSprop(1e-2),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none"),
    )
    losses = [float(step(data.train.features, data.train.labels)) for _ in range(20)]
    assert losses[-1] < 0.5 * losses[0]


def test_what_cannot_be_stepped_says_so(data):
    with pytest.raises(ConfigError, match=r"call model.build"):
        make_train_step(MLP(), keras.optimizers.SGD())
    with pytest.raises(ConfigError, match="did you mean 'cross_entropy'"):
        make_train_step(built_model(), keras.optimizers.SGD(), "crossentropy")
    step = make_train_step(
        built_model(),
        keras.optimizers.SGD(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    with pytest.raises(ConfigError, match="one value per example.*reduction='none'"):
        step(data.train.features, data.train.labels)


def test_squared_error_does_not_broadcast_labels():
    assert squared_error(tf.constant([1.0, 2.0]), tf.constant([[1.0], [4.0]])).numpy().tolist() == [
        0.0,
        4.0,
    ]


def test_one_replica_equals_many(data):
    """The global mean, not a mean of replicas' means: 3 rows on one replica, 7 on the other."""
    tf.config.list_logical_devices()  # two replicas on one CPU stand for two devices
    features, labels = data.train.features[:10], data.train.labels[:10]
    one, many = built_model(), built_model()
    make_train_step(one, keras.optimizers.SGD(0.5))(features, labels)
    gradients = []
    for rows in (slice(0, 3), slice(3, 10)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(cross_entropy(labels[rows], many(features[rows]))) / 10
        gradients.append(tape.gradient(loss, many.trainable_variables))
    for variable, *parts in zip(many.trainable_variables, *gradients, strict=True):
        variable.assign_sub(0.5 * sum(parts))
    for a, b in zip(one.get_weights(), many.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-7)


# --- batches and augmentation


def test_batches_follow_the_order_and_keep_the_short_one(data):
    order = seeds.row_order(0, 1, 330)
    batches = list(
        make_batches(tf.constant(data.train.features), tf.constant(data.train.labels), order, 100)
    )
    assert [len(labels) for _, labels in batches] == [100, 100, 100, 30]
    assert np.array_equal(
        np.concatenate([labels for _, labels in batches]), data.train.labels[order]
    )
    assert np.array_equal(
        np.concatenate([images for images, _ in batches]), data.train.features[order]
    )
    dropped = make_batches(
        tf.constant(data.train.features),
        tf.constant(data.train.labels),
        order,
        100,
        drop_remainder=True,
    )
    assert [len(labels) for _, labels in dropped] == [100, 100, 100]


def test_shifts_move_images_and_repeat_the_edge():
    images = np.random.default_rng(0).integers(0, 256, (400, 9, 8, 3), dtype=np.uint8)
    shifted = make_augmentation(0, shift=2)(tf.constant(images), tf.constant(0)).numpy()
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    seen = set()
    for image, source in zip(shifted, padded):
        moves = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if np.array_equal(image, source[i : i + 9, j : j + 8])
        ]
        assert len(moves) == 1
        seen |= set(moves)
    assert len(seen) == 25  # every shift occurs


def test_inversion_has_its_probability_and_depends_on_the_step():
    images = tf.zeros((2000, 2, 2, 1), tf.uint8)
    augment = make_augmentation(0, invert=0.3)
    first, again, second = (
        augment(images, tf.constant(step)).numpy()[:, 0, 0, 0] == 255 for step in (0, 0, 1)
    )
    assert first.mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.21 / 2000))
    assert np.array_equal(first, again) and not np.array_equal(first, second)
    assert make_augmentation(0) is None


# --- engines

ELABORATE = {
    "dropout": 0.2,
    "batch_norm": True,
    "l2": 1e-4,
    "shift": 1,
    "invert": 0.5,
    "schedule": "cosine",
    "clip_norm": 1.0,
    "initializer": "he_uniform",
}


@pytest.mark.parametrize("piece", [32 << 20, 200 * 784])
@pytest.mark.parametrize("program", ["graph", "hybrid", "xla"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        ELABORATE,
        {"drop_remainder": True, "optimizer": "momentum"},
        {"batch_size": 7},
        {"precision": "bfloat16"},
    ],
)
def test_streaming_and_resident_weights_are_bit_identical(
    data, options, program, piece, monkeypatch
):
    monkeypatch.setattr(
        engine, "_PIECE_BYTES", piece
    )  # one piece for the whole epoch, or pieces of a few batches with a last one that is filled up
    resident, streaming = (
        config(**options | {"engine": name}) for name in (program, f"streaming-{program}")
    )
    assert equal(weights(fit(resident, data)), weights(fit(streaming, data)))


@pytest.mark.parametrize("compiled", ["hybrid", "xla"])
@pytest.mark.parametrize(
    "options", [{}, ELABORATE, {"drop_remainder": True, "optimizer": "sgd"}, {"batch_size": 1000}]
)
def test_what_xla_compiles_computes_the_same(data, options, compiled):
    for a, b in zip(
        weights(fit(config(**options, precision="float64"), data)),
        weights(fit(config(**options, precision="float64", engine=compiled), data)),
    ):
        assert np.allclose(a, b, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ["graph", "hybrid", "xla", "streaming"])
def test_the_same_seed_gives_the_same_bits_and_another_does_not(data, name):
    options = ELABORATE | {"engine": name}
    first = weights(fit(config(**options), data))
    assert equal(first, weights(fit(config(**options), data)))
    assert not equal(first, weights(fit(config(**options, seed=1), data)))


def test_an_epoch_is_the_step_called_batch_by_batch(data):
    training = fit(config(optimizer="sgd", learning_rate=0.1, epochs=1, dropout=0.5), data)
    other = fit(config(optimizer="sgd", learning_rate=0.1, epochs=1, dropout=0.5), data)
    step = make_train_step(other.model, other.backend.optimizer)
    order = seeds.row_order(0, 1, 330)
    for start in range(0, 330, 100):
        rows = order[start : start + 100]
        step(data.train.features[rows], data.train.labels[rows])
    assert equal(weights(training), other.backend.get_weights())


def test_rows_are_visited_in_file_order_without_shuffling(data):
    one = weights(fit(config(shuffle=False, epochs=1), data))
    assert equal(one, weights(fit(config(shuffle=False, epochs=1), data)))
    assert not equal(one, weights(fit(config(epochs=1), data)))


# --- the loop


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns(data, optimizer):
    rate = 0.1 if optimizer in ("sgd", "momentum", "nesterov") else 1e-3
    results = list(
        fit(config(optimizer=optimizer, learning_rate=rate, epochs=4, batch_size=33), data)
    )
    assert results[-1].train.loss < 0.7 * results[0].train.loss


def test_results_tell_epoch_rate_and_figures(data):
    training = fit(
        config(
            schedule="linear",
            learning_rate=0.1,
            final_learning_rate=0.02,
            schedule_by="epoch",
            epochs=5,
        ),
        data,
    )
    results = list(training)
    assert [result.epoch for result in results] == [1, 2, 3, 4, 5]
    assert [result.learning_rate for result in results] == pytest.approx(
        [0.1, 0.08, 0.06, 0.04, 0.02]
    )
    assert results[0].train.count == 330 and results[0].validation.count == 60
    assert results == training.history and training.best.validation.loss == min(
        r.validation.loss for r in results
    )
    # Accuracies are fractions of the very counts.
    assert (results[0].validation.accuracy * 60) == pytest.approx(
        round(results[0].validation.accuracy * 60), abs=1e-9
    )
    assert training.evaluate("test").count == 200
    assert set(results[0].to_dict()) == {"epoch", "learning_rate", "train", "validation", "seconds"}


def test_evaluation_is_that_of_the_plain_model(data):
    training = fit(config(epochs=1), data)
    list(training)
    logits = training.model(data.test.features)
    figures = training.evaluate("test")
    assert figures.accuracy == np.mean(np.argmax(logits, axis=1) == data.test.labels)
    assert figures.loss == pytest.approx(
        float(tf.reduce_mean(cross_entropy(data.test.labels, logits))), rel=1e-6
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_validation_rows_that_are_kept_preprocessed_give_the_same_figures(
    data, monkeypatch, precision
):
    backend = fit(
        config(preprocessing="standardize", batch_norm=True, precision=precision), data
    ).backend
    backend.train_epoch(1)
    kept = backend.evaluate("validation")
    monkeypatch.setattr("tfmlp.training.backend._KEPT_BYTES", 0)
    assert backend.evaluate("validation") == kept


def test_other_moments_among_the_weights_are_minded(data):
    backend = fit(config(preprocessing="standardize"), data).backend
    before, weights = backend.evaluate("validation"), backend.get_weights()
    backend.set_weights(
        [2 * array if index < 2 else array for index, array in enumerate(weights)]
    )  # mean and deviation
    assert backend.model.preprocess.mean.numpy() == pytest.approx(2 * weights[0])
    assert backend.evaluate("validation").loss != before.loss
    backend.set_weights(weights)
    assert backend.evaluate("validation") == before


def test_regression(values):
    training = fit(
        config(hidden_units=(), learning_rate=0.05, epochs=60, batch_size=16, monitor="rmse"),
        values,
    )
    results = list(training)
    assert results[-1].validation.rmse < 0.02 and results[-1].validation.accuracy is None
    figures, outputs = training.evaluate("test"), training.model(values.test.features).numpy()[:, 0]
    errors = outputs - values.test.labels
    assert figures.mae == pytest.approx(np.abs(errors).mean(), rel=1e-4)
    assert figures.rmse == pytest.approx(np.sqrt(np.square(errors).mean()), rel=1e-4)
    assert figures.loss == pytest.approx(np.square(errors).mean(), rel=1e-4)


def test_early_stopping_goes_back_to_the_best_weights(data):
    training = fit(config(learning_rate=0.02, epochs=100, patience=3, batch_size=33), data)
    results = list(training)
    assert training.stopped_early and len(results) < 100
    assert len(results) == training.best.epoch + 3
    assert training.evaluate("validation").loss == pytest.approx(
        training.best.validation.loss, rel=1e-6
    )


def test_iteration_can_be_broken_off_and_gone_on_with(data):
    whole = weights(fit(config(epochs=3), data))
    training = fit(config(epochs=3), data)
    for result in training:
        if result.epoch == 1:
            break
    assert [result.epoch for result in training] == [2, 3]
    assert equal(whole, training.backend.get_weights())


def test_a_state_put_back_goes_on_bit_for_bit(data):
    options = ELABORATE | {"epochs": 4, "optimizer": "adam"}
    one = fit(config(**options), data)
    for result in one:
        if result.epoch == 2:
            state = one.backend.get_state()
    other = fit(config(**options), data)
    other.backend.set_state(state)
    for epoch in (3, 4):
        other.backend.train_epoch(epoch)
    assert equal(one.backend.get_weights(), other.backend.get_weights())
    with pytest.raises(ConfigError, match="state of this model"):
        fit(config(), data).backend.set_state(state)


def test_divergence_stops_the_run(data):
    with pytest.raises(
        DivergenceError,
        match="output of logits became inf in step 2 .epoch 1., at a learning rate of 1e\\+30",
    ):
        list(fit(config(optimizer="sgd", learning_rate=1e30, epochs=3), data))


def test_without_validation_rows(data):
    without = Dataset(data.train, None, data.test, data.task, data.class_names, data.provenance)
    training = fit(config(epochs=1), without)
    assert [result.validation for result in training] == [None] and training.best is None
    with pytest.raises(ConfigError, match="patience needs validation rows"):
        fit(config(patience=2), without)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "mae"}, "monitor mae is no metric of classification"),
        ({"batch_size": 1000, "drop_remainder": True}, "leaves no step"),
        ({"device": "gpu"}, "sees no GPU"),
        ({"hidden_units": (10**6, 10**6)}, "GB to train; this machine has"),
        ({"schedule": "exponential", "final_learning_rate": 0}, "greater than 0"),
        ({"schedule": "cosine", "epochs": 10**6, "batch_size": 1}, "at most 50,000,000 steps"),
        ({"warmup": 2, "epochs": 2}, "warmup must be shorter"),
    ],
)
def test_options_that_do_not_fit_the_data(data, options, message):
    if options.get("device") == "gpu" and tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    with pytest.raises(ConfigError, match=message):
        fit(config(**options), data)


def test_threads_cannot_change_once_tensorflow_runs(data):
    with pytest.warns(TfmlpWarning, match="already started"):
        fit(config(threads=7, epochs=1), data)


def test_augmentation_is_for_images(values):
    with pytest.raises(ConfigError, match="are for images"):
        fit(config(shift=1, monitor="loss"), values)


def test_auto_chooses_xla_only_where_it_pays(data):
    assert fit(config(engine="auto", epochs=2), data).backend.engine == "hybrid"
    assert (
        fit(config(engine="auto", epochs=2, optimizer="momentum"), data).backend.engine == "graph"
    )
    assert fit(config(engine="auto", epochs=500), data).backend.engine == "xla"
    assert (
        fit(config(engine="auto", epochs=500, precision="bfloat16"), data).backend.engine
        == "hybrid"
    )
    assert fit(config(engine="streaming", epochs=500), data).backend.engine == "streaming-xla"


def chosen_engine(data, device, **options) -> str:
    made = config(**options)
    steps = make_timetable(made, data).steps_per_epoch
    return auto.choose_engine(made, data, plan_for(made, data), "float32", device, steps)


def chosen_precision(data, device, **options) -> str:
    made = config(**options)
    return auto.choose_precision(made, data, plan_for(made, data), device)


def test_auto_leaves_huge_products_to_tensorflow(data):
    huge = {"hidden_units": (4000, 3000), "epochs": 1000, "engine": "auto"}
    for options, program in (
        ({}, "hybrid"),
        ({"dropout": 0.5}, "xla"),
        ({"hidden_units": (2000, 1000)}, "xla"),
        ({"engine": "streaming"}, "streaming-hybrid"),
    ):
        assert chosen_engine(data, "/CPU:0", **huge | options) == program
    assert chosen_engine(data, "/GPU:0", **huge) == "xla"


def test_auto_chooses_bfloat16_for_wide_layers_on_cpus_made_for_it(data, monkeypatch):
    wide = {"hidden_units": (1024, 1024), "batch_size": 128}
    for fast, options, precision in (
        (True, wide, "bfloat16"),
        (False, wide, "float32"),
        (True, wide | {"batch_size": 64}, "float32"),
        (True, wide | {"batch_norm": True}, "float32"),
        (True, wide | {"dropout": 0.3, "shift": 2}, "float32"),
        (True, wide | {"precision": "float64"}, "float64"),
        (True, {"hidden_units": (512, 256)}, "float32"),
    ):
        monkeypatch.setattr(auto, "has_fast_bfloat16", lambda fast=fast: fast)
        assert chosen_precision(data, "/CPU:0", **options) == precision
    assert chosen_precision(data, "/GPU:0", **wide) == "float32"


def test_a_constant_rate_is_a_single_number():
    assert learning_rates(Config().optimization, 10).tolist() == pytest.approx([1e-3])
    assert len(learning_rates(config(schedule="linear").optimization, 10)) == 20


def test_stopping_by_accuracy_waits_for_a_rise_of_min_delta():
    stopping = EarlyStopping("accuracy", patience=2, min_delta=0.1)
    for epoch, accuracy in enumerate((0.5, 0.55, 0.65, 0.6, 0.66), 1):
        stopping.update(epoch, accuracy, lambda epoch=epoch: epoch)
    assert stopping.best_epoch == stopping.best_weights == 3 and stopping.should_stop


def test_gradients_of_bfloat16_layers_come_uncast_and_are_the_same(data):
    model = MLP((16,), num_classes=10, dtype="mixed_bfloat16", l2=0.0)
    model.build((None, *data.train.features.shape[1:]))
    batch = tf.constant(data.train.features[:32]), tf.constant(data.train.labels[:32])
    cast = compute_gradients(model, tf.Variable(0), cross_entropy, *batch)[1]
    uncast = compute_gradients(model, tf.Variable(0), cross_entropy, *batch, as_computed=True)[1]
    assert [gradient.dtype.name for gradient in uncast] == [
        "bfloat16",
        "bfloat16",
        "float32",
        "float32",
    ]
    for one, other in zip(cast, uncast, strict=True):
        assert one.dtype == tf.float32
        if (
            len(one.shape) == 1 and other.dtype == tf.bfloat16
        ):  # the same sum, rounded at other places
            np.testing.assert_allclose(
                one, tf.cast(other, tf.float32), rtol=0.02, atol=0.01 * np.abs(one).max()
            )
        else:
            assert np.array_equal(one, tf.cast(other, tf.float32))


def test_a_layer_that_is_called_twice_has_the_gradient_of_both_calls(data):
    class Twice(keras.Model):
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

    keras.utils.set_random_seed(0)
    model = Twice()
    model.build((None, 16))
    batch = (
        tf.random.stateless_normal([2, 16], [0, 1]),
        tf.constant([3, 4]),
    )  # as many rows as the inner axis is long
    plain, cheap = (
        compute_gradients(model, tf.Variable(0), cross_entropy, *batch, as_computed=as_computed)[1]
        for as_computed in (False, True)
    )
    for one, other in zip(plain, cheap, strict=True):
        np.testing.assert_allclose(
            one, tf.cast(other, tf.float32), rtol=0.05, atol=0.02 * np.abs(one).max()
        )


def test_gradients_of_layers_that_are_trained_in_part(data):
    model = MLP((16,), num_classes=10, dtype="mixed_bfloat16")
    model.build((None, *data.train.features.shape[1:]))
    model.denses[0].kernel.trainable = False
    batch = tf.constant(data.train.features[:32]), tf.constant(data.train.labels[:32])
    plain, cheap = (
        compute_gradients(model, tf.Variable(0), cross_entropy, *batch, as_computed=as_computed)[1]
        for as_computed in (False, True)
    )
    assert len(plain) == 3 and all(
        np.array_equal(one, other) for one, other in zip(plain, cheap, strict=True)
    )


@pytest.mark.parametrize("offset", [0, 1000])
def test_moments_and_raw_rows_are_not_rounded_to_bfloat16(offset):
    stream = np.random.default_rng(0)
    rows = (stream.normal(size=(64, 5)) + offset).astype(np.float32)
    model = MLP((8,), num_classes=3, preprocessing="standardize", dtype="mixed_bfloat16")
    model.adapt(rows)
    expected = ((rows - rows.mean(0)) / rows.std(0)).astype(np.float32)
    np.testing.assert_allclose(tf.cast(model.preprocess(rows), tf.float32), expected, atol=0.02)
    outputs = model(rows)
    np.testing.assert_array_equal(outputs, model(model.preprocess(rows), preprocessed=True))
    precise = MLP((8,), num_classes=3, preprocessing="standardize")
    precise.adapt(rows)
    precise.set_weights(model.get_weights())
    np.testing.assert_allclose(outputs, precise(rows), atol=0.05)


def test_gradients_of_penalized_kernels_have_the_penalty(data):
    model = MLP((16,), num_classes=10, dtype="mixed_bfloat16", l2=0.1)
    model.build((None, *data.train.features.shape[1:]))
    batch = tf.constant(data.train.features[:32]), tf.constant(data.train.labels[:32])
    cast, uncast = (
        compute_gradients(model, tf.Variable(0), cross_entropy, *batch, as_computed=as_computed)[1]
        for as_computed in (False, True)
    )
    assert all(np.array_equal(one, other) for one, other in zip(cast, uncast, strict=True))


@pytest.mark.parametrize("name", ["graph", "hybrid", "xla", "streaming-xla"])
def test_parts_of_an_epoch_are_the_epoch_and_cost_no_compilation(data, name):
    whole, parts = (fit(config(**ELABORATE | {"engine": name}), data).backend for _ in range(2))
    steps = whole.steps_per_epoch
    figures = whole.train_epoch(1)
    parts.train_steps(1, 0, 1)  # hybrid compiles its update now
    started = time.perf_counter()
    for first, last in ((1, 2), (2, steps)):
        parts.train_steps(1, first, last)
    assert time.perf_counter() - started < 0.5 * parts.compile_seconds
    assert parts.train_metrics(steps) == figures and equal(parts.get_weights(), whole.get_weights())
