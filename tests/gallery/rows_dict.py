"""A class with a dict of parameters; an example is a row; ReLU, softmax, cross-entropy."""

import numpy as np


class Net:
    def __init__(self, n_in=5, n_hidden=4, n_out=3):
        self.params = {
            "W1": np.random.randn(n_in, n_hidden) * 0.1,
            "b1": np.zeros(n_hidden),
            "W2": np.random.randn(n_hidden, n_out) * 0.1,
            "b2": np.zeros(n_out),
        }

    def forward(self, X):
        p = self.params
        self.z1 = X @ p["W1"] + p["b1"]
        self.a1 = np.maximum(self.z1, 0)
        logits = self.a1 @ p["W2"] + p["b2"]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, X, y):
        probs = self.forward(X)
        return -np.mean(np.log(probs[np.arange(len(y)), y]))

    def backward(self, X, y):
        n = len(y)
        probs = self.forward(X)
        d2 = probs.copy()
        d2[np.arange(n), y] -= 1
        d2 /= n
        grads = {}
        grads["dW2"] = self.a1.T @ d2
        grads["db2"] = d2.sum(axis=0)
        d1 = d2 @ self.params["W2"].T
        d1 = d1 * (self.z1 > 0)
        grads["dW1"] = X.T @ d1
        grads["db1"] = d1.sum(axis=0)
        return grads
