"""The causes of wrong gradients: each usual mistake, made in small nets of this file, is named."""

import itertools

import numpy as np
import pytest

from tfmlp import check_gradients

N = 7


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


FUNCTIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0)),
    "leaky": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1, 0.1)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "linear": (lambda z: z, lambda z: np.ones_like(z)),
    "softplus": (lambda z: np.log1p(np.exp(z)), sigmoid),
}
# Hidden activations, output, loss, and how the parameters are listed.
KINDS = {
    "softmax": ("relu relu", "softmax", "cross-entropy", "rows"),
    "one output": ("tanh tanh", "sigmoid", "binary", "columns"),
    "squares": ("sigmoid sigmoid", "sigmoid", "squares", "biases first"),
    "mixed": ("leaky tanh", "linear", "squares", "kernels first"),
    "augmented": ("tanh relu", "softmax", "cross-entropy", "augmented"),
}


class Net:
    """Three dense layers by hand; `edits` are the mistakes in its backward pass."""

    def __init__(self, kind, seed=0, width=4):
        hidden, self.output, self.loss_name, self.layout = KINDS[kind]
        self.hidden = hidden.split()
        stream = np.random.default_rng(seed)
        k = 1 if kind == "one output" else 3
        sizes = [4, width, width, k]
        self.W = [stream.normal(size=pair) for pair in itertools.pairwise(sizes)]
        self.b = [stream.normal(size=size) for size in sizes[1:]]
        self.X = stream.normal(size=(N, 4))
        classes = stream.integers(0, max(k, 2), N)
        self.T = np.eye(k)[classes] if k > 1 else classes[:, None].astype(float)
        if self.output == "linear":
            self.T = stream.normal(size=(N, k))

    def forward(self):
        z, a = [], [self.X]
        for i, (W, b) in enumerate(zip(self.W, self.b)):
            z.append(a[-1] @ W + b)
            name = self.hidden[i] if i < 2 else self.output
            a.append(softmax(z[-1]) if name == "softmax" else FUNCTIONS[name][0](z[-1]))
        return z, a

    def loss(self):
        p = self.forward()[1][-1]
        if self.loss_name == "squares":
            return 0.5 * np.sum((p - self.T) ** 2) / N
        total = np.sum(self.T * np.log(p))
        if self.loss_name == "binary":
            total += np.sum((1 - self.T) * np.log(1 - p))
        return -total / N

    def backward(self, edits):
        z, a = self.forward()
        p, t = a[-1], self.T
        delta = (p - t) / N
        if self.loss_name == "squares":
            delta = delta * FUNCTIONS[self.output][1](z[-1])
        delta = edits.get("output", lambda n, z, p, d: d)(self, z[-1], p, delta)
        down = edits.get("down", lambda n, z, p, d: d)(self, z[-1], p, delta)
        dW, db, deltas, incoming = [0] * 3, [0] * 3, [0] * 3, [0] * 3
        updated = [W.copy() for W in self.W]
        for i in (2, 1, 0):
            deltas[i] = delta
            dW[i] = a[i].T @ delta
            db[i] = delta.sum(axis=0)
            updated[i] = updated[i] - 0.3 * dW[i]
            if i == 2:
                delta = down
            if i:
                back = edits.get("back", lambda n, i, d, u: d @ n.W[i].T)(self, i, delta, updated)
                incoming[i - 1] = back
                derivative = FUNCTIONS[self.hidden[i - 1]][1](z[i - 1])
                normal = lambda n, i, back, z, a, f: back * f  # noqa: E731
                edit = edits.get("hidden", normal)
                delta = edit(self, i - 1, back, z, a[1:], derivative)
        if "dW" in edits:
            for i in range(3):
                dW[i] = edits["dW"](self, i, dW[i], deltas, incoming, z, a)
        if "db" in edits:
            for i in range(3):
                db[i] = edits["db"](self, i, db[i], deltas, incoming, dW)
        return dW, db

    def laid_out(self, kernels, biases):
        """Returns kernels and biases as a person would list them."""
        if self.layout == "augmented":
            return {f"T{i}": np.vstack([W, b]) for i, (W, b) in enumerate(zip(kernels, biases))}
        if self.layout == "columns":
            kernels = [W.T for W in kernels]
            biases = [b[:, None] for b in biases]
        named = [
            (name, array)
            for i, (W, b) in enumerate(zip(kernels, biases))
            for name, array in ((f"W{i}", W), (f"b{i}", b))
        ]
        if self.layout == "kernels first":
            named = named[::2] + named[1::2]
        if self.layout == "biases first":
            named = named[1::2] + named[::2]
        return dict(named)

    def check(self, edits, factor=1.0):
        params = self.laid_out(self.W, self.b)

        def loss(values):
            if self.layout == "augmented":
                self.W = [values[f"T{i}"][:-1] for i in range(3)]
                self.b = [values[f"T{i}"][-1] for i in range(3)]
            else:
                turned = self.layout == "columns"
                self.W = [values[f"W{i}"].T if turned else values[f"W{i}"] for i in range(3)]
                self.b = [values[f"b{i}"].reshape(-1) for i in range(3)]
            return self.loss()

        dW, db = self.backward(edits)
        grads = self.laid_out(
            [factor * np.broadcast_to(g, W.shape) for g, W in zip(dW, self.W)],
            [factor * np.broadcast_to(g, b.shape) for g, b in zip(db, self.b)],
        )
        turned = self.layout == "columns"
        inputs, labels = (self.X.T, self.T.T) if turned else (self.X, self.T)
        return check_gradients(loss, params, grads, inputs=inputs, labels=labels)


