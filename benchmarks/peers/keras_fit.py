"""Keras' own `compile` and `fit`: as a tutorial writes it, and with the fastest settings."""

from typing import Any

import numpy as np

from benchmarks.cells import SEED, Layers, Task

# What the benchmark calls the weights of batch normalization.
_NORM = {"gamma": "gamma", "beta": "beta", "mean": "moving_mean", "variance": "moving_variance"}


def sequential(task: Task) -> Any:
    """Makes the cell's network of Keras' own layers, with the task's initial weights."""
    import keras

    keras.utils.set_random_seed(SEED)
    cell = task.cell
    model = keras.Sequential([keras.Input((cell.widths[0],))])
    for units in cell.widths[1:-1]:
        if cell.batch_norm:
            model.add(keras.layers.Dense(units, use_bias=False))
            model.add(keras.layers.BatchNormalization())
            model.add(keras.layers.Activation(cell.activation))
        else:
            model.add(keras.layers.Dense(units, activation=cell.activation))
        if cell.dropout:
            model.add(keras.layers.Dropout(cell.dropout))
    model.add(keras.layers.Dense(cell.widths[-1], dtype="float32"))
    denses = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    for dense, (kernel, bias) in zip(denses, task.weights(), strict=True):
        dense.set_weights([kernel, bias][: len(dense.weights)])
    return model


def make_optimizer(task: Task) -> Any:
    """Makes the cell's optimizer."""
    import keras

    rate = task.cell.learning_rate
    if task.cell.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=0.9 if task.cell.optimizer == "momentum" else 0.0)


def read_layers(model: Any) -> Layers:
    """Returns the weights of a `sequential` model."""
    layers: Layers = []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Dense":
            kernel = np.asarray(layer.kernel)
            bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(kernel.shape[1])
            layers.append({"kernel": kernel, "bias": bias})
        elif kind == "BatchNormalization":
            layers[-1] |= {key: np.asarray(getattr(layer, own)) for key, own in _NORM.items()}
    return layers


class KerasFit:
    """`model.fit` on arrays."""

    def __init__(self, task: Task, best: bool, precision: str):
        import keras

        if precision == "bfloat16":
            keras.config.set_dtype_policy("mixed_bfloat16")
        self._model, cell = sequential(task), task.cell
        settings: dict[str, Any] = {"metrics": ["accuracy"]}
        if best:
            # XLA and many steps in a call are the fastest there is, but for Keras' dropout, whose
            # random bits are slow under XLA.
            settings["jit_compile"] = not cell.dropout and precision == "float32"
            settings["steps_per_execution"] = min(-(-cell.examples // cell.batch), 64)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._model.compile(make_optimizer(task), loss, **settings)
        self._data, self._test = (task.features, task.train_labels), task.test
        self._batch, self._evaluated_at_a_time = cell.batch, 2000 if best else None

    def epoch(self, order: np.ndarray) -> None:
        self._model.fit(*self._data, batch_size=self._batch, epochs=1, verbose=0)

    def evaluate(self) -> tuple[float, float]:
        loss, accuracy = self._model.evaluate(
            *self._test, batch_size=self._evaluated_at_a_time, verbose=0
        )
        return loss, accuracy

    def layers(self) -> Layers:
        return read_layers(self._model)


def make(task: Task, variant: str) -> KerasFit:
    precision = "bfloat16" if "bfloat16" in variant else "float32"
    return KerasFit(task, "best" in variant, precision)
