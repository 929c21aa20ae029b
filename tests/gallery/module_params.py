"""Parameters in the module; ReLU and one logit; binary cross-entropy of the logit."""

import numpy as np

rng = np.random.default_rng(0)
W1, b1 = rng.normal(size=(6, 5)), np.zeros(5)
W2, b2 = rng.normal(size=(5, 1)), np.zeros(1)
params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def forward(x):
    z1 = x @ params["W1"] + params["b1"]
    a1 = np.maximum(z1, 0)
    z2 = a1 @ params["W2"] + params["b2"]
    return 1 / (1 + np.exp(-z2)), (z1, a1)


def loss(out, y):
    return -np.mean(y * np.log(out) + (1 - y) * np.log(1 - out))


def backward(x, y, out, cache):
    z1, a1 = cache
    d2 = (out - y) / len(x)
    d1 = d2 @ params["W2"].T * (z1 > 0)
    return {"W1": x.T @ d1, "b1": d1.sum(axis=0), "W2": a1.T @ d2, "b2": d2.sum(axis=0)}
