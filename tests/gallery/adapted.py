"""Names that nobody could guess, and the adapter that says what they mean; ReLU, squares."""

import numpy as np

rng = np.random.default_rng(1)
stuff = {"first": rng.normal(size=(5, 4)), "second": rng.normal(size=(4, 2))}


def apply(q):
    h = np.maximum(q @ stuff["first"], 0)
    return h, h @ stuff["second"]


def slopes(q, r):
    h, o = apply(q)
    e = 2 * (o - r) / r.size
    return {"first": q.T @ ((e @ stuff["second"].T) * (h > 0)), "second": h.T @ e}


def tfmlp_check():
    q, r = rng.normal(size=(7, 5)), rng.normal(size=(7, 2))
    return {
        "loss": lambda: np.mean((apply(q)[1] - r) ** 2),
        "params": stuff,
        "grads": slopes(q, r),
        "inputs": q,
        "labels": r,
    }
