"""The cost of numerical differentiation, by depth."""

import statistics
import time

import numpy as np

from tfmlp.experiments.comparison import Comparison
from tfmlp.experiments.deep_net import (
    INITIAL_SCALE,
    INPUTS,
    LEARNING_RATE,
    OUTPUTS,
    STEPS,
    UNITS,
    draw_example,
    make_deep_network,
    numerical_gradients,
)
from tfmlp.experiments.study import Study
from tfmlp.reference.optimizers import SGD

_EPSILON = 1e-4  # of the course's forward differences
_DEPTHS, _TIMED_STEPS = (2, 3, 5, 7, 10, 15), 5
_QUICK_DEPTHS, _QUICK_TIMED_STEPS = (2, 3, 4, 5), 1
# Depth -> parameters, and the published seconds for 100 steps.
_PUBLISHED = {5: (4642, 48.27), 10: (9922, 154.64)}
_HEADER = (
    "| depth | parameters | numerical, s | NumPy backpropagation, s | TensorFlow, s |\n"
    "|---|---|---|---|---|"
)


def numeric_depth(seed: int, quick: bool) -> Study:
    """The cost of numerical differentiation by depth, beside that of backpropagation.

    Depths 5 and 10 are published, and timed in NumPy and TensorFlow too; others show the growth.
    """
    depths, steps = (_QUICK_DEPTHS, _QUICK_TIMED_STEPS) if quick else (_DEPTHS, _TIMED_STEPS)
    parameters = {depth: _count_parameters(depth) for depth in depths}
    seconds = {depth: _numerical_seconds(depth, seed, steps) for depth in depths}
    published = {depth: values for depth, values in _PUBLISHED.items() if depth in depths}
    rows = [
        f"| {depth} | {parameters[depth]:,} | {seconds[depth]:.1f} |"
        f" {_backpropagation_seconds(depth, seed):.3f} | {_tensorflow_seconds(depth, seed):.3f} |"
        for depth in published
    ]
    logs = np.log(list(parameters.values())), np.log(list(seconds.values()))
    exponent = float(np.polyfit(*logs, 1)[0])
    table = "\n".join([_HEADER, *rows])
    growth = ", ".join(f"{depth}: {value:.1f} s" for depth, value in seconds.items())
    sizes = [
        Comparison(f"parameters, depth {depth}", count, (float(parameters[depth]),), "equals", 0)
        for depth, (count, _) in published.items()
    ]
    times = [
        Comparison(f"seconds for {STEPS} steps, depth {depth}", took, (seconds[depth],), "shown")
        for depth, (_, took) in published.items()
    ]
    order = Comparison("exponent of time against parameters", 2.0, (exponent,), "magnitude")
    return Study(
        (*sizes, *times, order),
        (
            f"Seconds for {STEPS} steps (the median of {steps} steps, times {STEPS}):\n\n{table}",
            f"Numerical differentiation by depth, seconds for {STEPS} steps: {growth}. Each of P"
            " parameters costs a forward pass of about P multiplications, so counting"
            f" multiplications gives P^2; measured: P^{exponent:.2f}.",
        ),
    )


def _count_parameters(depth: int) -> int:
    network = make_deep_network(depth, "sigmoid", seed=0)
    return sum(parameter.size for parameter in network.parameters().values())


def _numerical_seconds(depth: int, seed: int, steps: int) -> float:
    """Returns seconds for 100 steps, from the median of `steps`."""
    network, optimizer = make_deep_network(depth, "sigmoid", seed), SGD()
    example, times = draw_example(seed), []
    for _ in range(steps):
        started = time.perf_counter()
        gradients = numerical_gradients(network, example, central=False, epsilon=_EPSILON)
        optimizer.update(network.parameters(), gradients, LEARNING_RATE)
        times.append(time.perf_counter() - started)
    return STEPS * statistics.median(times)


def _backpropagation_seconds(depth: int, seed: int) -> float:
    """Returns seconds for 100 steps of the NumPy reference."""
    network, optimizer = make_deep_network(depth, "sigmoid", seed), SGD()
    features, targets = draw_example(seed)
    started = time.perf_counter()
    for _ in range(STEPS):
        network.forward_backward(features, targets)
        optimizer.update(network.parameters(), network.gradients(), LEARNING_RATE)
    return time.perf_counter() - started


def _tensorflow_seconds(depth: int, seed: int) -> float:
    """Returns seconds for 100 calls of the train step, after one that traces it."""
    import keras

    from tfmlp.model.mlp import MLP
    from tfmlp.training.step import make_train_step

    model = MLP(
        [UNITS] * depth,
        "sigmoid",
        OUTPUTS,
        initializer="normal",
        initializer_scale=INITIAL_SCALE,
        output_activation="sigmoid",
        preprocessing="none",
        seed=seed,
    )
    model.build((None, INPUTS))
    features, targets = (part.astype(np.float32) for part in draw_example(seed))
    step = make_train_step(model, keras.optimizers.SGD(LEARNING_RATE), "half_squared_error")
    float(step(features, targets))
    started = time.perf_counter()
    for _ in range(STEPS):
        loss = step(features, targets)
    float(loss)  # waits until it is there
    return time.perf_counter() - started
