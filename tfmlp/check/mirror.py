"""A hand-written net, recognized: which activation, which loss, which layout; and then the same net
with each of the usual mistakes in its backward pass.

    mirror = recognize(inputs, labels, params, loss)
    for name, text, gradients in mirror.mistakes(given): ...        # in the layout of params

Recognition is by numbers: the network of these parameters whose loss comes out as the one that was
computed. A cause found here is not a guess: the wrong gradient was computed with this one mistake
and came out the same.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfmlp.reference.activations import sigmoid
from tfmlp.reference.losses import softmax

_TINY = 1e-300


def _leaky(slope: float):
    return lambda z: np.where(z > 0, z, slope * z), lambda z, a: np.where(z > 0, 1.0, slope)


# Name -> (function of z, derivative of (z, a)).
_HIDDEN = {
    "sigmoid": (sigmoid, lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(float)),
    "linear": (lambda z: z, lambda z, a: np.ones_like(z)),
    **{f"leaky_relu({slope})": _leaky(slope) for slope in (0.01, 0.1, 0.2, 0.3, 0.05)},
}
_OUTPUT = {"softmax": (softmax, None)} | {
    name: _HIDDEN[name] for name in ("sigmoid", "tanh", "linear", "relu")
}
# Name -> (loss of (p, t), its slope by p), before it is scaled.
_LOSSES = {
    "cross-entropy": (
        lambda p, t: -np.sum(t * np.log(np.maximum(p, _TINY))),
        lambda p, t: -t / np.maximum(p, _TINY),
    ),
    "binary cross-entropy": (
        lambda p, t: (
            -np.sum(t * np.log(np.maximum(p, _TINY)) + (1 - t) * np.log(np.maximum(1 - p, _TINY)))
        ),
        lambda p, t: (p - t) / np.maximum(p * (1 - p), _TINY),
    ),
    "squares": (lambda p, t: np.sum((p - t) ** 2), lambda p, t: 2 * (p - t)),
}


def _softmax_back(p: np.ndarray, slope: np.ndarray) -> np.ndarray:
    return p * (slope - np.sum(slope * p, axis=1, keepdims=True))


@dataclass(frozen=True)
class Layout:
    """How the parameters of a layer lie.

    Attributes:
      column: Whether kernels are [outputs, inputs].
      bias: "separate", "none", or "first" / "last" row (or column) of the kernel.
    """

    column: bool
    bias: str


class Mirror:
    """A recognized net.

    Attributes:
      description: What it was recognized as.
    """

    def __init__(
        self, x, t, layers, names, shapes, layout, hidden, output, loss, scale, penalty=0.0
    ):
        self._x, self._t, self._layers, self._names, self._shapes, self._layout = (
            x,
            t,
            layers,
            names,
            shapes,
            layout,
        )
        self._hidden, self._output, self._loss, self._scale, self._penalty = (
            hidden,
            output,
            loss,
            scale,
            penalty,
        )
        self._z, self._a = _forward(x, layers, _HIDDEN[hidden][0], _OUTPUT[output][0])
        self.description = f"{hidden} hidden layers, {output} output, {loss}"
        self.hidden_name, self.depth = hidden, len(layers)

    def gradients(self, **mistake) -> dict[str, np.ndarray]:
        """Returns the gradients, by parameter and in its shape, with a mistake (none: the right
        ones).
        """
        rows = slice(None) if "rows" not in mistake else mistake["rows"]
        x, t = self._x[rows], self._t[rows]
        z, a = [v[rows] for v in self._z], [v[rows] for v in self._a]
        p, last = a[-1], len(self._layers) - 1
        slope = self._scale * _LOSSES[self._loss][1](p, t)
        delta = self._through_output(z[-1], p, slope)
        kind = mistake.get("output")
        if kind == "left out":
            delta = slope
        elif kind == "twice":
            delta = (
                _softmax_back(p, delta)
                if self._output == "softmax"
                else delta * _OUTPUT[self._output][1](z[-1], p)
            )
        elif kind == "difference":
            delta = self._scale * (p - t)
        elif kind == "difference times derivative":
            delta = self._scale * (p - t) * p * (1 - p)
        grads = [None] * len(self._layers)
        function, derivative = _HIDDEN[self._hidden]
        for index in range(last, -1, -1):
            kernel, bias = self._layers[index]
            below = x if index == 0 else (z if mistake.get("input") == "z" else a)[index - 1]
            if mistake.get("input") == "roll":
                below = np.roll(below, 1, axis=0)
            d_kernel, d_bias = below.T @ delta, delta.sum(axis=0)
            if self._penalty:
                d_kernel = d_kernel + 2 * self._penalty * kernel
            grads[index] = (d_kernel, d_bias if bias is not None else None)
            if index == 0:
                break
            back = kernel
            if "rate" in mistake:
                back = kernel - mistake["rate"] * d_kernel
            if mistake.get("untransposed") in (index, True) and back.shape[0] == back.shape[1]:
                back = back.T
            delta = delta @ back.T
            here, up = z[index - 1], a[index - 1]
            which = (
                mistake.get("derivative") if mistake.get("layer", index - 1) == index - 1 else None
            )
            if which is None:
                delta = delta * derivative(here, up)
            elif which == "one":
                pass
            elif which == "of output":
                delta = delta * derivative(up, function(up))
            elif which == "formula of input":
                delta = delta * derivative(here, here)
            elif which == "inverted":
                delta = delta * (1 - derivative(here, up))
            elif which == "zero below":
                delta = delta * (here > 0)
            elif which == "sigmoid":
                delta = delta * up * (1 - up)
            elif which == "function":
                delta = delta * up
            elif which == "twice":
                delta = delta * derivative(here, up) ** 2
        return self._laid_out(grads)

    def _through_output(self, z, p, slope):
        if self._output == "softmax":
            return _softmax_back(p, slope)
        return slope * _OUTPUT[self._output][1](z, p)

    def _laid_out(self, grads) -> dict[str, np.ndarray]:
        values = []
        for d_kernel, d_bias in grads:
            if self._layout.bias in ("first", "last"):
                parts = (
                    [d_bias[None], d_kernel]
                    if self._layout.bias == "first"
                    else [d_kernel, d_bias[None]]
                )
                d_kernel, d_bias = np.concatenate(parts), None
            values.append(d_kernel.T if self._layout.column else d_kernel)
            if d_bias is not None:
                values.append(d_bias)
        return {
            name: value.reshape(self._shapes[name])
            for name, value in zip(self._names, values, strict=True)
        }

    def mistakes(
        self, given: dict[str, np.ndarray]
    ) -> Iterator[tuple[str, str, dict[str, np.ndarray]]]:
        """Yields (name of the cause, sentence, gradients) for each usual mistake; `given` are the
        gradients to be explained.
        """
        hidden, output = self._hidden, self._output
        layers = (
            ["", *(f" of hidden layer {i + 1}" for i in range(self.depth - 1))]
            if self.depth > 2
            else [""]
        )
        rectified = hidden == "relu" or hidden.startswith("leaky")
        for number, place in enumerate(layers):
            where = {"layer": number - 1} if number else {}
            if rectified:
                yield (
                    "mask",
                    (
                        f"the mask{place} is missing: a {hidden} passes the gradient only where its"
                        " input was above 0"
                    ),
                    self.gradients(derivative="one", **where),
                )
                yield (
                    "mask_inverted",
                    f"the mask{place} is the wrong way round",
                    self.gradients(derivative="inverted", **where),
                )
                if hidden != "relu":
                    yield (
                        "slope",
                        f"the slope below 0{place} is left out of the derivative",
                        self.gradients(derivative="zero below", **where),
                    )
            elif hidden != "linear":
                yield (
                    "no_derivative",
                    f"the derivative of {hidden}{place} is left out",
                    self.gradients(derivative="one", **where),
                )
                yield (
                    "derivative_of_output",
                    (
                        f"the derivative of {hidden}{place} is taken at the layer's output, where"
                        f" the input is meant: {hidden} is applied twice"
                    ),
                    self.gradients(derivative="of output", **where),
                )
                formula = "z * (1 - z)" if hidden == "sigmoid" else "1 - z**2"
                yield (
                    "derivative_of_input",
                    (
                        f"the derivative of {hidden}{place} is written in terms of its output, and"
                        f" is given its input ({formula})"
                    ),
                    self.gradients(derivative="formula of input", **where),
                )
            if hidden != "sigmoid":
                yield (
                    "wrong_derivative",
                    f"the derivative{place} is sigmoid's, a * (1 - a); the activation is {hidden}",
                    self.gradients(derivative="sigmoid", **where),
                )
            if hidden != "linear":
                yield (
                    "function_for_derivative",
                    f"the activation{place} itself stands where its derivative should",
                    self.gradients(derivative="function", **where),
                )
                yield (
                    "derivative_twice",
                    f"the derivative{place} is multiplied in twice",
                    self.gradients(derivative="twice", **where),
                )
        if output == "softmax":
            yield (
                "softmax_twice",
                "softmax's Jacobian is applied twice: p - t already contains it",
                self.gradients(output="twice"),
            )
            yield (
                "softmax_left_out",
                (
                    "softmax's Jacobian is left out: the loss' slope by the probabilities is used"
                    " as if it were by the logits"
                ),
                self.gradients(output="left out"),
            )
        elif output != "linear":
            yield (
                "output_derivative_missing",
                f"the derivative of the output's {output} is left out",
                self.gradients(output="left out"),
            )
            yield (
                "output_derivative_missing",
                f"the derivative of the output's {output} is left out",
                self.gradients(output="difference"),
            )
            yield (
                "output_derivative_twice",
                f"the derivative of the output's {output} is multiplied in twice",
                self.gradients(output="twice"),
            )
        yield (
            "output_derivative_twice",
            (
                f"p - t is multiplied by p * (1 - p): with {self._loss} the derivative of {output}"
                " is already in it"
            ),
            self.gradients(output="difference times derivative"),
        )
        if output != "linear" and self._loss == "squares":
            yield (
                "loss_mismatch",
                f"the gradient is that of cross-entropy, p - t; the loss is {self._loss}",
                self.gradients(output="difference"),
            )
        if hidden != "linear":
            yield (
                "preactivation",
                (
                    "the gradient of a kernel multiplies by the layer's input before its"
                    " activation, z; it must be after it"
                ),
                self.gradients(input="z"),
            )
        yield (
            "stale_activations",
            "rows of activations and of gradients do not belong together: they are shifted by one",
            self.gradients(input="roll"),
        )
        for index in (True, *range(1, self.depth)):
            yield (
                "untransposed",
                "the gradient goes back through W where W transposed is meant",
                self.gradients(untransposed=index),
            )
        yield (
            "one_example",
            "only the last example of the batch counts",
            self.gradients(rows=slice(-1, None)),
        )
        yield (
            "one_example",
            "only the first example of the batch counts",
            self.gradients(rows=slice(0, 1)),
        )
        rate = self._fitted_rate(given)
        yield (
            "updated_weights",
            (
                f"the weights were already updated (learning rate {rate:.3g}) when the gradient"
                " went back through them"
            ),
            self.gradients(rate=rate),
        )

    def _fitted_rate(self, given: dict[str, np.ndarray]) -> float:
        """Returns the learning rate under which gradients through updated weights come nearest to
        the given ones.
        """

        def flat(grads):
            return np.concatenate([np.ravel(grads[name]) for name in self._names])

        right, target, rate = flat(self.gradients()), flat(given), 0.0
        for size in (1e-4, 1e-6):  # first along the slope at 0, then along the one at what came out
            way = (flat(self.gradients(rate=rate + size)) - flat(self.gradients(rate=rate))) / size
            if not way.any():
                break
            right = flat(self.gradients(rate=rate))
            rate += float(np.dot(target - right, way) / np.dot(way, way))
        return rate


def _forward(x, layers, hidden, output):
    z, a, values = [], [], x
    for index, (kernel, bias) in enumerate(layers):
        z.append(values @ kernel + (0 if bias is None else bias))
        values = (output if index == len(layers) - 1 else hidden)(z[-1])
        a.append(values)
    return z, a


def _read_layers(
    values: list[np.ndarray], inputs: int, layout: Layout
) -> list[tuple[np.ndarray, np.ndarray | None]] | None:
    """Returns (kernel [in, out], bias [out] or None) of each layer, or None if the arrays do not
    lie so.
    """
    layers, width, index = [], inputs, 0
    while index < len(values):
        kernel = values[index].T if layout.column else values[index]
        index += 1
        bias = None
        if kernel.ndim != 2:
            return None
        if layout.bias in ("first", "last"):
            bias, kernel = (
                (kernel[0], kernel[1:]) if layout.bias == "first" else (kernel[-1], kernel[:-1])
            )
        elif layout.bias == "separate":
            if index == len(values) or values[index].size != kernel.shape[1]:
                return None
            bias = values[index].reshape(-1)
            index += 1
        if kernel.shape[0] != width:
            return None
        width = kernel.shape[1]
        layers.append((kernel, bias))
    return layers


def _in_order(params: dict[str, np.ndarray]) -> list[str]:
    """Returns the names so that each kernel is followed by its bias; some people list all kernels
    first.
    """
    kernels = [name for name, value in params.items() if value.ndim == 2 and min(value.shape) > 1]
    others = [name for name in params if name not in kernels]
    if len(kernels) == len(others) and list(params)[: len(kernels)] == kernels:
        return [name for pair in zip(kernels, others, strict=True) for name in pair]
    return list(params)


def _targets(labels: np.ndarray, rows: int, outputs: int) -> Iterator[np.ndarray]:
    labels = np.asarray(labels)
    if labels.shape == (rows, outputs):
        yield labels.astype(float)
    if labels.shape == (outputs, rows):
        yield labels.T.astype(float)
    flat = labels.reshape(-1)
    if flat.size == rows:
        if outputs == 1:
            yield flat.reshape(-1, 1).astype(float)
        elif flat.dtype.kind in "iu" and flat.min() >= 0 and flat.max() < outputs:
            yield np.eye(outputs)[flat]


def recognize(
    inputs: np.ndarray, labels: np.ndarray, params: dict[str, np.ndarray], loss: float
) -> Mirror | None:
    """Finds the net, loss and layout under which parameters, inputs and labels give the loss that
    was computed; None if none does.

    Args:
      inputs: [n, d] or [d, n].
      labels: Classes [n], or targets [n, k] or [k, n].
      params: The parameters, from the first layer to the last.
      loss: The value of the loss.
    """
    names = _in_order(params)
    values = [params[name] for name in names]
    inputs = np.asarray(inputs, float)
    inputs = inputs.reshape(len(inputs), -1) if inputs.ndim > 2 else inputs
    views = [np.atleast_2d(inputs)] + ([inputs.T] if inputs.ndim == 2 else [])
    for x, column, bias in itertools.product(
        views, (False, True), ("separate", "none", "last", "first")
    ):
        layers = _read_layers(values, x.shape[1], Layout(column, bias))
        if not layers:
            continue
        n, k = len(x), layers[-1][0].shape[1]
        squares = sum(float(np.sum(kernel**2)) for kernel, _ in layers)
        for t in _targets(labels, n, k):
            for hidden, output in itertools.product(_HIDDEN, _OUTPUT):
                if len(layers) == 1 and hidden != "linear":
                    continue
                with np.errstate(all="ignore"):
                    p = _forward(x, layers, _HIDDEN[hidden][0], _OUTPUT[output][0])[1][-1]
                    for name, (function, _) in _LOSSES.items():
                        whole = function(p, t)
                        for scale in sorted(
                            {1.0, 1 / n, 1 / (n * k), 0.5, 0.5 / n, 0.5 / (n * k), 1 / k, 0.5 / k},
                            reverse=True,
                        ):
                            parts = (
                                x,
                                t,
                                layers,
                                names,
                                {q: params[q].shape for q in names},
                                Layout(column, bias),
                                hidden,
                                output,
                                name,
                                scale,
                            )
                            if np.isclose(scale * whole, loss, rtol=1e-7, atol=0):
                                return Mirror(*parts)
                            rest = (loss - scale * whole) / squares
                            if (
                                np.isfinite(rest)
                                and rest > 0
                                and scale in (1 / n, 0.5 / n, 1.0, 1 / (n * k))
                                and any(_is_round(rest * f) for f in (1, 2, n, 2 * n))
                            ):
                                return Mirror(*parts, penalty=rest)
    return None


def _is_round(value: float) -> bool:
    """Whether a number is one that a person would type: 1, 2 or 5 times a power of ten."""
    if not 1e-6 < value < 2:
        return False
    digits = value / 10 ** np.floor(np.log10(value * (1 + 1e-9)))
    return any(abs(digits - d) < 1e-6 for d in (1, 2, 5))
