"""`tfmlp.check`: an explicit question about any net, which leaves everything as it was."""

import random
import types

import numpy as np
import pytest

import tfmlp
from tfmlp import ConfigError, TfmlpError

N = 7
X = np.random.default_rng(1).normal(size=(N, 5))
CLASSES = np.array([0, 1, 2, 2, 1, 0, 2])
T = np.eye(3)[CLASSES]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Net:
    """A net with everything that a step may change: momentum, a cache, a list, a generator."""

    def __init__(self, seed=0, mask=True, scale=1.0):
        stream = np.random.default_rng(seed)
        self.W1, self.b1 = stream.normal(size=(5, 4)), np.zeros(4)
        self.W2, self.b2 = stream.normal(size=(4, 3)), np.zeros(3)
        self.mask, self.scale = mask, scale
        self.velocity, self.history, self.stream = np.zeros((5, 4)), [], stream

    def forward(self, x):
        self.a = np.maximum(0, x @ self.W1 + self.b1)
        self.p = softmax(self.a @ self.W2 + self.b2)
        return self.p

    def loss(self, x, t):
        return -np.sum(t * np.log(self.forward(x))) / len(x)

    def backward(self, x, t):
        d = self.scale * (self.p - t) / len(x)
        e = d @ self.W2.T * ((self.a > 0) if self.mask else 1)
        self.dW1, self.db1, self.dW2, self.db2 = x.T @ e, e.sum(0), self.a.T @ d, d.sum(0)
        return [self.dW1, self.db1, self.dW2, self.db2]

    def step(self, x, t, rate=0.1, sign=-1):
        self.forward(x)
        dW1, db1, dW2, db2 = self.backward(x, t)
        self.velocity = 0.9 * self.velocity + dW1
        self.history.append(float(self.stream.normal()))
        self.W1 = self.W1 + sign * rate * self.velocity
        self.b1 += sign * rate * db1
        self.W2, self.b2 = self.W2 + sign * rate * dW2, self.b2 + sign * rate * db2


def arrays_of(net):
    return [net.W1, net.b1, net.W2, net.b2]


def ask(net, **parts):
    question = dict(params=arrays_of(net), inputs=X, labels=T, loss=lambda: net.loss(X, T))
    if "outputs" in parts:
        del question["loss"]
    return tfmlp.check(**question | parts)


# --- verdicts


def test_a_right_gradient_is_right_and_a_missing_mask_is_named():
    net, wrong = Net(), Net(mask=False)
    assert ask(net, grads=lambda: net.backward(X, T)).right is True
    report = ask(wrong, grads=lambda: wrong.backward(X, T))
    assert report.right is False and report.cause.name == "mask"
    assert [part.name for part in report.parameters] == ["W1", "b1", "W2", "b2"]
    assert [part.right for part in report.parameters] == [False, False, True, True]
    assert "likely cause: the mask" in str(report) and "<table>" in report._repr_html_()


@pytest.mark.parametrize("scale, said", [(N, "a sum over the 7 examples"), (0.5, "halved")])
def test_one_factor_is_a_convention_and_is_said(scale, said):
    net = Net(scale=scale)
    report = ask(net, grads=lambda: net.backward(X, T))
    assert report.right is True and said in report.convention.text
    assert report.factor == pytest.approx(scale) and report.cause is None


def test_a_factor_on_some_gradients_is_an_error():
    net = Net()
    report = ask(net, grads=lambda: [net.backward(X, T)[0] * N, *net.backward(X, T)[1:]])
    assert report.right is False and report.cause.name == "batch_size" and "W1" in report.cause.text


def test_the_opposite_sign_is_undecided_of_gradients_and_wrong_of_a_step():
    net = Net(scale=-1)
    report = ask(net, grads=lambda: net.backward(X, T))
    assert report.right is None and "step=" in report.undecided
    report = ask(net, step=lambda: net.step(X, T))
    assert report.right is False and report.cause.name == "sign"
    up = Net()
    assert ask(up, step=lambda: up.step(X, T, sign=1), rate=0.1).cause.name == "sign"


