"""A training that takes milliseconds."""

import numpy as np

from tfmlp import Config, fit
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.training.loop import Training


def make_training(**options: object) -> Training:
    """Two epochs of four steps, on the reference; it pauses in the middle of each epoch."""
    stream = np.random.default_rng(0)
    features, labels = stream.random((16, 3)).astype(np.float32), np.arange(16) % 2
    split = Split(features, labels.astype(np.int32))
    data = Dataset(split, split, split, "classification", ("a", "b"), Provenance("noise", "a test"))
    base = {"hidden_units": (4,), "batch_size": 4, "epochs": 2, "backend": "numpy"}
    training = fit(Config.from_options(**base | options), data)
    training.pause_every = 2
    return training
