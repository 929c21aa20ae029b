"""One suite of update rules, run against the reference's and against Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.reference.optimizers import OPTIMIZERS, clip_by_global_norm
from tfmlp.settings.optimization import OPTIMIZERS as NAMES
from tfmlp.training.optimizers import make_optimizer

DECAY = 1 - 0.004 * 0.05  # of adamw in one step
RATE = float(np.float32(0.05))  # Keras keeps the rate in float32


class Reference:
    """The reference's rule, one parameter."""

    def __init__(self, name, start):
        self.value, self._rule = {"w": np.array(start, np.float64)}, OPTIMIZERS[name]()

    def step(self, gradient):
        self._rule.update(self.value, {"w": np.array(gradient, np.float64)}, RATE)
        return self.value["w"].copy()


class Keras:
    """Keras' rule as the package makes it, one parameter."""

    def __init__(self, name, start):
        self._variable = keras.Variable(np.array(start, np.float64), dtype="float64")
        settings = Config.from_options(optimizer=name).optimization
        self._rule = make_optimizer(settings, np.array([RATE], np.float32))
        self._rule.build([self._variable])

    def step(self, gradient):
        self._rule.apply([tf.constant(gradient, tf.float64)], [self._variable])
        return self._variable.numpy()


@pytest.fixture(params=[Reference, Keras], ids=["reference", "keras"])
def make(request):
    return request.param


def test_both_offer_the_same_rules():
    assert set(OPTIMIZERS) == set(NAMES)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_finds_the_bottom_of_a_bowl(make, name):
    rule = make(name, [3.0, -2.0])
    value = np.array([3.0, -2.0])
    for _ in range(400):
        value = rule.step(value - [1.0, 0.5])
    # RMSprop's steps do not shrink with the gradient: it ends within a step of the bottom.
    assert np.allclose(value, [1.0, 0.5], atol=0.06 if name == "rmsprop" else 0.02)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        # Gradient 2 twice, from 1, rate 0.05. Worked out by hand:
        ("sgd", 0.9, 0.8),
        ("momentum", 0.9, 0.9 - (0.9 * 0.1 + 0.1)),
        ("nesterov", 1 - 0.9 * 0.1 - 0.1, 0.81 - 0.9 * 0.19 - 0.1),
        ("adam", 0.95, 0.9),  # each step is the rate, whatever the gradient
        ("adamw", DECAY - 0.05, (DECAY - 0.05) * DECAY - 0.05),
        ("rmsprop", 1 - 0.1 / np.sqrt(0.4), 1 - 0.1 / np.sqrt(0.4) - 0.1 / np.sqrt(0.76)),
    ],
)
def test_two_steps_by_hand(make, name, first, second):
    rule = make(name, [1.0])
    assert rule.step([2.0])[0] == pytest.approx(first, abs=1e-6)
    assert rule.step([2.0])[0] == pytest.approx(second, abs=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_zero_gradient_moves_nothing_but_decay(make, name):
    value = make(name, [1.0]).step([0.0])
    assert value[0] == pytest.approx(1 - 0.004 * RATE if name == "adamw" else 1.0, abs=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_random_steps_are_equal(name):
    stream = np.random.default_rng(0)
    start = stream.standard_normal((4, 3))
    ours, theirs = Reference(name, start), Keras(name, start)
    for step in range(1, 101):
        gradient = stream.standard_normal((4, 3)) * 10.0 ** stream.integers(-6, 4)
        one, other = ours.step(gradient), theirs.step(gradient)
        difference = np.abs(one - other).max()
        is_equal = np.allclose(one, other, rtol=1e-12, atol=1e-12)
        assert is_equal, f"diverged at step {step} by {difference}"


def test_clipping_scales_all_gradients_together():
    gradients = {"a": np.array([3.0]), "b": np.array([4.0])}
    assert clip_by_global_norm(gradients, 5.0) is gradients
    clipped = clip_by_global_norm(gradients, 1.0)
    assert clipped["a"][0] == pytest.approx(0.6) and clipped["b"][0] == pytest.approx(0.8)
