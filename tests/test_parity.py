"""The reference equals TensorFlow, step by step."""

import itertools

import numpy as np
import pytest

from tfmlp import Config, fit
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.errors import ConfigError
from tfmlp.settings.model import ACTIVATIONS
from tfmlp.settings.optimization import LOSSES, OPTIMIZERS
from tfmlp.training.differences import largest_difference
from tfmlp.training.parity import compare_steps

STEPS = 20
EXTRAS = {
    "plain": {},
    "dropout": {"dropout": 0.3},
    "dropout-course": {"dropout": 0.3, "dropout_form": "course"},
    "batch_norm": {"batch_norm": True},
    "l2": {"l2": 1e-2},
    "clipping": {"clip_norm": 0.1},
    "schedule": {"schedule": "cosine", "warmup": 0.5},
}


# Every activation with every loss, and every optimizer with every extra; each pair of the rest
# occurs, too. The whole product is in the slow test.  Left out: a linear net with two batch
# normalizations under a rule that divides by the gradient's size. The second normalization takes
# away what the first one's beta adds, so beta's true gradient is zero, and both divide nothing but
# rounding by nothing but rounding.
def degenerate(case):
    return (
        case[0] == "linear" and case[2] in ("adam", "adamw", "rmsprop") and case[3] == "batch_norm"
    )


_CYCLE = list(itertools.product(OPTIMIZERS, EXTRAS))
PAIRS = [
    (a, loss, *_CYCLE[i % len(_CYCLE)])
    for i, (a, loss) in enumerate(itertools.product(ACTIVATIONS, LOSSES[1:]))
]
PAIRS = [case for case in PAIRS if not degenerate(case)]


def images(rows=70):
    stream = np.random.default_rng(3)
    labels = stream.integers(0, 3, rows).astype(np.int32)
    features = stream.integers(0, 256, (rows, 3, 3, 1), dtype=np.uint8)
    split = Split(features, labels)
    return Dataset(
        split, split, split, "classification", ("a", "b", "c"), Provenance("noise", "a test")
    )


def config(activation, loss, optimizer, extra, precision="float64"):
    return Config.from_options(
        hidden_units=(6, 5),
        activation=activation,
        loss=loss,
        optimizer=optimizer,
        learning_rate=0.01,
        batch_size=16,
        epochs=4,
        bias_initializer="normal",
        negative_slope=0.2,
        precision=precision,
        **EXTRAS[extra],
    )


def check(case, precision, tolerance):
    done = 0
    for step in compare_steps(config(*case, precision), images(), STEPS):
        worst = step.worst(tolerance)
        assert worst is None, f"step {step.step}: {worst}"
        done += 1
    assert done == STEPS


@pytest.mark.parametrize("case", PAIRS, ids="-".join)
def test_float64(case):
    check(case, "float64", 1e-12)


# Adam and RMSprop divide by the gradient's own size, which turns rounding of tiny gradients into
# whole steps; float64 above shows that this is all.
@pytest.mark.parametrize(
    "case",
    [case for case in PAIRS[::3] if case[2] in ("sgd", "momentum", "nesterov")],
    ids="-".join,
)
def test_float32(case):
    check(case, "float32", 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        c
        for c in itertools.product(ACTIVATIONS, LOSSES[1:], OPTIMIZERS, EXTRAS)
        if not degenerate(c)
    ],
    ids="-".join,
)
def test_float64_the_whole_product(case):
    check(case, "float64", 1e-12)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_same_configuration_gives_the_same_initial_weights_and_batches(precision):
    data = images()
    ours, theirs = (
        fit(config("relu", "auto", "sgd", "batch_norm", precision).replace(backend=backend), data)
        for backend in ("numpy", "tensorflow")
    )
    arrays = ours.backend.get_weights()
    names = {
        variable.path.removeprefix("mlp/"): variable.numpy() for variable in theirs.model.weights
    }
    assert all(
        np.array_equal(arrays[name], names[name]) and arrays[name].dtype == names[name].dtype
        for name in arrays
    )
    assert set(names) - set(arrays) == {"preprocessing/mean", "preprocessing/deviation"}
    features, labels = ours.backend.batch(np.arange(5))
    assert np.allclose(
        features, theirs.model.preprocess(data.train.features[:5]), rtol=1e-6
    ) and np.array_equal(labels, data.train.labels[:5])


@pytest.mark.parametrize("extra", EXTRAS)
def test_whole_runs_agree(extra):
    data = images()
    results = [
        list(
            fit(
                config("tanh", "auto", "momentum", extra).replace(
                    backend=b, engine="graph", patience=9
                ),
                data,
            )
        )
        for b in ("numpy", "tensorflow")
    ]
    for ours, theirs in zip(*results, strict=True):
        assert ours.train.loss == pytest.approx(theirs.train.loss, rel=1e-10)
        assert ours.validation.loss == pytest.approx(theirs.validation.loss, rel=1e-10)
        assert (ours.train.accuracy, ours.validation.accuracy, ours.learning_rate) == (
            theirs.train.accuracy,
            theirs.validation.accuracy,
            theirs.learning_rate,
        )