def hidden(derivative, only=None):
    """An edit of the derivative of hidden layers: of (z, a) of each."""

    def edit(net, i, back, z, a, right):
        return back * (derivative(z[i], a[i]) if only in (None, i) else right)

    return {"hidden": edit}


def kernel(gradient, only=None):
    """An edit of kernels' gradients: of (net, i, right gradient, deltas, incoming, z, a)."""

    def edit(net, i, right, *others):
        return gradient(net, i, right, *others) if only in (None, i) else right

    return {"dW": edit}


def bias(gradient, only=None):
    """An edit of biases' gradients: of (net, i, right gradient, deltas, incoming, dW)."""

    def edit(net, i, right, *others):
        return gradient(net, i, right, *others) if only in (None, i) else right

    return {"db": edit}


def back(product, only=None):
    """An edit of the way back: of (net, i, delta, updated kernels)."""

    def edit(net, i, delta, updated):
        return product(net, i, delta, updated) if only in (None, i) else delta @ net.W[i].T

    return {"back": edit}


ONE = np.ones_like
ALL = tuple(KINDS)
# The mistake, the nets that it is made in, and the names of the cause.
HIDDEN = [
    (hidden(lambda z, a: ONE(z)), "one output", "squares", "no_derivative"),
    (hidden(lambda z, a: ONE(z), only=0), "one output", "squares", "no_derivative"),
    (hidden(lambda z, a: ONE(z)), "softmax", "mixed", "mask no_derivative"),
    (hidden(lambda z, a: ONE(z), only=1), "softmax", "augmented", "mask"),
    (hidden(lambda z, a: 1.0 * (z <= 0), only=1), "softmax", "augmented", "mask_inverted"),
    (hidden(lambda z, a: a * (1 - a)), "one output", "augmented", "wrong_derivative"),
    (hidden(lambda z, a: z * (1 - z)), "one output", "augmented", "wrong_derivative"),
    (hidden(lambda z, a: 1 - a), "one output", "mixed", "wrong_derivative"),
    (hidden(lambda z, a: 1 - a, only=1), "squares", "mixed", "wrong_derivative"),
    (
        hidden(lambda z, a: 1 - z**2),
        "one output",
        "augmented",
        "derivative_of_input wrong_derivative",
    ),
    (hidden(lambda z, a: 1 - z**2, only=0), "one output", "augmented", "derivative_of_input"),
    (hidden(lambda z, a: z * (1 - z)), "squares", "mixed", "derivative_of_input wrong_derivative"),
    (
        hidden(lambda z, a: 1 - np.tanh(a) ** 2),
        "one output",
        "mixed",
        "derivative_of_output wrong_derivative",
    ),
    (
        hidden(lambda z, a: 1 - np.tanh(a) ** 2, only=1),
        "one output",
        "mixed",
        "derivative_of_output",
    ),
    (hidden(lambda z, a: a), "one output", "squares", "function_for_derivative"),
    (hidden(lambda z, a: z), "one output", "squares", "function_for_derivative"),
    (hidden(lambda z, a: 1.0 * (z > 0)), "one output", "squares", "wrong_derivative"),
    (hidden(lambda z, a: 1.0 * (z > 0), only=0), "mixed", "squares", "slope wrong_derivative"),
    (hidden(lambda z, a: np.where(z > 0, 1, 0.01), only=0), "mixed", "softmax", "slope"),
    (
        hidden(lambda z, a: (1 - np.tanh(z) ** 2) ** 2, only=1),
        "one output",
        "mixed",
        "derivative_twice wrong_derivative",
    ),
    (
        {"hidden": lambda n, i, back, z, a, f: back * (back > 0)},
        "softmax",
        "softmax",
        "mask",
    ),
    (
        {"hidden": lambda n, i, back, z, a, f: back * f[:, ::1] if i else back * (z[1] > 0)},
        "softmax",
        "softmax",
        "wrong_layer",
    ),
    (
        {"hidden": lambda n, i, back, z, a, f: back * (1 - a[0] ** 2)},
        "one output",
        "one output",
        "wrong_layer",
    ),
    ({"hidden": lambda n, i, back, z, a, f: back + f}, "one output", "squares", "wrong_derivative"),
]


