"""The bias as the kernel's first column, after a row of ones; an example is a column; sigmoids,
binary cross-entropy.
"""

import numpy as np


def g(z):
    return 1 / (1 + np.exp(-z))


def with_ones(a):
    return np.vstack([np.ones((1, a.shape[1])), a])


def init_params(input_size, hidden_size, output_size):
    return [
        np.random.randn(hidden_size, input_size + 1),
        np.random.randn(output_size, hidden_size + 1),
    ]


def forward(theta, X):
    a1 = with_ones(X)
    h = g(theta[0] @ a1)
    a2 = with_ones(h)
    return g(theta[1] @ a2), (a1, h, a2)


def cost(out, Y):
    return -np.sum(Y * np.log(out) + (1 - Y) * np.log(1 - out)) / Y.shape[1]


def backward(theta, X, Y, out, cache):
    a1, h, a2 = cache
    m = X.shape[1]
    d3 = out - Y
    d2 = (theta[1].T @ d3)[1:] * h * (1 - h)
    return [d2 @ a1.T / m, d3 @ a2.T / m]
