"""Histograms of a network's layers: weights, activations and gradients on training examples."""

import numpy as np

from tfmlp.data.rowfile import Array
from tfmlp.examination.choice import evenly, rounded
from tfmlp.examination.examined import Examined
from tfmlp.reference.layers import Dense, Dropout
from tfmlp.reference.normalization import BatchNormalization
from tfmlp.runs.evaluation import Histogram, LayerHistograms

_BINS = 40
_MOST_LAYERS, _MOST_VALUES = 50, 1 << 15
_MOST_EXAMPLES, _LEAST_EXAMPLES = 256, 32
# Large networks are looked at on fewer examples, so that it never takes long.
_PRODUCTS = 1 << 31


def layer_histograms(examined: Examined) -> list[LayerHistograms]:
    """Returns histograms of each dense layer on at most 256 training examples, evenly chosen.

    Dropout leaves everything in; batch normalization normalizes over the examples, as in training.
    """
    network, train = examined.network, examined.data.train
    parameters = network.parameters()
    size = sum(parameter.size for parameter in parameters.values())
    most = min(_MOST_EXAMPLES, max(_LEAST_EXAMPLES, _PRODUCTS // size))
    chosen = evenly(len(train), most)
    outputs, labels = examined.examples.part("train", chosen)
    activations: dict[str, Array] = {}
    dense = ""
    with np.errstate(all="ignore"):  # of a training that diverged
        for name, layer in network.layers:
            outputs = layer.forward(outputs, training=isinstance(layer, BatchNormalization))
            dense = name if isinstance(layer, Dense) else dense
            if not isinstance(layer, Dropout):
                activations[dense] = outputs
        weights = None if train.weights is None else train.weights[chosen]
        network.backward(outputs, labels, weights)
    gradients, names = network.gradients(), list(activations)
    return [
        LayerHistograms(
            name,
            make_histogram(parameters[f"{name}/kernel"]),
            make_histogram(activations[name]),
            make_histogram(gradients[f"{name}/kernel"]),
        )
        for name in (names[number] for number in evenly(len(names), _MOST_LAYERS))
    ]


def make_histogram(values: Array) -> Histogram:
    """Returns the histogram of finite values, of at most 32,768 of them, evenly chosen."""
    flat = values.reshape(-1)
    flat = flat[evenly(flat.size, _MOST_VALUES)].astype(np.float64)
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return Histogram([], [])
    counts, edges = np.histogram(flat, _BINS)
    return Histogram(rounded(edges), counts.tolist())
