"""The step's matrix products and nothing else: what the hardware allows.

Forward for every layer, the gradient of every kernel and that of every hidden layer's outputs, in
the faster of PyTorch's BLAS and NumPy's.
"""

import itertools
import time
from collections.abc import Callable

import numpy as np

from benchmarks.cells import Cell, Task


def _numpy_products(cell: Cell) -> Callable[[], None]:
    stream = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return stream.standard_normal(shape, dtype=np.float32)

    kernels = [draw(*shape) for shape in itertools.pairwise(cell.widths)]
    inputs = [draw(cell.batch, width) for width in cell.widths]

    def run() -> None:
        for index, kernel in enumerate(kernels):
            inputs[index] @ kernel
        for index in reversed(range(len(kernels))):
            inputs[index].T @ inputs[index + 1]
            if index:
                inputs[index + 1] @ kernels[index].T

    return run


def _torch_products(cell: Cell, precision: str) -> Callable[[], None]:
    import torch

    dtype = getattr(torch, precision)
    kernels = [torch.randn(shape).to(dtype) for shape in itertools.pairwise(cell.widths)]
    inputs = [torch.randn(cell.batch, width).to(dtype) for width in cell.widths]
    outputs = [torch.empty(cell.batch, width, dtype=dtype) for width in cell.widths]
    gradients = [torch.empty_like(kernel) for kernel in kernels]

    def run() -> None:
        for index, kernel in enumerate(kernels):
            torch.mm(inputs[index], kernel, out=outputs[index + 1])
        for index in reversed(range(len(kernels))):
            torch.mm(inputs[index].T, inputs[index + 1], out=gradients[index])
            if index:
                torch.mm(inputs[index + 1], kernels[index].T, out=outputs[index])

    return run


class Floor:
    """An epoch's products."""

    def __init__(self, task: Task, precision: str):
        cell = task.cell
        self._steps = cell.examples / cell.batch
        candidates = []
        try:
            candidates.append(_torch_products(cell, precision))
        except ImportError:
            if precision != "float32":
                raise
        if precision == "float32":
            candidates.append(_numpy_products(cell))
        self._run = min(candidates, key=self._seconds)

    def _seconds(self, run: Callable[[], None]) -> float:
        for _ in range(20):
            run()
        started = time.perf_counter()
        for _ in range(50):
            run()
        return time.perf_counter() - started

    def epoch(self, order: np.ndarray) -> None:
        for _ in range(round(self._steps)):
            self._run()


def make(task: Task, variant: str) -> Floor:
    return Floor(task, variant)
