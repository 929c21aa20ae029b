"""Parameters and gradients as attributes; tanh, linear outputs, mean squares; square kernels."""

import numpy as np


class MLP:
    def __init__(self):
        self.W1 = np.random.randn(4, 4)
        self.b1 = np.zeros((1, 4))
        self.W2 = np.random.randn(4, 4)
        self.b2 = np.zeros((1, 4))
        self.W3 = np.random.randn(4, 2)
        self.b3 = np.zeros((1, 2))

    def forward(self, X):
        self.Z1 = X @ self.W1 + self.b1
        self.A1 = np.tanh(self.Z1)
        self.Z2 = self.A1 @ self.W2 + self.b2
        self.A2 = np.tanh(self.Z2)
        return self.A2 @ self.W3 + self.b3

    def compute_loss(self, y_pred, y_true):
        return np.mean((y_pred - y_true) ** 2)

    def backward(self, X, y_true, y_pred):
        d3 = 2 * (y_pred - y_true) / y_true.size
        self.dW3 = self.A2.T @ d3
        self.db3 = d3.sum(axis=0, keepdims=True)
        d2 = d3 @ self.W3.T * (1 - self.A2**2)
        self.dW2 = self.A1.T @ d2
        self.db2 = d2.sum(axis=0, keepdims=True)
        d1 = d2 @ self.W2.T * (1 - self.A1**2)
        self.dW1 = X.T @ d1
        self.db1 = d1.sum(axis=0, keepdims=True)