def derivative_of(net, z):
    return FUNCTIONS[net.output][1](z)


OUTPUT = [
    (
        {"output": lambda n, z, p, d: p * (d - np.sum(d * p, axis=1, keepdims=True))},
        "softmax",
        "augmented",
        "softmax_twice",
    ),
    ({"output": lambda n, z, p, d: -n.T / p / N}, "softmax", "augmented", "softmax_left_out"),
    (
        {"output": lambda n, z, p, d: -n.T / p / N * p * (1 - p)},
        "softmax",
        "augmented",
        "softmax_diagonal loss_gradient",
    ),
    (
        {"output": lambda n, z, p, d: d * p * (1 - p)},
        "softmax",
        "one output",
        "output_derivative_twice",
    ),
    (
        {"output": lambda n, z, p, d: (p - n.T) / N},
        "squares",
        "squares",
        "output_derivative_missing",
    ),
    ({"down": lambda n, z, p, d: (p - n.T) / N}, "squares", "squares", "output_derivative_missing"),
    (
        {"down": lambda n, z, p, d: d * p * (1 - p)},
        "softmax",
        "one output",
        "output_derivative_twice",
    ),
    (
        {"output": lambda n, z, p, d: (p - n.T) / N * z * (1 - z)},
        "squares",
        "squares",
        "derivative_of_input",
    ),
    (
        {"output": lambda n, z, p, d: (p - n.T) / N * sigmoid(p) * (1 - sigmoid(p))},
        "squares",
        "squares",
        "derivative_of_output",
    ),
    ({"output": lambda n, z, p, d: (z - n.T) / N}, "softmax", "one output", "loss_gradient"),
    ({"output": lambda n, z, p, d: p / N}, "softmax", "mixed", "loss_gradient"),
    ({"output": lambda n, z, p, d: (p - 1) / N}, "softmax", "augmented", "loss_gradient"),
    ({"output": lambda n, z, p, d: (p + n.T) / N}, "softmax", "mixed", "loss_gradient"),
    ({"output": lambda n, z, p, d: np.abs(d)}, "softmax", "mixed", "loss_gradient"),
    (
        {"output": lambda n, z, p, d: np.broadcast_to(d.mean(axis=0), d.shape)},
        "softmax",
        "mixed",
        "loss_gradient",
    ),
    (
        {"output": lambda n, z, p, d: ((p > 0.5) - n.T) / N},
        "softmax",
        "one output",
        "loss_gradient",
    ),
    (
        {"output": lambda n, z, p, d: -(n.T / p + (1 - n.T) / (1 - p)) * p * (1 - p) / N},
        "one output",
        "one output",
        "loss_gradient",
    ),
    (
        {"output": lambda n, z, p, d: -n.T * (1 - p) / N},
        "one output",
        "softmax",
        "loss_gradient softmax_diagonal",
    ),
]
KERNELS = [
    (
        kernel(lambda n, i, g, d, inc, z, a: (z[i - 1] if i else a[0]).T @ d[i]),
        *ALL[:2],
        "preactivation",
    ),
    (kernel(lambda n, i, g, d, inc, z, a: z[i - 1].T @ d[i], only=2), *ALL[:2], "preactivation"),
    (kernel(lambda n, i, g, d, inc, z, a: a[0].T @ d[i], only=1), *ALL[1:3], "wrong_input"),
    (kernel(lambda n, i, g, d, inc, z, a: a[0].T @ d[i], only=2), *ALL[1:3], "wrong_input"),
    (kernel(lambda n, i, g, d, inc, z, a: a[1].T @ d[i], only=2), *ALL[1:3], "wrong_input"),
    (kernel(lambda n, i, g, d, inc, z, a: a[2].T @ d[i], only=1), *ALL[1:3], "wrong_input"),
    (kernel(lambda n, i, g, d, inc, z, a: a[i].T @ d[1], only=0), *ALL[1:3], "wrong_delta"),
    (kernel(lambda n, i, g, d, inc, z, a: a[i].T @ inc[i], only=0), *ALL[1:3], "before_derivative"),
    (
        kernel(lambda n, i, g, d, inc, z, a: np.outer(a[i][-1], d[i][-1]), only=1),
        *ALL[1:3],
        "one_example",
    ),
    (
        kernel(lambda n, i, g, d, inc, z, a: np.outer(a[i].mean(0), d[i].sum(0))),
        *ALL[1:3],
        "product_of_means",
    ),
    (
        kernel(lambda n, i, g, d, inc, z, a: (d[i].T @ a[i]).reshape(g.shape), only=2),
        "softmax",
        "mixed",
        "reshaped",
    ),
    (
        kernel(lambda n, i, g, d, inc, z, a: np.broadcast_to(d[i].sum(0), g.shape), only=1),
        *ALL[1:3],
        "wrong_input",
    ),
    (
        kernel(lambda n, i, g, d, inc, z, a: np.roll(a[i], 1, axis=0).T @ d[i]),
        *ALL[1:3],
        "stale_activations",
    ),
    (back(lambda n, i, d, u: d @ n.W[1], only=1), *ALL[:2], "untransposed"),
    (back(lambda n, i, d, u: d, only=1), *ALL[:2], "wrong_kernel"),
    (back(lambda n, i, d, u: d @ n.W[0].T, only=1), *ALL[:2], "wrong_kernel"),
    (back(lambda n, i, d, u: d @ u[i].T), *ALL[:2], "updated_weights"),
    (back(lambda n, i, d, u: d @ u[i].T, only=1), *ALL[2:4], "updated_weights"),
    (
        back(lambda n, i, d, u: np.broadcast_to(d.sum(0) @ n.W[i].T, (N, n.W[i].shape[0])), only=2),
        *ALL[1:3],
        "wrong_delta",
    ),
    (back(lambda n, i, d, u: 0 * d @ n.W[i].T, only=1), *ALL[1:3], "detached"),
]
BIASES = [
    (bias(lambda n, i, g, d, inc, dW: d[i].sum()), "softmax", "mixed", "bias"),
    (bias(lambda n, i, g, d, inc, dW: d[i].sum(), only=1), "softmax", "mixed", "bias"),
    (bias(lambda n, i, g, d, inc, dW: d[i].mean(axis=0)), *ALL[:2], "batch_size bias"),
    (bias(lambda n, i, g, d, inc, dW: d[i].mean(axis=0), only=1), *ALL[:2], "batch_size bias"),
    (bias(lambda n, i, g, d, inc, dW: d[i][-1], only=1), *ALL[:2], "one_example"),
    (bias(lambda n, i, g, d, inc, dW: d[1].sum(axis=0), only=0), *ALL[:2], "wrong_delta"),
    (bias(lambda n, i, g, d, inc, dW: d[0].sum(axis=0), only=1), *ALL[:2], "wrong_delta"),
    (bias(lambda n, i, g, d, inc, dW: inc[i].sum(axis=0), only=0), *ALL[:2], "before_derivative"),
    (bias(lambda n, i, g, d, inc, dW: dW[i].sum(axis=0), only=1), *ALL[:2], "bias"),
    (bias(lambda n, i, g, d, inc, dW: g * n.b[i]), *ALL[:2], "bias"),
    (bias(lambda n, i, g, d, inc, dW: 0 * g), *ALL[:2], "zero detached"),
]
CASES = [
    (kind, number, edits, names)
    for number, (edits, *kinds, names) in enumerate(HIDDEN + OUTPUT + KERNELS + BIASES)
    for kind in dict.fromkeys(kinds)
]


