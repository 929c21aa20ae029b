"""PyTorch: through a DataLoader, and with the data in memory as one tensor; float32, and with
bfloat16 autocast.
"""

import contextlib

import numpy as np

from benchmarks.cells import SEED, Task


class PyTorch:
    """A `torch.nn.Sequential` and a loop written by hand."""

    def __init__(self, task: Task, loader: bool, bfloat16: bool):
        import torch

        torch.manual_seed(SEED)
        self._torch, cell = torch, task.cell
        parts = []
        for index, (kernel, bias) in enumerate(task.weights()):
            last = index == len(cell.widths) - 2
            linear = torch.nn.Linear(*kernel.shape, bias=last or not cell.batch_norm)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(kernel.T.copy()))
                if linear.bias is not None:
                    linear.bias.copy_(torch.from_numpy(bias))
            parts.append(linear)
            if last:
                break
            if cell.batch_norm:
                parts.append(torch.nn.BatchNorm1d(kernel.shape[1], eps=1e-3, momentum=0.01))
            parts.append(
                {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh}[
                    cell.activation
                ]()
            )
            if cell.dropout:
                parts.append(torch.nn.Dropout(cell.dropout))
        self._model = torch.nn.Sequential(*parts)
        if cell.optimizer == "adam":
            self._optimizer = torch.optim.Adam(
                self._model.parameters(), cell.learning_rate, eps=1e-7, fused=True
            )
        else:
            self._optimizer = torch.optim.SGD(
                self._model.parameters(),
                cell.learning_rate,
                momentum=0.9 if cell.optimizer == "momentum" else 0.0,
                fused=True,
            )
        self._features, self._labels = (
            torch.from_numpy(task.features),
            torch.from_numpy(task.train_labels.astype(np.int64)),
        )
        self._test = torch.from_numpy(task.test[0]), torch.from_numpy(task.test[1].astype(np.int64))
        self._batch, self._bfloat16 = cell.batch, bfloat16
        self._loader = None
        if loader:
            rows = torch.utils.data.TensorDataset(self._features, self._labels)
            self._loader = torch.utils.data.DataLoader(rows, batch_size=cell.batch, shuffle=True)

    def _batches(self, order: np.ndarray):
        if self._loader is not None:
            yield from self._loader
            return
        rows = self._torch.from_numpy(order.astype(np.int64))
        for start in range(0, len(rows), self._batch):
            chosen = rows[start : start + self._batch]
            yield self._features[chosen], self._labels[chosen]

    def _precision(self):
        return (
            self._torch.autocast("cpu", dtype=self._torch.bfloat16)
            if self._bfloat16
            else contextlib.nullcontext()
        )

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
        torch, (images, labels), total, right = self._torch, self._test, 0.0, 0
        self._model.eval()
        with torch.no_grad():
            for some, of_these in zip(images.split(2000), labels.split(2000), strict=True):
                with self._precision():
                    logits = self._model(some)
                total += torch.nn.functional.cross_entropy(
                    logits.float(), of_these, reduction="sum"
                )
                right += (logits.argmax(1) == of_these).sum()
        return float(total) / len(images), int(right) / len(images)

    def layers(self) -> list[dict[str, np.ndarray]]:
        layers = []
        for part in self._model:
            if isinstance(part, self._torch.nn.Linear):
                kernel = part.weight.detach().numpy().T
                layers.append(
                    {
                        "kernel": kernel,
                        "bias": (
                            np.zeros(kernel.shape[1])
                            if part.bias is None
                            else part.bias.detach().numpy()
                        ),
                    }
                )
            elif isinstance(part, self._torch.nn.BatchNorm1d):
                names = {
                    "gamma": part.weight,
                    "beta": part.bias,
                    "mean": part.running_mean,
                    "variance": part.running_var,
                }
                layers[-1] |= {name: value.detach().numpy() for name, value in names.items()}
        return layers


def make(task: Task, variant: str) -> PyTorch:
    return PyTorch(task, "loader" in variant, "bfloat16" in variant)
