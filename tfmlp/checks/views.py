"""A view: one way to read inputs and parameters as a net."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from tfmlp.checks.architectures import Architecture
from tfmlp.checks.arrays import Array
from tfmlp.checks.layouts import DenseLayer, Layout, layouts_of
from tfmlp.checks.readings import Reading
from tfmlp.checks.recognized import RecognizedNet
from tfmlp.checks.targets import targets_of

_MOST_LAYOUTS, MOST_VIEWS = 1000, 24  # that are looked at, and that are tried


@dataclass(frozen=True)
class View:
    """One way to read inputs and parameters as a net."""

    inputs: Array
    layers: list[DenseLayer]
    layout: Layout

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of examples and outputs."""
        return len(self.inputs), self.layers[-1][0].shape[1]

    def admits(self, labels: Array) -> bool:
        """Whether the labels can be its targets."""
        return next(targets_of(labels, *self.shape), None) is not None

    @cached_property
    def squares(self) -> tuple[float, float]:
        """The sums of the squares of the kernels, and of all parameters."""
        kernels = sum(float(np.sum(kernel**2)) for kernel, _ in self.layers)
        biases = sum(float(np.sum(bias**2)) for _, bias in self.layers if bias is not None)
        return kernels, kernels + biases

    def net(self, targets: Array, found: Architecture, reading: Reading) -> RecognizedNet:
        """Returns the net of an architecture and a loss."""
        penalty = (reading.penalty, reading.penalty if reading.penalizes_biases else 0.0)
        return RecognizedNet(
            *(self.inputs, targets, self.layers, self.layout, found.hidden, found.output),
            loss=reading.loss,
            scale=reading.scale,
            penalties=(penalty,) * len(self.layers) if reading.penalty else (),
            logarithm=reading.logarithm,
        )


def views_of(inputs: Array, params: dict[str, Array], labels: Array) -> Iterator[View]:
    """Yields every way to read inputs and parameters as a net whose targets the labels can be."""
    if not inputs.size:
        return
    inputs = inputs.reshape(len(inputs), -1) if inputs.ndim > 2 else inputs
    rows = [np.atleast_2d(inputs)]
    if inputs.ndim == 2 or (inputs.size > 1 and inputs.ndim == 1):
        rows.append(rows[0].T)
    for x in rows:
        layouts = islice(layouts_of(params, x.shape[1]), _MOST_LAYOUTS)
        every = (View(x, layout.read(params), layout) for layout in layouts)
        meant = (view for view in every if view.admits(labels))
        yield from islice(meant, MOST_VIEWS)
