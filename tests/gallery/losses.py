"""Losses and their gradients, a softmax, a dropout."""

import numpy as np


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def mse(y_pred, y_true):
    return np.sum((y_pred - y_true) ** 2) / len(y_true)


def mse_grad(y_pred, y_true):
    return 2 * (y_pred - y_true) / len(y_true)


def cross_entropy(logits, labels):
    p = softmax(logits)
    return -np.mean(np.log(p[np.arange(len(labels)), labels]))


def cross_entropy_grad(logits, labels):
    p = softmax(logits)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


def dropout(x, p=0.5, training=True):
    if not training:
        return x
    mask = np.random.rand(*x.shape) >= p
    return x * mask / (1 - p)
