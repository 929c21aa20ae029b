"""Experiments that are more than one training run: comparisons that answer a question of the
course.
"""

import itertools
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import load_dataset
from tfmlp.experiments.figures import Figure
from tfmlp.reference.activations import ACTIVATIONS, Activation
from tfmlp.reference.layers import Activate, Dense, Layer
from tfmlp.reference.losses import LOSSES
from tfmlp.reference.network import Network
from tfmlp.reference.numeric import differences
from tfmlp.reference.optimizers import SGD

_DEPTH_INPUTS, _DEPTH_UNITS, _DEPTH_OUTPUTS, _DEPTH_RATE, _DEPTH_EPSILON = 10, 32, 2, 0.01, 1e-4
_PUBLISHED_SECONDS = {5: 48.27, 10: 154.64}  # of 100 steps
_MASKLESS_EPOCHS = 10


class Study(NamedTuple):
    """What a study gives: figures, and tables for a reader (Markdown)."""

    figures: tuple[Figure, ...]
    tables: tuple[str, ...] = ()


def depth_network(depth: int, activation: str, seed: int) -> Network:
    """Makes the course's deep narrow net: 10 inputs, `depth` layers of 32, 2 outputs, one
    activation everywhere, weights N(0, 0.01), half the mean squared error.
    """
    widths = [_DEPTH_INPUTS, *[_DEPTH_UNITS] * depth, _DEPTH_OUTPUTS]
    layers: list[tuple[str, Layer]] = []
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        kernel = 0.01 * seeds.generator(seed, seeds.Stream.WEIGHTS, index).standard_normal(
            (fan_in, fan_out)
        )
        layers += [
            (f"dense_{index + 1}", Dense(kernel, np.zeros(fan_out))),
            (f"{activation}_{index + 1}", Activate(ACTIVATIONS[activation])),
        ]
    return Network(layers, LOSSES["half_squared_error"])


def _one_sample(seed: int) -> tuple[np.ndarray, np.ndarray]:
    stream = seeds.generator(seed, seeds.Stream.SYNTHETIC)
    return stream.standard_normal((1, _DEPTH_INPUTS)), stream.standard_normal((1, _DEPTH_OUTPUTS))


def _numeric_gradients(
    network: Network,
    rows: np.ndarray,
    targets: np.ndarray,
    central: bool,
    epsilon: float | None = None,
) -> dict[str, np.ndarray]:
    def loss() -> float:
        return network.mean_loss(network.forward(rows, training=True), targets)

    return {
        name: differences(loss, parameter, epsilon=epsilon, central=central)
        for name, parameter in network.parameters().items()
    }