def test_a_step_without_its_rate_says_which_rate_would_make_it_right():
    net = Net()
    report = ask(net, step=lambda: net.step(X, T, rate=0.01))
    assert report.right is True and report.convention.text == "right, if the learning rate is 0.01"
    assert ask(net, step=lambda: net.step(X, T, rate=0.01), rate=0.01).convention is None
    report = ask(net, step=lambda: net.step(X, T, rate=0.01), rate=0.1)
    assert report.right is False and report.cause.name == "learning_rate"
    net.scale = N  # a step of the sum, beside a mean
    report = ask(net, step=lambda: net.step(X, T, rate=0.01), rate=0.01)
    assert report.right is True and "sum over the 7 examples" in report.convention.text


def test_with_outputs_the_loss_that_fits_is_named():
    net = Net()
    report = ask(net, outputs=lambda: net.forward(X), grads=lambda: net.backward(X, T))
    assert report.right is True and report.loss == "cross-entropy, a mean over the 7 examples"
    by_class = ask(
        net, labels=CLASSES, outputs=lambda: net.forward(X), grads=lambda: net.backward(X, T)
    )
    assert by_class.right is True
    wrong = Net(mask=False)
    report = ask(wrong, outputs=lambda: wrong.forward(X), grads=lambda: wrong.backward(X, T))
    assert report.right is False and report.cause.name == "mask"
    W = np.ones((5, 1))
    report = tfmlp.check(
        params=[W],
        inputs=X,
        labels=np.ones((N, 1)),
        outputs=lambda: X @ W,
        grads=lambda: X.T @ np.cos(X @ W),
    )
    assert report.right is None and "loss=" in report.undecided


def test_zero_biases_and_tiny_weights_accuse_no_right_net():
    for seed in range(20):
        net = Net(seed)
        net.W1 *= 1e-4
        net.W2[...] = 0
        assert ask(net, grads=lambda net=net: net.backward(X, T)).right is True


def test_an_epsilon_in_the_logarithm_accuses_no_right_net_and_hides_no_mistake():
    for seed in range(10):
        for mask in (True, False):
            net = Net(seed, mask)
            report = ask(
                net,
                loss=lambda net=net: -np.sum(T * np.log(net.forward(X) + 1e-6)) / N,
                grads=lambda net=net: net.backward(X, T),
            )
            assert report.right is mask and (mask or report.cause.name == "mask")


def test_what_is_kept_from_an_earlier_forward_pass_is_found():
    W, kept = np.ones((5, 1)), {}

    def loss():
        kept.setdefault("out", X @ W)
        return float(((X @ W) ** 2).sum())

    report = tfmlp.check(params=[W], loss=loss, grads=lambda: 2 * X.T @ kept["out"])
    assert report.right is False and report.cause.name == "stale_cache" and not kept


# --- where parameters live


def test_parameters_may_be_given_in_any_way():
    net = Net()
    named = dict(W1=net.W1, b1=net.b1, W2=net.W2, b2=net.b2)
    module = types.SimpleNamespace(net=net)
    for params in (
        (net, "W1 b1 W2 b2"),
        [(net, "W1 b1"), (net, "W2, b2")],
        named,
        (named, "W1 b1 W2 b2"),
        [[net.W1, net.b1], [net.W2, net.b2]],
        (module.net, "W1 b1 W2 b2"),
    ):
        assert ask(net, params=params, grads=lambda: net.backward(X, T)).right is True


def test_gradients_may_be_given_in_any_way():
    net = Net()

    def given(value):
        return ask(net, params=(net, "W1 b1 W2 b2"), grads=lambda: value(net.backward(X, T)))

    names = ("W1", "b1", "W2", "b2")
    assert given(lambda all_: None).right is True  # kept as dW1, ...
    assert given(lambda all_: (net, "dW1 db1 dW2 db2")).right is True
    assert given(lambda all_: (0.3, dict(zip(names, all_, strict=True)))).right is True
    assert given(lambda all_: {f"d{n}": v for n, v in zip(names, all_, strict=True)}).right is True
    assert given(lambda all_: np.concatenate([v.ravel() for v in all_])).right is True
    assert given(lambda all_: [all_[2], all_[3], all_[0], all_[1]]).right is True  # by shape