@pytest.mark.parametrize("kind", KINDS)
def test_nets_without_a_mistake_are_right(kind):
    for seed in range(3):
        assert Net(kind, seed).check({}).right


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
@pytest.mark.parametrize("kind, number, edits, names", CASES, ids=lambda v: str(v)[:12])
def test_a_mistake_is_named(kind, number, edits, names, seed):
    report = Net(kind, seed).check(edits)
    assert report.right is False and report.recognized
    assert report.cause.name in names.split(), report.cause


@pytest.mark.parametrize(
    "factor, text",
    [(N, "batch size 7"), (1 / N, "batch size once"), (N / 4, "the number of features")],
)
def test_a_factor_on_everything(factor, text):
    for kind in KINDS:
        assert text in Net(kind).check({}, factor).cause.text


def test_a_mistake_and_a_factor_together():
    cause = Net("softmax").check(hidden(lambda z, a: ONE(z)), factor=N).cause
    assert cause.name == "mask" and "besides, the gradient is 7 times" in cause.text


def test_the_same_factor_at_every_layer():
    def divided(net, i, right, *others):
        return right / N ** (2 - i)

    cause = Net("one output").check({"dW": divided, "db": divided}).cause
    assert cause.name == "batch_size" and "from each layer to the one below" in cause.text


