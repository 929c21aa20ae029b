"""Layouts: how the parameters of a net's layers and its targets lie."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfmlp.checks.arrays import Array

DenseLayer = tuple[Array, Array | None]  # kernel [inputs, outputs], bias [outputs] or None
BIASES = ("separate", "none", "last", "first")


@dataclass(frozen=True)
class Layout:
    """How the parameters of the layers lie.

    Attributes:
      shapes: The parameters' names and shapes, from the first layer to the last, each kernel
        followed by its bias.
      column: Whether kernels are [outputs, inputs].
      bias: "separate", "none", or "first" / "last" row (or column) of the kernel.
    """

    shapes: dict[str, tuple[int, ...]]
    column: bool
    bias: str

    def read(self, params: dict[str, Array], width: int) -> list[DenseLayer] | None:
        """Returns the layers, or None if the arrays do not lie so.

        Args:
          params: The parameters by name.
          width: The number of inputs.
        """
        layers: list[DenseLayer] = []
        values = [params[name] for name in self.shapes]
        while values:
            kernel, bias = values.pop(0), None
            if kernel.ndim != 2:
                return None
            kernel = kernel.T if self.column else kernel
            if self.bias == "first":
                bias, kernel = kernel[0], kernel[1:]
            elif self.bias == "last":
                bias, kernel = kernel[-1], kernel[:-1]
            elif self.bias == "separate":
                if not values or values[0].size != kernel.shape[1]:
                    return None
                bias = values.pop(0).reshape(-1)
            if kernel.shape[0] != width:
                return None
            width = kernel.shape[1]
            layers.append((kernel, bias))
        return layers

    def write(self, gradients: list[DenseLayer]) -> dict[str, Array]:
        """Returns the layers' gradients, by parameter and in its shape."""
        values: list[Array] = []
        for kernel, bias in gradients:
            if bias is not None and self.bias == "first":
                kernel, bias = np.concatenate([bias[None], kernel]), None
            elif bias is not None and self.bias == "last":
                kernel, bias = np.concatenate([kernel, bias[None]]), None
            values.append(kernel.T if self.column else kernel)
            if bias is not None:
                values.append(bias)
        pairs = zip(self.shapes.items(), values, strict=True)
        return {name: value.reshape(shape) for (name, shape), value in pairs}


def shapes_in_order(params: dict[str, Array]) -> dict[str, tuple[int, ...]]:
    """Returns names and shapes so that each kernel is followed by its bias; some people list all
    kernels first.
    """
    kernels = [name for name, value in params.items() if value.ndim == 2 and min(value.shape) > 1]
    others = [name for name in params if name not in kernels]
    names = list(params)
    if len(kernels) == len(others) and names[: len(kernels)] == kernels:
        names = [name for pair in zip(kernels, others, strict=True) for name in pair]
    return {name: params[name].shape for name in names}


def targets_of(labels: Array, examples: int, outputs: int) -> Iterator[Array]:
    """Yields the targets, float64 [examples, outputs], that labels may mean."""
    if labels.shape == (examples, outputs):
        yield labels.astype(float)
    if labels.shape == (outputs, examples):
        yield labels.T.astype(float)
    flat = labels.reshape(-1)
    if flat.size != examples:
        return
    if outputs == 1:
        yield flat.reshape(-1, 1).astype(float)
    elif flat.dtype.kind in "iu" and flat.min() >= 0 and flat.max() < outputs:
        yield np.eye(outputs)[flat]
