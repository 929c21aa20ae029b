"""Any number of layers in a loop over a flat list; sigmoid hidden layers, softmax; gradients in a
dict.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class DeepNet:
    def __init__(self, layer_dims=(5, 6, 6, 3)):
        self.L = len(layer_dims) - 1
        self.params = {}
        for i in range(1, self.L + 1):
            self.params[f"W{i}"] = np.random.randn(layer_dims[i - 1], layer_dims[i])
            self.params[f"b{i}"] = np.zeros(layer_dims[i])

    def forward(self, x):
        cache = [x]
        for i in range(1, self.L + 1):
            z = cache[-1] @ self.params[f"W{i}"] + self.params[f"b{i}"]
            if i < self.L:
                cache.append(sigmoid(z))
            else:
                e = np.exp(z - z.max(axis=1, keepdims=True))
                cache.append(e / e.sum(axis=1, keepdims=True))
        return cache[-1], cache

    def loss(self, probs, y):
        return -np.mean(np.sum(y * np.log(probs), axis=1))

    def backward(self, cache, y):
        grads = {}
        delta = (cache[-1] - y) / y.shape[0]
        for i in range(self.L, 0, -1):
            grads[f"W{i}"] = cache[i - 1].T @ delta
            grads[f"b{i}"] = np.sum(delta, axis=0)
            if i > 1:
                a = cache[i - 1]
                delta = (delta @ self.params[f"W{i}"].T) * a * (1 - a)
        return grads
