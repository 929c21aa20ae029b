"""The course's ReLU: its derivative, and its net whose ReLU masks no gradient."""

import numpy as np
from numpy.typing import NDArray

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import load_dataset
from tfmlp.experiments.comparison import Comparison
from tfmlp.experiments.study import Study
from tfmlp.reference.activations import ACTIVATIONS, Activation
from tfmlp.reference.layers import Activate

_EPOCHS = 10
_PUBLISHED_ACCURACY = 76.38
# Initial weights and biases.
_NORMAL, _GLOROT = ("normal", "normal"), ("glorot_normal", "zeros")


def relu_derivative() -> tuple[Comparison, ...]:
    """ReLU and its derivative on [-1.3, -2.3, 0, 2, 3]: the derivative at 0 is 0."""
    z = np.array([-1.3, -2.3, 0.0, 2.0, 3.0])
    relu = ACTIVATIONS["relu"]
    values = relu.function(z)
    derivatives = relu.derivative(z, values)
    comparisons = []
    for index, (value, derivative) in enumerate([(0, 0), (0, 0), (0, 0), (2, 1), (3, 1)]):
        at = f"({z[index]:g})"
        measured = float(values[index]), float(derivatives[index])
        comparisons += [
            Comparison(f"relu{at}", value, measured[:1], "equals", 9),
            Comparison(f"relu'{at}", derivative, measured[1:], "equals", 9),
        ]
    return tuple(comparisons)


def relu_unmasked(seed: int, quick: bool) -> Study:
    """The course's ReLU, which masks no gradient, against the right one, from N(0, 1) and Glorot.

    Which of the two, mask or initial weights, costs the published net its accuracy?
    """
    data = load_dataset("mnist", validation=0.0)

    def accuracy(start: tuple[str, str], masked: bool) -> float:
        return _test_accuracy(_make_config(start, seed, quick), data, masked)

    worst = accuracy(_NORMAL, masked=False)
    gain_by_mask = accuracy(_NORMAL, masked=True) - worst
    gain_by_weights = accuracy(_GLOROT, masked=False) - worst
    best = accuracy(_GLOROT, masked=True)
    published = _PUBLISHED_ACCURACY
    return Study(
        (
            Comparison("test accuracy %, no mask, N(0, 1)", published, (worst,), "shown"),
            Comparison("gain by the mask alone, points", 0.0, (gain_by_mask,)),
            Comparison("gain by Glorot's weights alone, points", 0.0, (gain_by_weights,)),
            Comparison("test accuracy %, mask, Glorot", published, (best,)),
        )
    )


def _make_config(start: tuple[str, str], seed: int, quick: bool) -> Config:
    initializer, bias_initializer = start
    return Config.from_options(
        hidden_units=(89,),
        activation="relu",
        initializer=initializer,
        bias_initializer=bias_initializer,
        preprocessing="standardize",
        optimizer="sgd",
        learning_rate=0.1,
        batch_size=60,
        epochs=1 if quick else _EPOCHS,
        validation=0,
        backend="numpy",
        seed=seed,
    )


def _test_accuracy(config: Config, data: Dataset, masked: bool) -> float:
    """Returns the test accuracy in % after training with the right ReLU or the course's."""
    from tfmlp.training.numpy_backend import NumpyBackend

    backend = NumpyBackend(config, data)
    if not masked:
        layers = backend.network.layers
        layers[1] = layers[1][0], Activate(Activation(ACTIVATIONS["relu"].function, _no_mask))
    # The defect may make the training diverge, which is the point.
    with np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(1, config.optimization.epochs + 1):
            backend.train_steps(epoch, 0, backend.timetable.steps_per_epoch)
        return 100 * float(backend.evaluate("test").to_dict()["accuracy"])


def _no_mask(z: NDArray[np.floating], a: NDArray[np.floating]) -> NDArray[np.floating]:
    """The course's derivative: it tests the output, `output >= 0`, which always holds."""
    return (a >= 0).astype(z.dtype)
