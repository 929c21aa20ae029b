"""PyTorch: through a DataLoader, and with the data in memory as one tensor.

In float32, and with bfloat16 autocast.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.cells import SEED, Cell, Layers, Task

_ACTIVATIONS = {"relu": "ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh"}
# What the benchmark calls the weights of batch normalization.
_NORM = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}


class PyTorch:
    """A `torch.nn.Sequential` and a loop written by hand."""

    def __init__(self, task: Task, loader: bool, bfloat16: bool):
        import torch

        torch.manual_seed(SEED)
        self._torch, cell = torch, task.cell
        self._model = torch.nn.Sequential(*_make_parts(task))
        self._optimizer = _make_optimizer(cell, self._model.parameters())
        self._features, self._labels = _tensors(task.features, task.train_labels)
        self._test = _tensors(*task.test)
        self._batch, self._bfloat16 = cell.batch, bfloat16
        self._loader = None
        if loader:
            examples = torch.utils.data.TensorDataset(self._features, self._labels)
            options = {"batch_size": cell.batch, "shuffle": True}
            self._loader = torch.utils.data.DataLoader(examples, **options)

    def _batches(self, order: np.ndarray) -> Iterator[tuple[Any, Any]]:
        if self._loader is not None:
            yield from self._loader
            return
        for chosen in self._torch.from_numpy(order.astype(np.int64)).split(self._batch):
            yield self._features[chosen], self._labels[chosen]

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        if self._bfloat16:
            return self._torch.autocast("cpu", dtype=self._torch.bfloat16)
        return contextlib.nullcontext()

    def epoch(self, order: np.ndarray) -> None:
        torch, total, right = self._torch, 0.0, 0
        self._model.train()
        for images, labels in self._batches(order):
            with self._precision():
                logits = self._model(images)
            loss = torch.nn.functional.cross_entropy(logits.float(), labels)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            total += loss.detach() * len(labels)
            right += (logits.detach().argmax(1) == labels).sum()

    def evaluate(self) -> tuple[float, float]:
        torch, total, right = self._torch, 0.0, 0
        self._model.eval()
        cross_entropy = torch.nn.functional.cross_entropy
        with torch.no_grad():
            for images, labels in zip(*(tensor.split(2000) for tensor in self._test), strict=True):
                with self._precision():
                    logits = self._model(images)
                total += cross_entropy(logits.float(), labels, reduction="sum")
                right += (logits.argmax(1) == labels).sum()
        count = len(self._test[1])
        return float(total) / count, int(right) / count

    def layers(self) -> Layers:
        layers: Layers = []
        for part in self._model:
            if isinstance(part, self._torch.nn.Linear):
                kernel = part.weight.detach().numpy().T
                has_bias = part.bias is not None
                bias = part.bias.detach().numpy() if has_bias else np.zeros(kernel.shape[1])
                layers.append({"kernel": kernel, "bias": bias})
            elif isinstance(part, self._torch.nn.BatchNorm1d):
                named = {key: getattr(part, own) for key, own in _NORM.items()}
                layers[-1] |= {key: value.detach().numpy() for key, value in named.items()}
        return layers


def _make_parts(task: Task) -> Iterator[Any]:
    """Yields the modules of the cell's network, with the task's initial weights."""
    import torch

    cell = task.cell
    for index, (kernel, bias) in enumerate(task.weights()):
        is_last = index == len(cell.widths) - 2
        linear = torch.nn.Linear(*kernel.shape, bias=is_last or not cell.batch_norm)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(kernel.T.copy()))
            if linear.bias is not None:
                linear.bias.copy_(torch.from_numpy(bias))
        yield linear
        if is_last:
            return
        if cell.batch_norm:
            yield torch.nn.BatchNorm1d(kernel.shape[1], eps=1e-3, momentum=0.01)
        yield getattr(torch.nn, _ACTIVATIONS[cell.activation])()
        if cell.dropout:
            yield torch.nn.Dropout(cell.dropout)


def _make_optimizer(cell: Cell, parameters: Any) -> Any:
    import torch

    if cell.optimizer == "adam":
        return torch.optim.Adam(parameters, cell.learning_rate, eps=1e-7, fused=True)
    momentum = 0.9 if cell.optimizer == "momentum" else 0.0
    return torch.optim.SGD(parameters, cell.learning_rate, momentum=momentum, fused=True)


def _tensors(features: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
    import torch

    return torch.from_numpy(features), torch.from_numpy(labels.astype(np.int64))


def make(task: Task, variant: str) -> PyTorch:
    return PyTorch(task, "loader" in variant, "bfloat16" in variant)
