"""Activations as classes: called, and asked for their slope."""

import numpy as np


class Relu:
    def __call__(self, x):
        return np.where(x > 0, x, 0.0)

    def grad(self, x):
        return np.where(x > 0, 1.0, 0.0)


class Elu:
    def __call__(self, x):
        return np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)

    def grad(self, x):
        return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - self.y**2)


class MSELoss:
    def __call__(self, pred, target):
        return np.mean((pred - target) ** 2)

    def grad(self, pred, target):
        return 2 * (pred - target) / pred.size
