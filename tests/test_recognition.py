"""Recognition: nets of many layouts and losses are recognized by their loss or their outputs."""

import numpy as np
import pytest

from tfmlp import check_gradients
from tfmlp.checks.recognition import recognize

STREAM = np.random.default_rng(0)
N, D, H, K = 7, 5, 4, 3
X = STREAM.normal(size=(N, D))
Y = STREAM.integers(0, K, N)
T = np.eye(K)[Y]
W, b = STREAM.normal(size=(D, H)), STREAM.normal(size=H)
M, m = STREAM.normal(size=(H, H)), STREAM.normal(size=H)
V, c = STREAM.normal(size=(H, K)), STREAM.normal(size=K)
U, u = STREAM.normal(size=(H, 1)), STREAM.normal(size=1)
BINARY = STREAM.integers(0, 2, N)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def named(*arrays):
    return {f"p{i}": np.array(array, float) for i, array in enumerate(arrays)}


def column(array):
    return array[:, None]


HIDDEN = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "leaky_relu(0.01)": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "swish": lambda z: z * sigmoid(z),
    "linear": lambda z: z,
}


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_activations(name):
    logits = HIDDEN[name](X @ W + b) @ V + c
    loss = -np.mean(np.log(softmax(logits)[np.arange(N), Y]))
    params = named(W, b, V, c)
    net = recognize(X, Y, params, loss)
    assert (net.hidden, net.output, net.loss) == ((name,), "softmax", "cross-entropy")
    assert recognize(X, Y, params, loss, outputs=logits).description == net.description
    assert recognize(X, Y, params, loss, outputs=softmax(logits)).scale == 1 / N


@pytest.mark.parametrize("first", ["tanh", "relu", "leaky_relu(0.01)", "swish"])
@pytest.mark.parametrize("second", ["sigmoid", "relu", "elu"])
def test_different_activations_in_different_layers(first, second):
    logits = HIDDEN[second](HIDDEN[first](X @ W + b) @ M + m) @ V + c
    params = named(W, b, M, m, V, c)
    for loss in (np.sum((logits - T) ** 2), np.sum((softmax(logits) - T) ** 2) / N):
        assert recognize(X, T, params, loss).hidden == (first, second)
        assert recognize(X, T, params, loss, outputs=logits).hidden == (first, second)