def test_lists_that_a_step_replaces_are_followed():
    net = types.SimpleNamespace(weights=[np.ones((5, 4)), np.ones((4, 1))])

    def loss():
        return 0.5 * float(((np.tanh(X @ net.weights[0]) @ net.weights[1]) ** 2).sum())

    def step():
        a = np.tanh(X @ net.weights[0])
        d = a @ net.weights[1]
        e = d @ net.weights[1].T * (1 - a**2)
        gradients = [X.T @ e, a.T @ d]
        net.weights = [w - 0.1 * g for w, g in zip(net.weights, gradients, strict=True)]

    report = tfmlp.check(params=(net, "weights"), loss=loss, step=step, rate=0.1)
    assert report.right is True and (net.weights[0] == 1).all()


def test_numbers_of_many_objects_are_one_array():
    numbers = [types.SimpleNamespace(data=float(i), grad=0.0) for i in range(4)]

    def grads():
        for number in numbers:
            number.grad = 2 * number.data
        return [number.grad for number in numbers]

    loss = lambda: sum(number.data**2 for number in numbers)  # noqa: E731
    report = tfmlp.check(params=(numbers, "data"), loss=loss, grads=grads)
    assert report.right is True and [number.data for number in numbers] == [0, 1, 2, 3]


def test_variables_of_tensorflow():
    import tensorflow as tf

    w = tf.Variable(np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32))
    x = tf.constant(X.astype(np.float32))
    before = w.numpy()

    def loss():
        return tf.reduce_mean(tf.nn.tanh(x @ w) ** 2)

    def grads(sign=1):
        with tf.GradientTape() as tape:
            value = loss()
        return [sign * tape.gradient(value, w)]

    assert tfmlp.check(params=[w], loss=loss, grads=grads).right is True
    assert tfmlp.check(params=[w], loss=loss, grads=lambda: grads(-1)).right is None
    step = lambda: w.assign_sub(0.5 * grads()[0])  # noqa: E731
    assert tfmlp.check(params=[w], loss=loss, step=step, rate=0.5).right is True
    assert np.array_equal(before, w.numpy())


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_tensors_of_others(name):
    pytest.importorskip(name)
    if name == "torch":
        import torch

        w = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
        x = torch.tensor(X)

        def grads():
            return torch.autograd.grad((torch.tanh(x @ w) ** 2).sum(), [w])

        loss = lambda: (torch.tanh(x @ w) ** 2).sum()  # noqa: E731
        assert tfmlp.check(params=[w], loss=loss, grads=grads).right is True
    else:
        import jax
        import jax.numpy as jnp

        net = types.SimpleNamespace(w=jnp.ones((5, 2)))
        value = lambda w: (jnp.tanh(X @ w) ** 2).sum()  # noqa: E731
        loss, grads = lambda: value(net.w), lambda: jax.grad(value)(net.w)
        assert tfmlp.check(params=(net, "w"), loss=loss, grads=grads).right is True


# --- everything is put back


def test_everything_is_as_it_was():
    net = Net()
    net.forward(X)
    before = {name: np.copy(value) for name, value in vars(net).items() if name != "stream"}
    objects = {name: id(value) for name, value in vars(net).items()}
    state, stream = random.getstate(), net.stream.bit_generator.state
    numpy_state = np.random.get_state()[1].copy()

    def step():
        net.step(X, T)
        net.new = 1
        np.random.rand()
        random.random()

    assert ask(net, step=step).right is True
    assert {name: id(value) for name, value in vars(net).items()} == objects
    for name, value in before.items():
        assert np.array_equal(value, getattr(net, name)), name
    assert random.getstate() == state and net.stream.bit_generator.state == stream
    assert np.array_equal(np.random.get_state()[1], numpy_state)


