"""The reference's gradients against central differences, and one step worked out by hand."""

import itertools

import numpy as np
import pytest

from tfmlp.reference.activations import ACTIVATIONS, make_activation
from tfmlp.reference.layers import Activate, Dense, Dropout
from tfmlp.reference.losses import LOSSES, make_loss, softmax
from tfmlp.reference.metrics import (
    accuracy,
    class_metrics,
    mean_absolute_error,
    root_mean_squared_error,
)
from tfmlp.reference.network import Network
from tfmlp.reference.normalization import BatchNormalization, LayerNormalization
from tfmlp.reference.numeric import differences
from tfmlp.reference.optimizers import SGD
from tfmlp.settings.model import ACTIVATIONS as NAMES
from tfmlp.settings.optimization import LOSSES as LOSS_NAMES

STREAM = np.random.default_rng(7)
ROWS = STREAM.standard_normal((6, 5))
CLASSES = np.array([0, 2, 1, 2, 0, 1])
KEEP = STREAM.random((6, 4)) < 0.7
NORMALIZATIONS = {"batch_norm": BatchNormalization, "layer_norm": LayerNormalization}
EXTRAS = ["l2", "batch_norm", "layer_norm", "dropout", "dropout-course"]


def network(activation, loss, extra="plain", **loss_options):
    stream = np.random.default_rng(1)

    def dense(inputs, units, l2=0.0):
        return Dense(stream.standard_normal((inputs, units)), stream.standard_normal(units), l2)

    layers = [("dense_1", dense(5, 4, l2=0.05 if extra == "l2" else 0.0))]
    if extra in NORMALIZATIONS:
        layers.append(("norm_1", NORMALIZATIONS[extra](4, np.float64)))
    layers.append(("act_1", Activate(make_activation(activation, 0.2))))
    if extra.startswith("dropout"):
        form = "course" if extra.endswith("course") else "inverted"
        layers.append(("dropout_1", Dropout(0.7, lambda shape: KEEP, form)))
    layers.append(("logits", dense(4, 3)))
    return Network(layers, make_loss(loss, **loss_options))


def require_numerical_gradients(net):
    """Holds every gradient of a network against central differences."""
    net.forward_backward(ROWS, CLASSES)
    gradients = {name: gradient.copy() for name, gradient in net.gradients().items()}
    assert gradients.keys() == net.parameters().keys()

    def loss():
        return net.mean_loss(net.forward(ROWS, training=True), CLASSES)

    for name, parameter in net.parameters().items():
        numeric = differences(loss, parameter)
        bound = 1e-7 * max(1.0, np.abs(numeric).max())
        assert np.abs(gradients[name] - numeric).max() <= bound, name


def test_the_reference_offers_what_the_configuration_offers():
    assert set(ACTIVATIONS) == set(NAMES)
    assert {*LOSSES, "auto"} == set(LOSS_NAMES)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_are_those_of_their_functions(name):
    z = np.array([-30.0, -3.0, -0.5, -1e-3, 1e-3, 0.7, 2.0, 30.0])
    function, derivative = ACTIVATIONS[name]
    numeric = (function(z + 1e-6) - function(z - 1e-6)) / 2e-6
    assert np.allclose(derivative(z, function(z)), numeric, atol=1e-8)
    for dtype in (np.float32, np.float64):
        a = function(z.astype(dtype))
        assert a.dtype == dtype and derivative(z.astype(dtype), a).dtype == dtype
        assert np.isfinite(function(np.array([-1e4, 1e4], dtype))).all()


@pytest.mark.parametrize(
    ("activation", "loss", "extra"),
    [
        *itertools.product(ACTIVATIONS, LOSSES, ["plain"]),
        *itertools.product(["tanh", "elu"], LOSSES, EXTRAS),
        *itertools.product(ACTIVATIONS, ["cross_entropy"], ["layer_norm"]),
    ],
)
def test_gradients_are_the_numerical_ones(activation, loss, extra):
    require_numerical_gradients(network(activation, loss, extra))


@pytest.mark.parametrize("smoothing", [0.01, 0.1, 0.9])
@pytest.mark.parametrize("extra", ["plain", *EXTRAS])
def test_gradients_of_smoothed_labels_are_the_numerical_ones(extra, smoothing):
    net = network("tanh", "cross_entropy", extra, label_smoothing=smoothing)
    require_numerical_gradients(net)


