"""Plain Python: a list of lists of weights a layer, bias last; one row at a time; sigmoids, squares
summed.
"""

import math


def initialize_network(n_inputs=2, n_hidden=3, n_outputs=2):
    hidden = [[0.1 * (i + j) for i in range(n_inputs + 1)] for j in range(n_hidden)]
    output = [[0.2 * (i - j) for i in range(n_hidden + 1)] for j in range(n_outputs)]
    return [hidden, output]


def neuron(weights, inputs):
    total = weights[-1]
    for w, x in zip(weights[:-1], inputs):
        total += w * x
    return 1 / (1 + math.exp(-total))


def forward_propagate(network, row):
    outputs = []
    for layer in network:
        row = [neuron(weights, row) for weights in layer]
        outputs.append(row)
    return outputs[-1], outputs


def loss(outputs, expected):
    return sum((o - t) ** 2 for o, t in zip(outputs, expected))


def backward_propagate_error(network, row, expected, cache):
    hidden, outputs = cache
    out_deltas = [2 * (o - t) * o * (1 - o) for o, t in zip(outputs, expected)]
    hidden_deltas = []
    for j, h in enumerate(hidden):
        error = sum(network[1][k][j] * out_deltas[k] for k in range(len(outputs)))
        hidden_deltas.append(error * h * (1 - h))
    d_hidden = [[d * x for x in row] + [d] for d in hidden_deltas]
    d_output = [[d * h for h in hidden] + [d] for d in out_deltas]
    return [d_hidden, d_output]