def test_a_mistake_in_one_gradient_only():
    """As where every gradient is written out by itself."""
    net = Net("squares")
    wrong = net.backward(hidden(lambda z, a: ONE(z), only=1))[1][0]
    report = net.check(bias(lambda n, i, g, d, inc, dW: wrong, only=0))
    assert (
        report.cause.name == "no_derivative" and "only in the gradient of b0" in report.cause.text
    )


def test_what_cannot_be_named_is_located():
    strange = hidden(lambda z, a: np.cos(3 * z) + 2)
    assert Net("one output").check(strange).cause.name == "layer"
    twisted = {"output": lambda n, z, p, d: d * (1.3 + np.sin(5 * z))}
    assert Net("softmax").check(twisted).cause.name == "output"
    several = kernel(lambda n, i, g, *others: g * np.linspace(1, 2, g.size).reshape(g.shape))
    assert Net("mixed").check(several).cause.name == "stale_activations"
    one = kernel(lambda n, i, g, *others: g + np.eye(*g.shape)[::-1] * (i == 1), only=1)
    assert Net("softmax").check(one).cause.name in ("stale_activations", "entries")

    def typo(net, i, right, *others):
        right = right.copy()
        right[0, 1] *= 3
        return right

    cause = Net("softmax").check(kernel(typo, only=0)).cause
    assert cause.name == "entries" and "[0, 1]" in cause.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_factor_without_a_name_is_not_taken_for_a_mistake(kind):
    assert Net(kind).check({}, factor=0.83).cause.name == "scaled"