# Names, parameters in a layout, inputs.
A = np.tanh(X @ W + b)
BARE = np.tanh(X @ W)
ONES = np.hstack([X, np.ones((N, 1))])
LAYOUTS = {
    "rows": (named(W, b, V, c), X),
    "columns": (named(W.T, column(b), V.T, column(c)), X.T),
    "kernels in columns, inputs in rows": (named(W.T, b, V.T, c), X),
    "last layer first": (named(V, c, W, b), X),
    "biases first": (named(b, W, c, V), X),
    "all biases, then all kernels": (named(column(b), column(c), W.T, V.T), X.T),
    "all kernels, then all biases": (named(W, V, b, c), X),
    "rows of biases": (named(W, b[None], V, c[None]), X),
    "bias as last row": (named(np.vstack([W, b]), np.vstack([V, c])), X),
    "bias as first row": (named(np.vstack([b, W]), np.vstack([c, V])), X),
    "bias as first column": (named(np.c_[b, W.T], np.c_[c, V.T]), X.T),
    "ones among the inputs": (named(np.vstack([W, b]), V, c), ONES),
    "ones among the inputs, and in hidden layers": (
        named(np.vstack([W, b]), np.vstack([V, c])),
        ONES,
    ),
    "images": (named(W, b, V, c), X[:, None]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    params, inputs = LAYOUTS[layout]
    p = softmax(A @ V + c)
    delta = (p - T) / N
    back = delta @ V.T * (1 - A**2)
    right = sorted(np.abs(np.r_[A.T @ delta, delta.sum(0)[None]]).ravel())
    for labels in (Y, T, T.T, column(Y), Y[None], Y + 1, Y.astype(float)):
        net = recognize(inputs, labels, params, -np.mean(np.sum(T * np.log(p), axis=1)))
        assert net is not None, labels.shape
        every = np.concatenate([np.ravel(g) for g in net.gradients().values()])
        for entry in (*right, *np.ravel(X.T @ back), *back.sum(0)):
            assert np.isclose(np.abs(every), abs(entry), rtol=1e-9).any()
        assert recognize(inputs, labels, params, outputs=p.T) is not None


LOSSES = {
    "sum of squares": (np.sum((A @ V + c - T) ** 2), "squares", 1),
    "half": (0.5 * np.sum((A @ V + c - T) ** 2), "squares", 0.5),
    "mean": (np.mean((A @ V + c - T) ** 2), "squares", 1 / (N * K)),
    "half the mean": (0.5 * np.mean((A @ V + c - T) ** 2), "squares", 0.5 / (N * K)),
    "mean of the sums": (np.mean(np.sum((A @ V + c - T) ** 2, 1)), "squares", 1 / N),
    "sum of the means": (np.sum(np.mean((A @ V + c - T) ** 2, 1)), "squares", 1 / K),
    "of the sigmoid": (np.sum((sigmoid(A @ V + c) - T) ** 2), "squares", 1),
    "of the relu": (np.sum((np.maximum(A @ V + c, 0) - T) ** 2), "squares", 1),
    "of the tanh": (np.sum((np.tanh(A @ V + c) - (2 * T - 1)) ** 2), "squares", 1),
    "absolute": (np.mean(np.abs(A @ V + c - T)), "absolute errors", 1 / (N * K)),
    "binary": (
        -np.mean(T * np.log(sigmoid(A @ V + c)) + (1 - T) * np.log(sigmoid(-A @ V - c))),
        "binary cross-entropy",
        1 / (N * K),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    loss, kind, scale = LOSSES[name]
    labels = 2 * T - 1 if "tanh" in name else T
    net = recognize(X, labels, named(W, b, V, c), loss)
    assert net.loss == kind and np.isclose(net.scale, scale)


@pytest.mark.parametrize("epsilon", [1e-5, 1e-7, 1e-8, 1e-12, 1e-15])
def test_epsilons(epsilon):
    p = softmax(20 * A @ V + c)  # so sure of itself that an epsilon counts
    clipped = np.clip(p, epsilon, 1 - epsilon)
    binary = T * np.log(p + epsilon) + (1 - T) * np.log(1 - p + epsilon)
    for log in (T * np.log(p + epsilon), T * np.log(clipped), T * np.log(np.maximum(p, epsilon))):
        for loss in (-np.sum(log), -np.mean(np.sum(log, axis=1))):
            net = recognize(X, T, named(W, b, 20 * V, c), loss)
            assert net.loss == "cross-entropy"
            assert net.logarithm.epsilon in (0, epsilon)
    assert recognize(X, T, named(W, b, 20 * V, c), -np.mean(binary)).loss == "binary cross-entropy"


@pytest.mark.parametrize("given", ["right", "mask", "epsilon"])
def test_an_epsilon_in_the_logarithm_is_no_error(given):
    """p - t is right but for the epsilon; a missing mask is named all the same."""
    relu, small = np.maximum(X @ W + b, 0), 0.3 * V
    params = {"W": W.copy(), "b": b.copy(), "V": small.copy(), "c": c.copy()}

    def loss(p):
        hidden = np.maximum(X @ p["W"] + p["b"], 0)
        return -np.sum(T * np.log(softmax(hidden @ p["V"] + p["c"]) + 1e-5)) / N

    p = softmax(relu @ small + c)
    delta = (p - T) / N
    if given == "epsilon":  # the exact gradient is right, too
        delta = delta * (p[T == 1] / (p[T == 1] + 1e-5))[:, None]
    back = delta @ small.T * (1 if given == "mask" else X @ W + b > 0)
    grads = {"W": X.T @ back, "b": back.sum(0), "V": relu.T @ delta, "c": delta.sum(0)}
    report = check_gradients(loss, params, grads, inputs=X, labels=T)
    assert report.right is (given != "mask")
    if given == "mask":
        assert report.cause.name == "mask"
    unknown = check_gradients(loss, params, grads)  # without the data nothing is recognized
    assert unknown.right is {"right": None, "mask": False, "epsilon": True}[given]


def with_penalty(params, kernels_only, strength):
    return strength * sum(np.sum(v**2) for v in params.values() if v.ndim == 2 or not kernels_only)


@pytest.mark.parametrize("strength", [0.01, 0.5 * 0.1, 0.5 * 0.3 / N, 0.0123])
@pytest.mark.parametrize("kernels_only", [True, False])
def test_penalties(strength, kernels_only):
    params = named(W, b, V, c)

    def loss(p):
        a = np.tanh(X @ p["p0"] + p["p1"])
        data = np.sum((a @ p["p2"] + p["p3"] - T) ** 2) / N
        return data + with_penalty(p, kernels_only, strength)

    delta = 2 * (A @ V + c - T) / N
    back = delta @ V.T  # the derivative is left out
    grads = dict(zip(params, (X.T @ back, back.sum(0), A.T @ delta, delta.sum(0))))
    for name, value in params.items():
        if value.ndim == 2 or not kernels_only:
            grads[name] = grads[name] + 2 * strength * value
    report = check_gradients(loss, params, grads, inputs=X, labels=T)
    assert report.cause.name == "no_derivative", report
    twice = dict(zip(params, (X.T @ (back * (1 - A**2)), (back * (1 - A**2)).sum(0))))
    right = twice | dict(zip(("p2", "p3"), (A.T @ delta, delta.sum(0))))
    for name, value in params.items():
        decay = 2 * strength * value if value.ndim == 2 or not kernels_only else 0
        right[name] = N * right[name] + decay
    report = check_gradients(loss, params, right, inputs=X, labels=T)
    assert report.cause.name == "batch_size" and "penalty" in report.cause.text


def test_one_output_one_unit_and_one_example():
    h = np.tanh(X @ W + b)
    p = sigmoid(h @ U + u)
    loss = -np.mean(BINARY[:, None] * np.log(p) + (1 - BINARY[:, None]) * np.log(1 - p))
    for labels in (BINARY, column(BINARY), BINARY[None], 2 * BINARY - 1):
        for params in (named(W, b, U, u), named(W, b, U[:, 0], u), named(W, b, U[:, 0], u[0])):
            net = recognize(X, labels, params, loss)
            assert net.loss == "binary cross-entropy" and net.depth == 2
            assert all(g.shape == params[name].shape for name, g in net.gradients().items())
    one = 0.5 * np.sum((h[0] @ V - T[0]) ** 2)
    for inputs, labels in (
        (X[0], T[0]),
        (X[:1], T[:1]),
        (column(X[0]), column(T[0])),
        (X[0], Y[0]),
    ):
        assert recognize(inputs, labels, named(W, b, V), one).depth == 2
    alone = np.mean((X @ W[:, 0] - BINARY) ** 2)
    assert recognize(X, BINARY, named(W[:, 0]), alone).depth == 1
    scalar = np.mean((np.tanh(X @ W + 0.3) @ V + 0.7 - T) ** 2)  # one bias for a whole layer
    net = recognize(X, T, named(W, 0.3, V, 0.7), scalar)
    assert {name: np.shape(g) for name, g in net.gradients().items()}["p1"] == ()
    some = np.mean((np.tanh(X @ W) @ V + c - T) ** 2)  # biases in some layers only
    assert recognize(X, T, named(W, V, c), some) is not None


def test_what_is_not_a_net_is_not_recognized():
    params = named(W, b, V, c)
    assert recognize(X, T, params, 1.2345) is None
    assert recognize(X, np.array(["a"] * N), params, 1.0) is None
    assert recognize(X, T, params, outputs=np.ones((N, K))) is None
    assert recognize(X, T, named(np.ones((2, 2, 2))), 1.0) is None


def test_an_unusual_factor_is_measured():
    """3.7 times the usual loss is found by its gradients."""
    params = named(W, b, V, c)

    def loss(p):
        a = np.tanh(X @ p["p0"] + p["p1"])
        return 3.7 * np.sum((a @ p["p2"] + p["p3"] - T) ** 2) + 5

    delta = 7.4 * (A @ V + c - T)
    back = delta @ V.T * (1 - A)
    grads = dict(zip(params, (X.T @ back, back.sum(0), A.T @ delta, delta.sum(0))))
    report = check_gradients(loss, params, grads, inputs=X, labels=T)
    assert report.cause.name == "wrong_derivative" and "1 - a" in report.cause.text


def test_parameters_in_one_vector_or_one_by_one():
    """As SciPy's optimizers want them, and as engines of single numbers have them."""
    layers = [np.c_[b, W.T], np.c_[c, V.T]]
    vectors = {
        "bias first": np.concatenate([layer.ravel() for layer in layers]),
        "as Octave does": np.concatenate([layer.T.ravel() for layer in layers]),
        "kernels and biases": np.concatenate([W.ravel(), b, V.ravel(), c]),
        "kernels, then biases": np.concatenate([W.T.ravel(), V.T.ravel(), b, c]),
    }
    loss = np.sum((A @ V + c - T) ** 2) / N
    for vector in vectors.values():
        net = recognize(X, T, {"theta": vector}, loss)
        assert net.depth == 2 and net.gradients()["theta"].shape == vector.shape
    numbers = {str(i): np.array(value) for i, value in enumerate(vectors["bias first"])}
    net = recognize(X, T, numbers, loss)
    assert net.depth == 2 and list(net.gradients()) == list(numbers)
    deep = [STREAM.normal(size=(4, D + 1)), STREAM.normal(size=(4, 5)), STREAM.normal(size=(K, 5))]
    a = X
    for layer in deep:
        a = np.tanh(a @ layer[:, :-1].T + layer[:, -1])
    net = recognize(X, T, named(np.concatenate([w.ravel() for w in deep])), np.sum((a - T) ** 2))
    assert net.depth == 3 and net.hidden == ("tanh", "tanh")


def test_a_bias_unit_of_minus_one():
    params = named(np.vstack([W, -b]), np.vstack([V, -c]))
    net = recognize(X, T, params, np.sum((A @ V + c - T) ** 2))
    delta = 2 * (A @ V + c - T)
    assert np.allclose(net.gradients()["p1"], np.vstack([A.T @ delta, -delta.sum(axis=0)]))
