"""Activations and their derivatives, by name."""

import numpy as np


def relu(x):
    return np.maximum(0, x)


def d_relu(x):
    return (x > 0).astype(float)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(a):
    return a * (1 - a)


def tanh(x):
    return np.tanh(x)


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


def leaky_relu(x):
    return np.where(x > 0, x, 0.01 * x)


def deriv_leaky_relu(x):
    return np.where(x > 0, 1, 0.01)


def softplus(x):
    return np.log1p(np.exp(x))


def softplus_grad(x):
    return 1 / (1 + np.exp(-x))