def numeric_depth(seed: int, quick: bool) -> Study:
    """What numerical differentiation costs: depths 5 and 10 beside backpropagation in NumPy and in
    TensorFlow, and the growth over five depths.
    """
    steps, depths = (1, (2, 3, 4, 5)) if quick else (5, (2, 3, 5, 7, 10, 15))
    parameters, seconds, rows = {}, {}, []
    for depth in depths:
        network = depth_network(depth, "sigmoid", seed)
        sample, optimizer, times = _one_sample(seed), SGD(), []
        parameters[depth] = sum(parameter.size for parameter in network.parameters().values())
        for _ in range(steps):
            started = time.perf_counter()
            gradients = _numeric_gradients(network, *sample, central=False, epsilon=_DEPTH_EPSILON)
            optimizer.update(network.parameters(), gradients, _DEPTH_RATE)
            times.append(time.perf_counter() - started)
        seconds[depth] = 100 * statistics.median(times)
        if depth in (5, 10):
            rows.append(
                f"| {depth} | {parameters[depth]:,} | {seconds[depth]:.1f} |"
                f" {_backpropagation_seconds(depth, seed):.3f} |"
                f" {_tensorflow_seconds(depth, seed):.3f} |"
            )
    exponent = float(
        np.polyfit(np.log(list(parameters.values())), np.log(list(seconds.values())), 1)[0]
    )
    table = "\n".join(
        [
            "| depth | parameters | numerical, s | NumPy backpropagation, s | TensorFlow, s |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )
    growth = ", ".join(f"{depth}: {value:.1f} s" for depth, value in seconds.items())
    return Study(
        (
            Figure("parameters, depth 5", 4642, (float(parameters[5]),), "equals", 0),
            *(
                ()
                if quick
                else (Figure("parameters, depth 10", 9922, (float(parameters[10]),), "equals", 0),)
            ),
            Figure("seconds for 100 steps, depth 5", _PUBLISHED_SECONDS[5], (seconds[5],), "shown"),
            *(
                ()
                if quick
                else (
                    Figure(
                        "seconds for 100 steps, depth 10",
                        _PUBLISHED_SECONDS[10],
                        (seconds[10],),
                        "shown",
                    ),
                )
            ),
            Figure("exponent of time against parameters", 2.0, (exponent,), "magnitude"),
        ),
        (
            f"Seconds for 100 steps (the median of {steps} steps, times 100):\n\n{table}",
            (
                f"Numerical differentiation by depth, seconds for 100 steps: {growth}. Each of P"
                " parameters costs a forward pass of about P multiplications, so counting"
                f" multiplications gives P^2; measured: P^{exponent:.2f}."
            ),
        ),
    )


def _backpropagation_seconds(depth: int, seed: int) -> float:
    network, (rows, targets), optimizer = (
        depth_network(depth, "sigmoid", seed),
        _one_sample(seed),
        SGD(),
    )
    started = time.perf_counter()
    for _ in range(100):
        network.forward_backward(rows, targets)
        optimizer.update(network.parameters(), network.gradients(), _DEPTH_RATE)
    return time.perf_counter() - started


def _tensorflow_seconds(depth: int, seed: int) -> float:
    """Returns seconds for 100 calls of the train step, after one that traces it."""
    import keras

    from tfmlp.model.mlp import MLP
    from tfmlp.training.step import make_train_step

    model = MLP(
        [_DEPTH_UNITS] * depth,
        "sigmoid",
        _DEPTH_OUTPUTS,
        initializer="normal",
        initializer_scale=0.01,
        output_activation="sigmoid",
        preprocessing="none",
        seed=seed,
    )
    model.build((None, _DEPTH_INPUTS))
    rows, targets = (part.astype(np.float32) for part in _one_sample(seed))
    step = make_train_step(model, keras.optimizers.SGD(_DEPTH_RATE), "half_squared_error")
    float(step(rows, targets))
    started = time.perf_counter()
    for _ in range(100):
        loss = step(rows, targets)
    float(loss)
    return time.perf_counter() - started


def backprop_tanh(seed: int, quick: bool) -> Study:
    """The deep narrow net with tanh and backpropagation: it must train, and its gradient must be
    the numerical one.
    """
    network, (rows, targets), optimizer = depth_network(5, "tanh", seed), _one_sample(seed), SGD()
    targets = np.tanh(targets)  # within reach of the outputs
    # Weights of N(0, 0.01) make gradients of 1e-9 in the lower layers; the check is made where
    # there is something to compare.
    wide = depth_network(5, "tanh", seed)
    for name, parameter in wide.parameters().items():
        parameter *= 30 if name.endswith("kernel") else 1
    wide.forward_backward(rows, targets)
    largest = max(
        float(np.abs(gradient - wide.gradients()[name]).max() / max(np.abs(gradient).max(), 1e-12))
        for name, gradient in _numeric_gradients(wide, rows, targets, central=True).items()
    )
    losses = []
    for _ in range(100):
        loss, _ = network.forward_backward(rows, targets)
        losses.append(loss)
        optimizer.update(network.parameters(), network.gradients(), _DEPTH_RATE)
    return Study(
        (
            Figure(
                "loss after 100 steps over loss before",
                1.0,
                (losses[-1] / losses[0],),
                "at most",
                3,
            ),
            Figure(
                "gradient against central differences, relative", 1e-7, (largest,), "at most", 10
            ),
        )
    )


def _mnist(validation: float = 0.0) -> Dataset:
    return load_dataset("mnist", validation=validation)


def _unmasked_relu() -> Activation:
    """The course's ReLU: its mask tests the output, `output >= 0`, which always holds, so every
    gradient passes.
    """
    relu = ACTIVATIONS["relu"].function
    return Activation(relu, lambda z, a: (a >= 0).astype(z.dtype))


def relu_unmasked(seed: int, quick: bool) -> Study:
    """The course's ReLU, whose mask never masks, against the right one; and its N(0, 1) weights
    against Glorot's: which of the two spoils the figure?
    """
    from tfmlp.training.numpy_backend import NumpyBackend

    data = _mnist()
    epochs = 1 if quick else _MASKLESS_EPOCHS
    accuracies: dict[tuple[str, str], float] = {}
    for start, initializer, bias in (
        ("N(0, 1)", "normal", "normal"),
        ("Glorot", "glorot_normal", "zeros"),
    ):
        for mask in ("no mask", "mask"):
            config = Config.from_options(
                hidden_units=(89,),
                activation="relu",
                initializer=initializer,
                bias_initializer=bias,
                preprocessing="standardize",
                optimizer="sgd",
                learning_rate=0.1,
                batch_size=60,
                epochs=epochs,
                validation=0,
                backend="numpy",
                seed=seed,
            )
            backend = NumpyBackend(config, data)
            if mask == "no mask":
                backend.network.layers[1] = (
                    backend.network.layers[1][0],
                    Activate(_unmasked_relu()),
                )
            with np.errstate(
                over="ignore", invalid="ignore"
            ):  # the defect may diverge, which is the point
                for epoch in range(1, epochs + 1):
                    backend.train_epoch(epoch)
                accuracies[start, mask] = 100 * backend.evaluate("test").accuracy
    worst = accuracies["N(0, 1)", "no mask"]
    return Study(
        (
            Figure("test accuracy %, no mask, N(0, 1)", 76.38, (worst,), "shown"),
            Figure(
                "gain by the mask alone, points",
                0.0,
                (accuracies["N(0, 1)", "mask"] - worst,),
                "at least",
            ),
            Figure(
                "gain by Glorot's weights alone, points",
                0.0,
                (accuracies["Glorot", "no mask"] - worst,),
                "at least",
            ),
            Figure(
                "test accuracy %, mask, Glorot", 76.38, (accuracies["Glorot", "mask"],), "at least"
            ),
        )
    )


def sgd_noise(seed: int, quick: bool) -> Study:
    """Why does the train loss jump about? Because a batch is a sample: at the same weights, losses
    of batches of 32 scatter sqrt(512 / 32) = 4 times as far as those of 512.
    """
    from tfmlp.training.loop import fit

    data = _mnist()
    config = Config.from_options(
        hidden_units=(512, 256),
        activation="sigmoid",
        initializer="fan_in_uniform",
        bias_initializer="fan_in_uniform",
        preprocessing="scale",
        optimizer="sgd",
        learning_rate=0.5,
        batch_size=32,
        epochs=1,
        validation=0,
        seed=seed,
    )
    training = fit(config, data)
    list(training)
    outputs = np.concatenate(
        [
            training.model(data.train.features[start : start + 2000]).numpy()
            for start in range(0, len(data.train), 2000)
        ]
    )
    losses = LOSSES["cross_entropy"](outputs, data.train.labels)[0]
    order = seeds.row_order(seed, 2, len(losses))
    scatter = {
        size: float(
            losses[order[: len(losses) // size * size]].reshape(-1, size).mean(axis=1).std()
        )
        for size in (32, 512)
    }
    return Study(
        (
            Figure("mean train loss at fixed weights", None, (float(losses.mean()),), "shown", 3),
            Figure("deviation of the loss of batches of 32", None, (scatter[32],), "shown", 3),
            Figure("deviation of the loss of batches of 512", None, (scatter[512],), "shown", 3),
            Figure(
                "their ratio; sampling alone makes it 4",
                4.0,
                (scatter[32] / scatter[512],),
                "magnitude",
            ),
        )
    )


STUDIES: dict[str, Callable[[int, bool], Study]] = {
    "numeric-depth": numeric_depth,
    "backprop-tanh": backprop_tanh,
    "mnist-options-relu-unmasked": relu_unmasked,
    "mnist-sgd-noise": sgd_noise,
}