def test_one_step_by_hand():
    """Every number of one training step, as one would work it out on paper.

    Two inputs, two hidden sigmoid units, two logits, one example x = (1, 2) of class 0, learning
    rate 0.5.

        W1 = [[ 0.1, -0.2],     b1 = (0, 0.1)       W2 = [[0.5, -0.5],     b2 = (0.1, -0.1)
              [ 0.3,  0.2]]                               [0.2,  0.4]]

    Forward
        z1 = x W1 + b1
           = (1 * 0.1 + 2 * 0.3, 1 * -0.2 + 2 * 0.2 + 0.1)      = ( 0.7,         0.3        )
        a1 = 1 / (1 + exp(-z1))                                 = ( 0.66818777,  0.57444252 )
        z2 = a1 W2 + b2, with a1 = (a, b)
           = (0.5 a + 0.2 b + 0.1, -0.5 a + 0.4 b - 0.1)        = ( 0.54898239, -0.20431688 )
        p  = softmax(z2)
           = 1 / (1 + exp(-(0.54898239 + 0.20431688))), 1 - ... = ( 0.67989717,  0.32010283 )
        loss = -log(0.67989717)                                 =   0.38581372

    Backward
        dz2 = p - (1, 0)                                        = (-0.32010283,  0.32010283 )
        dW2 = a1^T dz2
            = [[0.66818777 * -0.32010283, ...], ...]            = [[-0.21388880, 0.21388880],
                                                                   [-0.18388068, 0.18388068]]
        db2 = dz2
        da1 = dz2 W2^T
            = (-0.32010283 * 0.5 + 0.32010283 * -0.5,
               -0.32010283 * 0.2 + 0.32010283 *  0.4)           = (-0.32010283,  0.06402057 )
        dz1 = da1 * a1 * (1 - a1), with
              0.66818777 * 0.33181223 = 0.22171287 and
              0.57444252 * 0.42555748 = 0.24445831              = (-0.07097092,  0.01565036 )
        dW1 = x^T dz1                                           = [[-0.07097092, 0.01565036],
                                                                   [-0.14194184, 0.03130072]]
        db1 = dz1

    Update, w - 0.5 dw
        W1 = [[0.13548546, -0.20782518], [0.37097092, 0.18434964]]
        b1 = (0.03548546, 0.09217482)
        W2 = [[0.60694440, -0.60694440], [0.29194034, 0.30805966]]
        b2 = (0.26005142, -0.26005142)
    """
    hidden = Dense(np.array([[0.1, -0.2], [0.3, 0.2]]), np.array([0.0, 0.1]))
    logits = Dense(np.array([[0.5, -0.5], [0.2, 0.4]]), np.array([0.1, -0.1]))
    layers = [
        ("dense_1", hidden),
        ("sigmoid_1", Activate(ACTIVATIONS["sigmoid"])),
        ("logits", logits),
    ]
    net = Network(layers, LOSSES["cross_entropy"])
    loss, outputs = net.forward_backward(np.array([[1.0, 2.0]]), np.array([0]))
    near = {"atol": 5e-9, "rtol": 0}
    assert np.allclose(outputs, [[0.54898239, -0.20431688]], **near)
    assert np.allclose(softmax(outputs), [[0.67989717, 0.32010283]], **near)
    assert np.isclose(loss, 0.38581372, **near)
    gradients = {
        "logits/kernel": [[-0.21388880, 0.21388880], [-0.18388068, 0.18388068]],
        "logits/bias": [-0.32010283, 0.32010283],
        "dense_1/kernel": [[-0.07097092, 0.01565036], [-0.14194184, 0.03130072]],
        "dense_1/bias": [-0.07097092, 0.01565036],
    }
    updated = {
        "logits/kernel": [[0.60694440, -0.60694440], [0.29194034, 0.30805966]],
        "logits/bias": [0.26005142, -0.26005142],
        "dense_1/kernel": [[0.13548546, -0.20782518], [0.37097092, 0.18434964]],
        "dense_1/bias": [0.03548546, 0.09217482],
    }
    assert net.gradients().keys() == gradients.keys()
    for name, gradient in net.gradients().items():
        assert np.allclose(gradient, gradients[name], **near), name
    SGD().update(net.parameters(), net.gradients(), 0.5)
    for name, parameter in net.parameters().items():
        assert np.allclose(parameter, updated[name], **near), name


def test_softmax_and_losses_survive_large_logits():
    logits, labels = np.array([[1000.0, 1001.0], [-1000.0, 1000.0]]), np.array([0, 1])
    assert np.allclose(softmax(logits).sum(axis=1), 1)
    assert np.allclose(softmax(logits), softmax(logits - 1000))
    for name in ("cross_entropy", "binary_cross_entropy"):
        losses, gradient = LOSSES[name](logits, labels)
        assert np.isfinite(losses).all() and np.isfinite(gradient).all()
    losses, _ = LOSSES["cross_entropy"](logits, labels)
    assert losses.tolist() == pytest.approx([1 + np.log(1 + np.exp(-1)), 0.0])
    losses, gradient = make_loss("cross_entropy", label_smoothing=0.1)(logits, labels)
    assert np.isfinite(losses).all() and np.isfinite(gradient).all()


