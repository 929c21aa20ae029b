"""The reference equals TensorFlow, step by step."""

import itertools

import numpy as np
import pytest

from tfmlp import Config, fit
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.errors import ConfigError
from tfmlp.reference.layers import Dense
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
# These are for some losses only, or came later: each of them has cases of its own.
FURTHER = {
    "layer_norm": {"layer_norm": True},
    "label_smoothing": {"label_smoothing": 0.1},
    "layer_norm-label_smoothing-dropout": {
        "layer_norm": True,
        "label_smoothing": 0.1,
        "dropout": 0.3,
    },
    "class_weights": {"class_weights": "balanced"},
    "class_weights-label_smoothing": {"class_weights": "balanced", "label_smoothing": 0.1},
}
NAMED_LOSSES = LOSSES[1:]  # without "auto"
# Adam and RMSprop divide by the gradient's own size, which turns rounding of tiny gradients into
# whole steps; float64 shows that this is all.
BY_SIZE = ("adam", "adamw", "rmsprop")


def is_degenerate(case):
    """Whether a case is left out.

    That is a linear net with two batch normalizations under a rule that divides by the gradient's
    size. The second normalization takes away what the first one's beta adds, so beta's true
    gradient is zero, and both backends divide nothing but rounding by nothing but rounding.
    """
    activation, _, optimizer, extra = case
    return activation == "linear" and optimizer in BY_SIZE and extra == "batch_norm"


# Every activation with every loss, and every optimizer with every extra; each pair of the rest
# occurs, too. The whole product is in the slow test.
_CYCLE = itertools.cycle(itertools.product(OPTIMIZERS, EXTRAS))
PAIRS = [(*pair, *next(_CYCLE)) for pair in itertools.product(ACTIVATIONS, NAMED_LOSSES)]
PAIRS = [case for case in PAIRS if not is_degenerate(case)]
_ACTIVATIONS = itertools.cycle(ACTIVATIONS)
FURTHER_PAIRS = [
    (next(_ACTIVATIONS), "cross_entropy", *pair) for pair in itertools.product(OPTIMIZERS, FURTHER)
]
PRODUCT = [
    case
    for case in itertools.product(ACTIVATIONS, NAMED_LOSSES, OPTIMIZERS, [*EXTRAS, "layer_norm"])
    if not is_degenerate(case)
]
PRODUCT += itertools.product(ACTIVATIONS, ["cross_entropy"], OPTIMIZERS, list(FURTHER)[1:])


def images(count=70):
    stream = np.random.default_rng(3)
    labels = stream.integers(0, 3, count).astype(np.int32)
    features = stream.integers(0, 256, (count, 3, 3, 1), dtype=np.uint8)
    split, classes = Split(features, labels), ("a", "b", "c")
    return Dataset(split, split, split, "classification", classes, Provenance("noise", "a test"))


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
        **(EXTRAS | FURTHER)[extra],
    )


def check(case, precision, tolerance):
    done = 0
    for step in compare_steps(config(*case, precision), images(), STEPS):
        worst = step.worst(tolerance)
        assert worst is None, f"step {step.step}: {worst}"
        done += 1
    assert done == STEPS


def agree(settings, data, steps, tolerance=1e-11):
    return all(step.worst(tolerance) is None for step in compare_steps(settings, data, steps))


@pytest.mark.parametrize("case", PAIRS + FURTHER_PAIRS, ids="-".join)
def test_float64(case):
    check(case, "float64", 1e-12)