@pytest.mark.parametrize(
    "options",
    [
        {"shift": 1, "invert": 0.5},
        {"preprocessing": "per_image"},
        {"preprocessing": "scale"},
        {"preprocessing": "none", "learning_rate": 1e-4},
    ],
)
def test_augmentation_and_preprocessing_agree(options):
    settings = config("tanh", "auto", "sgd", "plain").replace(**options)
    assert all(step.worst(1e-11) is None for step in compare_steps(settings, images(), 12))


def test_regression_agrees_and_learns_far_values():
    stream = np.random.default_rng(0)
    rows = stream.random((300, 2)).astype(np.float32)
    split = Split(rows, (1e5 * (3 + rows @ [1.0, -0.5])).astype(np.float32))
    data = Dataset(split, split, split, "regression", (), Provenance("prices", "a test"))
    settings = Config.from_options(
        hidden_units=(16,),
        learning_rate=0.01,
        epochs=30,
        batch_size=32,
        precision="float64",
        engine="graph",
    )
    assert all(step.worst(1e-11) is None for step in compare_steps(settings, data, STEPS))
    deviation = float(split.labels.std())
    for backend in ("numpy", "tensorflow"):
        training = fit(settings.replace(backend=backend), data)
        list(training)
        figures = training.evaluate("test")
        assert figures.rmse < 0.05 * deviation
        errors = np.asarray(training.model(rows))[:, 0] - split.labels
        assert figures.rmse == pytest.approx(np.sqrt(np.square(errors).mean()), rel=1e-5)
        assert figures.loss == pytest.approx((figures.rmse / deviation) ** 2, rel=1e-5)


def test_the_numeric_backend_takes_the_same_steps():
    data = images(30)
    settings = config("tanh", "auto", "sgd", "dropout").replace(hidden_units=(3,), epochs=2)
    ours, numeric = (
        fit(settings.replace(backend=backend), data) for backend in ("numpy", "numeric")
    )
    assert (
        "forward passes" in numeric.backend.notes[0]
        and f"2 x {numeric.backend.parameters} weights" in numeric.backend.notes[0]
    )
    for one, other in zip(ours, numeric, strict=True):
        assert one.train.loss == pytest.approx(other.train.loss, rel=1e-7)
    with pytest.raises(ConfigError, match="running means"):
        fit(settings.replace(backend="numeric", batch_norm=True), data)


def test_a_state_put_back_goes_on_bit_for_bit():
    settings = config("tanh", "auto", "adam", "batch_norm").replace(backend="numpy")
    one, other = (fit(settings, images()) for _ in range(2))
    one.backend.train_epoch(1)
    other.backend.set_state(one.backend.get_state())
    for training in (one, other):
        training.backend.train_epoch(2)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(
            one.backend.get_weights().values(), other.backend.get_weights().values(), strict=True
        )
    )


def test_the_saved_model_of_the_reference_is_the_reference():
    training = fit(config("elu", "auto", "adam", "batch_norm").replace(backend="numpy"), images())
    list(training)
    logits = training.backend.network.forward(training.backend._rows(images().test.features))
    assert np.allclose(training.model(images().test.features), logits, rtol=1e-10)


def test_bfloat16_is_refused():
    with pytest.raises(ConfigError, match="float32 or float64"):
        fit(config("relu", "auto", "sgd", "plain", "bfloat16").replace(backend="numpy"), images())
    with pytest.raises(ConfigError, match="compare needs precision"):
        next(compare_steps(config("relu", "auto", "sgd", "plain", "bfloat16"), images(), 1))


def test_the_largest_difference_is_named_and_nan_is_the_largest():
    one = {"a": np.array([1.0, 2.0]), "b": np.array([10.0])}
    assert largest_difference(one, {"a": np.array([1.0, 2.1]), "b": np.array([10.0])}).name == "a"
    assert np.isnan(
        largest_difference(one, {"a": np.array([1.0, 2.0]), "b": np.array([np.nan])}).difference
    )


@pytest.fixture
def compare(run_cli, mnist_dir):
    return lambda *options: run_cli(
        "compare", "--data-dir", mnist_dir, "--hidden-units", 8, *options
    )


def test_compare_ends_well_where_nothing_differs(compare):
    result = compare("--steps", 3)
    assert (
        result.exit_code == 0
        and result.stdout.splitlines()[-1] == "equal over 3 steps, within 1e-12"
    )
    assert "median step\nNumPy" in result.stdout


def test_compare_names_the_first_step_and_array_that_differ(compare, monkeypatch):
    from tfmlp.reference.layers import Dense

    right = Dense.backward

    def wrong(self, slopes, needs_input_slopes=True):
        out = right(self, slopes, needs_input_slopes)
        self.gradients["bias"] = self.gradients["bias"] * 1.0001
        return out

    monkeypatch.setattr(Dense, "backward", wrong)
    result = compare("--steps", 3, "--optimizer", "sgd")
    assert (
        result.exit_code == 1
        and "differ at step 1 in dense_1/bias: 1.0e-04"
        in result.stdout.splitlines()[-1].replace("logits/bias", "dense_1/bias")
    )