def test_everything_is_as_it_was_after_an_error():
    net = Net()
    before = net.W1.copy()

    def grads():
        net.W1[...] = 0
        raise KeyError("W9")

    with pytest.raises(TfmlpError, match="grads raised KeyError: 'W9'"):
        ask(net, grads=grads)
    assert np.array_equal(net.W1, before)


def test_dropout_draws_the_same_mask_each_time():
    W = np.random.default_rng(0).normal(size=(5, 4))
    seen = {}

    def loss():
        seen["mask"] = np.random.rand(N, 4) < 0.5
        return float((np.tanh(X @ W) * seen["mask"]).sum())

    grads = lambda: X.T @ ((1 - np.tanh(X @ W) ** 2) * seen["mask"])  # noqa: E731
    assert tfmlp.check(params=[W], loss=loss, grads=grads).right is True


# --- what cannot be asked


def test_a_step_beside_an_epsilon_says_its_rate():
    net = Net()
    report = ask(
        net,
        loss=lambda: -np.sum(T * np.log(net.forward(X) + 1e-6)) / N,
        step=lambda: net.step(X, T, rate=0.01),
    )
    assert report.right is True and report.convention.text == "right, if the learning rate is 0.01"


FREE = dict(params=[np.ones(3)], loss=lambda: 1.0, grads=lambda: [np.ones(3)])


@pytest.mark.parametrize(
    "parts, message",
    [
        (dict(loss=None), "expected loss= or outputs=, one of them; received neither"),
        (dict(outputs=lambda: 1), "received both"),
        (dict(grads=None), "expected grads= or step="),
        (dict(grads=[np.ones(3)]), "a function without arguments; received a list: write grads="),
        (dict(loss=0.5), "received a float: write loss=lambda"),
        (dict(rate=0.1), "rate: expected with step="),
        (dict(grads=None, step=lambda: 0, rate=-1), "a number above 0; received -1"),
        (dict(grads=None, step=lambda: 0), "step: expected one that changes the parameters"),
        (dict(loss=lambda: np.ones(2)), "loss: expected one number; received an array"),
        (dict(loss=lambda: float("nan")), "loss: expected finite numbers"),
        (dict(loss=lambda: 1.5), "loss: expected to change with the parameters"),
        (dict(loss=lambda: None), "loss: expected numbers; received None"),
        (dict(loss=lambda: "high"), "the loss: expected numbers|loss: expected numbers"),
        (dict(loss=np.random.default_rng(0).normal), "the same numbers from two calls"),
        (dict(params=[]), "params: expected parameters with at least one entry"),
        (dict(params=[None]), "expected numbers; received None"),
        (dict(params=(types.SimpleNamespace(), "W1")), "an owner with W1"),
        (dict(grads=lambda: None), "grads: expected the gradients; received None"),
        (dict(grads=lambda: [np.ones(3)] * 2), "one gradient for each parameter"),
        (dict(params=((1.0, 2.0), (3.0, 4.0))), "changed in place"),
        (dict(loss=None, outputs=lambda: np.ones(3)), "outputs: expected labels beside them"),
        (dict(loss=None, outputs=lambda: np.ones(3), labels=[1] * 9), "labels: expected targets"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_clear_line(parts, message):
    with pytest.raises(ConfigError, match=message) as caught:
        tfmlp.check(**FREE | parts)
    assert "\n" not in str(caught.value)


def test_a_slow_loss_is_looked_at_in_fewer_places():
    import time

    W = np.random.default_rng(0).normal(size=(40, 40))

    def loss():
        time.sleep(0.05)
        return float((W**3).sum())

    started = time.perf_counter()
    report = tfmlp.check(params=[W], loss=loss, grads=lambda: [3 * W**2])
    assert report.right is True and time.perf_counter() - started < 60
    assert 4 <= report.parameters[0].entries < 1600