@pytest.mark.parametrize(
    "case",
    [case for case in PAIRS[::3] + FURTHER_PAIRS if case[2] not in BY_SIZE],
    ids="-".join,
)
def test_float32(case):
    check(case, "float32", 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("case", PRODUCT, ids="-".join)
def test_float64_the_whole_product(case):
    check(case, "float64", 1e-12)


def imbalanced():
    stream = np.random.default_rng(3)
    labels = np.array([0] * 60 + [1] * 9 + [3], np.int32)  # class 2 does not occur
    split = Split(stream.integers(0, 256, (70, 3, 3, 1), dtype=np.uint8), labels)
    names = tuple("abcd")
    return Dataset(split, split, split, "classification", names, Provenance("noise", "a test"))


@pytest.mark.parametrize("loss", NAMED_LOSSES)
def test_class_weights_agree_on_imbalanced_data(loss):
    settings = config("tanh", loss, "sgd", "class_weights")
    assert agree(settings, imbalanced(), STEPS, tolerance=1e-12)
    runs = [fit(settings.replace(backend=name), imbalanced()) for name in ("numpy", "tensorflow")]
    for ours, theirs in zip(*map(list, runs), strict=True):
        assert ours.train.loss == pytest.approx(theirs.train.loss, rel=1e-10)
        for name, value in ours.validation.to_dict().items():
            assert value == pytest.approx(theirs.validation[name], rel=1e-10)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_same_configuration_gives_the_same_initial_weights_and_batches(precision):
    data, settings = images(), config("relu", "auto", "sgd", "batch_norm", precision)
    ours, theirs = (
        fit(settings.replace(backend=backend), data).backend for backend in ("numpy", "tensorflow")
    )
    arrays, others = ours.get_weights(), theirs.get_weights()
    for name, array in arrays.items():
        assert np.array_equal(array, others[name]) and array.dtype == others[name].dtype
    assert set(others) - set(arrays) == {"preprocessing/mean", "preprocessing/deviation"}
    features, labels, _ = ours.batch(np.arange(5))
    assert np.allclose(features, theirs.model.preprocess(data.train.features[:5]), rtol=1e-6)
    assert np.array_equal(labels, data.train.labels[:5])


@pytest.mark.parametrize("extra", EXTRAS | FURTHER)
def test_whole_runs_agree(extra):
    data, options = images(), {"engine": "graph", "patience": 9}
    settings = config("tanh", "auto", "momentum", extra).replace(**options)
    runs = [fit(settings.replace(backend=name), data) for name in ("numpy", "tensorflow")]
    for ours, theirs in zip(*map(list, runs), strict=True):
        assert ours.train.loss == pytest.approx(theirs.train.loss, rel=1e-10)
        assert ours.validation.loss == pytest.approx(theirs.validation.loss, rel=1e-10)
        assert ours.train.accuracy == theirs.train.accuracy
        assert ours.validation.accuracy == theirs.validation.accuracy
        assert ours.learning_rate == theirs.learning_rate


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
    assert agree(config("tanh", "auto", "sgd", "plain").replace(**options), images(), 12)


def test_regression_agrees_and_learns_far_values():
    features = np.random.default_rng(0).random((300, 2)).astype(np.float32)
    split = Split(features, (1e5 * (3 + features @ [1.0, -0.5])).astype(np.float32))
    data = Dataset(split, split, split, "regression", (), Provenance("prices", "a test"))
    options = {"hidden_units": (16,), "learning_rate": 0.01, "epochs": 30, "batch_size": 32}
    settings = Config.from_options(**options, precision="float64", engine="graph")
    assert agree(settings, data, STEPS)
    standard_deviation = float(split.labels.std())
    for backend in ("numpy", "tensorflow"):
        training = fit(settings.replace(backend=backend), data)
        list(training)
        metrics = training.evaluate("test")
        assert metrics.rmse < 0.05 * standard_deviation
        errors = np.asarray(training.model(features))[:, 0] - split.labels
        assert metrics.rmse == pytest.approx(np.sqrt(np.square(errors).mean()), rel=1e-5)
        loss = (metrics.rmse / standard_deviation) ** 2
        assert metrics.loss == pytest.approx(loss, rel=1e-5)


def test_the_numeric_backend_takes_the_same_steps():
    data = images(30)
    settings = config("tanh", "auto", "sgd", "dropout").replace(hidden_units=(3,), epochs=2)
    ours, numeric = (fit(settings.replace(backend=name), data) for name in ("numpy", "numeric"))
    (note,) = numeric.backend.notes
    assert "forward passes" in note and f"2 x {numeric.backend.parameters} weights" in note
    for one, other in zip(ours, numeric, strict=True):
        assert one.train.loss == pytest.approx(other.train.loss, rel=1e-7)
    with pytest.raises(ConfigError, match="running means"):
        fit(settings.replace(backend="numeric", batch_norm=True), data)


def test_the_numeric_backend_knows_layer_norm_and_label_smoothing():
    options = {"hidden_units": (3,), "epochs": 2, "label_smoothing": 0.1}
    settings, data = config("tanh", "auto", "sgd", "layer_norm").replace(**options), images(30)
    ours, numeric = (fit(settings.replace(backend=name), data) for name in ("numpy", "numeric"))
    for one, other in zip(ours, numeric, strict=True):
        assert one.train.loss == pytest.approx(other.train.loss, rel=1e-7)


def test_a_state_put_back_goes_on_bit_for_bit():
    settings = config("tanh", "auto", "adam", "batch_norm").replace(backend="numpy")
    one, other = (fit(settings, images()).backend for _ in range(2))
    steps = one.timetable.steps_per_epoch
    one.train_steps(1, 0, steps)
    other.set_state(one.get_state())
    for backend in (one, other):
        backend.train_steps(2, 0, steps)
    weights = other.get_weights()
    assert all(np.array_equal(array, weights[name]) for name, array in one.get_weights().items())


@pytest.mark.parametrize("extra", ["batch_norm", "layer_norm"])
def test_the_saved_model_of_the_reference_is_the_reference(extra):
    data = images()
    training = fit(config("elu", "auto", "adam", extra).replace(backend="numpy"), data)
    list(training)
    model, network = training.model, training.backend.network
    for chosen in np.array_split(np.arange(70), 5):
        features, *_ = training.backend.batch(chosen)
        outputs = model(data.train.features[chosen])
        assert np.allclose(outputs, network.forward(features), rtol=1e-10)


def test_bfloat16_is_refused():
    settings = config("relu", "auto", "sgd", "plain", "bfloat16")
    with pytest.raises(ConfigError, match="float32 or float64"):
        fit(settings.replace(backend="numpy"), images())
    with pytest.raises(ConfigError, match="compare needs precision"):
        next(compare_steps(settings, images(), 1))


def test_the_largest_difference_is_named_and_nan_is_the_largest():
    one = {"a": np.array([1.0, 2.0]), "b": np.array([10.0])}
    moved, broken = {"a": np.array([1.0, 2.1])}, {"b": np.array([np.nan])}
    assert largest_difference(one, one | moved).name == "a"
    assert np.isnan(largest_difference(one, one | broken).difference)


@pytest.fixture
def compare(run_cli, mnist_dir):
    base = ("compare", "--data-dir", mnist_dir, "--hidden-units", 8)
    return lambda *options: run_cli(*base, *options)


def test_compare_ends_well_where_nothing_differs(compare):
    result = compare("--steps", 3)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "equal over 3 steps, within 1e-12"
    assert "median step\nNumPy" in result.stdout


def test_compare_names_the_first_step_and_array_that_differ(compare, monkeypatch):
    right = Dense.backward

    def wrong(self, gradient, needs_input_gradient=True):
        through = right(self, gradient, needs_input_gradient)
        self.gradients["bias"] = self.gradients["bias"] * 1.0001
        return through

    monkeypatch.setattr(Dense, "backward", wrong)
    result = compare("--steps", 3, "--optimizer", "sgd")
    # Both biases are wrong by as much.
    verdict = result.stdout.splitlines()[-1].replace("logits/bias", "dense_1/bias")
    assert result.exit_code == 1
    assert "differ at step 1 in dense_1/bias: 1.0e-04" in verdict
