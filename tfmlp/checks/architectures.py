"""Architectures: the activations that a net of given layers could have."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from tfmlp.checks.arrays import Array
from tfmlp.checks.ingredients import HIDDEN, OUTPUTS
from tfmlp.checks.layouts import DenseLayer

_COMMON = ("relu", "tanh", "sigmoid", "leaky_relu(0.01)", "linear")
COMMON_OUTPUTS = ("softmax", "sigmoid", "linear", "tanh")
_MOST = 700  # different activations in different layers


@dataclass(frozen=True)
class Architecture:
    """Activations and what comes out of them: the output layer's z, and p = f(z), both [n, k]."""

    hidden: tuple[str, ...]
    output: str
    z: Array
    p: Array


def uniform(inputs: Array, layers: list[DenseLayer]) -> Iterator[Architecture]:
    """Yields every architecture with one activation in all hidden layers."""
    names = HIDDEN if len(layers) > 1 else ("linear",)
    yield from _each(inputs, layers, [(name,) * (len(layers) - 1) for name in names], OUTPUTS)


def mixed(inputs: Array, layers: list[DenseLayer]) -> Iterator[Architecture]:
    """Yields architectures with different activations in the hidden layers, as many as can be tried
    in a moment.
    """
    count = len(layers) - 1
    names = next((n for n in (list(HIDDEN), _COMMON, _COMMON[:3]) if len(n) ** count <= _MOST), [])
    choices = [names for _ in range(count)] if count > 1 else []
    if choices:
        different = [choice for choice in product(*choices) if len(set(choice)) > 1]
        yield from _each(inputs, layers, different, COMMON_OUTPUTS)


def _each(
    inputs: Array,
    layers: list[DenseLayer],
    choices: Sequence[tuple[str, ...]],
    outputs: Iterable[str],
) -> Iterator[Architecture]:
    known: dict[tuple[str, ...], Array] = {(): inputs}  # outputs by the activations up to there

    def output_of(names: tuple[str, ...]) -> Array:
        if names not in known:
            z = _z(output_of(names[:-1]), layers[len(names) - 1])
            known[names] = HIDDEN[names[-1]].function(z)
        return known[names]

    for hidden in choices:
        z = _z(output_of(hidden), layers[-1])
        for output in outputs:
            yield Architecture(hidden, output, z, OUTPUTS[output].function(z))


def _z(inputs: Array, layer: DenseLayer) -> Array:
    kernel, bias = layer
    z: Array = inputs @ kernel
    return z if bias is None else z + bias
