"""Engines and the loop over epochs."""

import time

import numpy as np
import pytest
import tensorflow as tf

from tfmlp import Config, fit, make_train_step, seeds
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.errors import ConfigError, DivergenceError, TfmlpWarning
from tfmlp.metrics import Metrics
from tfmlp.settings.optimization import OPTIMIZERS
from tfmlp.training import auto, engine
from tfmlp.training.assembly import make_timetable, plan_for
from tfmlp.training.losses import cross_entropy
from tfmlp.training.shared_traces import forget_traces
from tfmlp.training.stopping import EarlyStopping

PROGRAMS = ("graph", "hybrid", "xla")
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
    base = {"hidden_units": (16,), "batch_size": 100, "epochs": 2, "engine": "graph"}
    return Config.from_options(**base | options)


def trained(data, **options):
    """The weights, by name, at the end of a training."""
    training = fit(config(**options), data)
    list(training)
    return training.backend.get_weights()


def train_epoch(backend, epoch):
    backend.train_steps(epoch, 0, backend.timetable.steps_per_epoch)


def equal(one, other):
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


# --- engines


@pytest.mark.parametrize("piece", [32 << 20, 200 * 784])
@pytest.mark.parametrize("program", PROGRAMS)
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
    # One piece for the whole epoch, or pieces of a few batches with a last one that is filled up.
    monkeypatch.setattr(engine, "_PIECE_BYTES", piece)
    resident = trained(data, **options | {"engine": program})
    assert equal(resident, trained(data, **options | {"engine": f"streaming-{program}"}))


@pytest.mark.parametrize("compiled", ["hybrid", "xla"])
@pytest.mark.parametrize(
    "options", [{}, ELABORATE, {"drop_remainder": True, "optimizer": "sgd"}, {"batch_size": 1000}]
)
def test_what_xla_compiles_computes_the_same(data, options, compiled):
    options = options | {"precision": "float64"}
    graph, other = trained(data, **options), trained(data, **options, engine=compiled)
    assert graph.keys() == other.keys()
    for name, array in graph.items():
        assert np.allclose(array, other[name], rtol=1e-7, atol=1e-9), name


@pytest.mark.parametrize("name", [*PROGRAMS, "streaming"])
def test_the_same_seed_gives_the_same_bits_and_another_does_not(data, name):
    options = ELABORATE | {"engine": name}
    first = trained(data, **options)
    assert equal(first, trained(data, **options))
    assert not equal(first, trained(data, **options, seed=1))


def test_an_epoch_is_the_step_called_batch_by_batch(data):
    options = {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 1, "dropout": 0.5}
    other = fit(config(**options), data)
    step = make_train_step(other.model, other.backend.optimizer)
    order = seeds.row_order(0, 1, 330)
    for start in range(0, 330, 100):
        chosen = order[start : start + 100]
        step(data.train.features[chosen], data.train.labels[chosen])
    assert equal(trained(data, **options), other.backend.get_weights())


def test_examples_are_visited_in_file_order_without_shuffling(data):
    one = trained(data, shuffle=False, epochs=1)
    assert equal(one, trained(data, shuffle=False, epochs=1))
    assert not equal(one, trained(data, epochs=1))


@pytest.mark.parametrize("name", [*PROGRAMS, "streaming-xla"])
def test_parts_of_an_epoch_are_the_epoch_and_cost_no_compilation(data, name):
    forget_traces()  # so that the first of the two compiles
    whole, parts = (fit(config(**ELABORATE | {"engine": name}), data).backend for _ in range(2))
    steps = whole.timetable.steps_per_epoch
    train_epoch(whole, 1)
    parts.train_steps(1, 0, 1)  # hybrid compiles its update now
    started = time.perf_counter()
    for first, last in ((1, 2), (2, steps)):
        parts.train_steps(1, first, last)
    assert time.perf_counter() - started < 0.5 * whole.compile_seconds
    assert parts.train_metrics(steps) == whole.train_metrics(steps)
    assert equal(parts.get_weights(), whole.get_weights())


# --- the loop


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns(data, optimizer):
    rate = 0.1 if optimizer in ("sgd", "momentum", "nesterov") else 1e-3
    settings = config(optimizer=optimizer, learning_rate=rate, epochs=4, batch_size=33)
    results = list(fit(settings, data))
    assert results[-1].train.loss < 0.7 * results[0].train.loss


def test_results_tell_epoch_rate_and_metrics(data):
    rates = {"schedule": "linear", "learning_rate": 0.1, "final_learning_rate": 0.02}
    training = fit(config(**rates, schedule_by="epoch", epochs=5), data)
    results = list(training)
    assert [result.epoch for result in results] == [1, 2, 3, 4, 5]
    expected = pytest.approx([0.1, 0.08, 0.06, 0.04, 0.02])
    assert [result.learning_rate for result in results] == expected
    assert results[0].train.count == 330 and results[0].validation.count == 60
    assert results == training.history
    assert training.best.validation.loss == min(result.validation.loss for result in results)
    # Accuracies are fractions of the very counts.
    right = results[0].validation.accuracy * 60
    assert right == pytest.approx(round(right), abs=1e-9)
    assert training.evaluate("test").count == 200
    assert set(results[0].to_dict()) == {"epoch", "learning_rate", "train", "validation", "seconds"}