def test_losses_of_squares_differ_by_their_factors():
    outputs, targets = np.array([[1.0, 2.0, 4.0]]), np.array([[0.0, 0.0, 1.0]])
    names = [name for name in LOSSES if name.endswith("squared_error")]
    values = {name: float(LOSSES[name](outputs, targets)[0][0]) for name in names}
    assert values == pytest.approx(
        {"summed_squared_error": 14.0, "squared_error": 14 / 3, "half_squared_error": 7 / 3}
    )
    losses, _ = LOSSES["squared_error"](outputs, np.array([2]))  # as the one-hot row (0, 0, 1)
    assert losses.tolist() == pytest.approx([14 / 3])


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_smoothed_labels_are_a_mean_of_cross_entropies(smoothing):
    stream = np.random.default_rng(0)
    logits, labels = stream.standard_normal((8, 3)), stream.integers(0, 3, 8)

    def plain(labels):
        return LOSSES["cross_entropy"](logits, labels)

    every_class = [plain(np.full(8, label)) for label in range(3)]
    losses, gradient = make_loss("cross_entropy", label_smoothing=smoothing)(logits, labels)
    for smoothed, own, others in zip((losses, gradient), plain(labels), zip(*every_class)):
        assert np.allclose(smoothed, (1 - smoothing) * own + smoothing * np.mean(others, axis=0))


def test_without_smoothing_the_loss_is_the_plain_one():
    for one, other in zip(
        make_loss("cross_entropy")(ROWS, CLASSES),
        make_loss("cross_entropy", label_smoothing=0.0)(ROWS, CLASSES),
    ):
        assert np.array_equal(one, other)


def test_dropout_keeps_the_mean_and_both_forms_agree_on_it():
    stream = np.random.default_rng(0)
    rows = np.ones((400, 500))

    def draw(shape):
        return stream.random(shape) < 0.8

    inverted, course = (Dropout(0.8, draw, form) for form in ("inverted", "course"))
    assert inverted.forward(rows, True).mean() == pytest.approx(1, abs=0.01)
    assert np.array_equal(inverted.forward(rows, False), rows)
    assert course.forward(rows, True).mean() == pytest.approx(0.8, abs=0.01)
    assert np.allclose(course.forward(rows, False), 0.8)


def test_batch_normalization_at_inference_uses_running_means():
    layer = BatchNormalization(3, np.float64)
    rows = np.random.default_rng(0).normal(5, 2, (1000, 3))
    for _ in range(2000):
        normal = layer.forward(rows, training=True)
    assert np.allclose(normal.mean(axis=0), 0) and np.allclose(normal.std(axis=0), 1, atol=1e-3)
    assert np.allclose(layer.forward(rows, training=False), normal, atol=1e-6)
    gradient = np.random.default_rng(1).standard_normal((1000, 3))
    expected = gradient / np.sqrt(rows.var(axis=0) + 1e-3)
    assert np.allclose(layer.backward(gradient), expected, rtol=1e-6)


def test_layer_normalization_is_of_each_example_alone():
    layer = LayerNormalization(50, np.float64)
    rows = np.random.default_rng(0).normal(5, 2, (20, 50))
    normal = layer.forward(rows, training=True)
    assert np.allclose(normal.mean(axis=1), 0) and np.allclose(normal.std(axis=1), 1, atol=1e-3)
    assert np.array_equal(layer.forward(rows, training=False), normal)
    assert np.array_equal(layer.forward(rows[3:4], training=True), normal[3:4])
    layer.parameters["gamma"][...], layer.parameters["beta"][...] = 2, 1
    assert np.allclose(layer.forward(rows, training=True), 2 * normal + 1)


def test_differences_put_the_parameter_back_and_take_a_sample():
    parameter = np.arange(6.0).reshape(2, 3)
    expected = 3 * np.arange(6.0).reshape(2, 3) ** 2

    def cube():
        return float((parameter**3).sum())

    assert np.allclose(differences(cube, parameter), expected, atol=1e-8)
    assert np.allclose(differences(cube, parameter, central=False), expected, atol=1e-6)
    assert np.allclose(differences(cube, parameter, entries=[5, 0]), [75, 0], atol=1e-8)
    assert np.array_equal(parameter, np.arange(6.0).reshape(2, 3))
    with pytest.raises(ValueError, match="contiguous"):
        differences(cube, np.arange(6.0).reshape(2, 3).T)


def test_metrics():
    outputs, labels = np.array([[2.0, 1], [0, 1], [3, 1], [0, 5]]), np.array([0, 0, 1, 1])
    assert accuracy(outputs, labels) == 0.5
    by_class = class_metrics(np.array([0, 1, 0, 1, 1]), np.array([0, 1, 1, 1, 2]), 4)
    assert by_class.precision.tolist() == [0.5, 2 / 3, 0, 0]
    assert by_class.recall.tolist() == [1, 2 / 3, 0, 0]
    assert by_class.f1.tolist() == pytest.approx([2 / 3, 2 / 3, 0, 0])
    values, targets = np.array([[1.0], [5.0]]), np.array([2.0, 2.0])
    assert mean_absolute_error(values, targets) == 2.0
    assert root_mean_squared_error(values, targets) == np.sqrt(5)