def test_evaluation_is_that_of_the_plain_model(data):
    training = fit(config(epochs=1), data)
    list(training)
    logits, labels = training.model(data.test.features), data.test.labels
    metrics = training.evaluate("test")
    assert metrics.accuracy == np.mean(np.argmax(logits, axis=1) == labels)
    loss = float(tf.reduce_mean(cross_entropy(labels, logits)))
    assert metrics.loss == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_validation_examples_that_are_kept_preprocessed_give_the_same_metrics(
    data, monkeypatch, precision
):
    settings = config(preprocessing="standardize", batch_norm=True, precision=precision)
    backend = fit(settings, data).backend
    train_epoch(backend, 1)
    kept = backend.evaluate("validation")
    monkeypatch.setattr("tfmlp.training.tensorflow_backend._KEPT_BYTES", 0)
    assert backend.evaluate("validation") == kept


def test_other_moments_among_the_weights_are_minded(data):
    backend = fit(config(preprocessing="standardize"), data).backend
    before, weights = backend.evaluate("validation"), backend.get_weights()
    moments = ("preprocessing/mean", "preprocessing/deviation")
    backend.set_weights(weights | {name: 2 * weights[name] for name in moments})
    assert backend.model.preprocess.mean.numpy() == pytest.approx(2 * weights[moments[0]])
    assert backend.evaluate("validation").loss != before.loss
    backend.set_weights(weights)
    assert backend.evaluate("validation") == before


def test_regression(values):
    options = {"hidden_units": (), "learning_rate": 0.05, "epochs": 60, "batch_size": 16}
    training = fit(config(**options, monitor="rmse"), values)
    results = list(training)
    assert results[-1].validation.rmse < 0.02 and results[-1].validation.accuracy is None
    metrics = training.evaluate("test")
    errors = training.model(values.test.features).numpy()[:, 0] - values.test.labels
    assert metrics.mae == pytest.approx(np.abs(errors).mean(), rel=1e-4)
    assert metrics.rmse == pytest.approx(np.sqrt(np.square(errors).mean()), rel=1e-4)
    assert metrics.loss == pytest.approx(np.square(errors).mean(), rel=1e-4)


def test_early_stopping_rolls_back_to_the_best_weights(data):
    training = fit(config(learning_rate=0.02, epochs=100, patience=3, batch_size=33), data)
    results = list(training)
    assert training.stopped_early and len(results) < 100
    assert len(results) == training.best.epoch + 3
    best = training.best.validation.loss
    assert training.evaluate("validation").loss == pytest.approx(best, rel=1e-6)


def test_stopping_by_accuracy_waits_for_a_rise_of_min_delta():
    stopping = EarlyStopping("accuracy", patience=2, min_delta=0.1)
    for epoch, accuracy in enumerate((0.5, 0.55, 0.65, 0.6, 0.66), 1):
        metrics = Metrics(loss=0.0, count=1, accuracy=accuracy)
        stopping.update(epoch, metrics, lambda epoch=epoch: {"epoch": epoch})
    assert stopping.best_epoch == 3 and stopping.best_weights == {"epoch": 3}
    assert stopping.should_stop


def test_iteration_can_be_broken_off_and_gone_on_with(data):
    training = fit(config(epochs=3), data)
    for result in training:
        if result.epoch == 1:
            break
    assert [result.epoch for result in training] == [2, 3]
    assert equal(trained(data, epochs=3), training.backend.get_weights())


def test_a_state_put_back_goes_on_bit_for_bit(data):
    options = ELABORATE | {"epochs": 4, "optimizer": "adam"}
    one = fit(config(**options), data)
    for result in one:
        if result.epoch == 2:
            state = one.backend.get_state()
    other = fit(config(**options), data)
    other.backend.set_state(state)
    for epoch in (3, 4):
        train_epoch(other.backend, epoch)
    assert equal(one.backend.get_weights(), other.backend.get_weights())
    with pytest.raises(ConfigError, match="state of this model"):
        fit(config(), data).backend.set_state(state)


def test_divergence_stops_the_run(data):
    found = r"output of logits became inf in step 2 .epoch 1., at a learning rate of 1e\+30"
    with pytest.raises(DivergenceError, match=found):
        list(fit(config(optimizer="sgd", learning_rate=1e30, epochs=3), data))


def test_without_validation_examples(data):
    without = Dataset(data.train, None, data.test, data.task, data.class_names, data.provenance)
    training = fit(config(epochs=1), without)
    results = list(training)
    assert [result.validation for result in results] == [None] and training.best is None
    assert training.score(results[0]) is None
    with pytest.raises(ConfigError, match="patience needs validation examples"):
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


# --- what is chosen where options leave it open


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"epochs": 2, "hidden_units": (200,)}, "hybrid"),  # 160,000 weights
        ({"epochs": 2}, "graph"),
        ({"epochs": 2, "optimizer": "momentum"}, "graph"),
        ({"epochs": 500}, "xla"),
        ({"epochs": 500, "precision": "bfloat16"}, "hybrid"),
        ({"epochs": 500, "engine": "streaming"}, "streaming-xla"),
    ],
)
def test_auto_chooses_xla_only_where_it_pays(data, options, chosen):
    assert fit(config(**{"engine": "auto"} | options), data).backend.engine == chosen


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
        ({"layer_norm": True}, "xla"),
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
