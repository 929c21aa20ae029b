"""Predicts with NumPy alone what `model.npz`, beside this file, describes.

python predict.py examples.npy               # the names or values, one a line

from predict import Model
model = Model("model.npz")
model(images)                                # probabilities [n, classes], or values [n, 1]
model.schema["class_names"]
"""

import json
import math
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

_erf = np.vectorize(math.erf, otypes=[np.float32])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Returns 1 / (1 + exp(-x)), written so that exp never overflows."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def softmax(x: np.ndarray) -> np.ndarray:
    """Returns exp(x) over its row sums."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """Returns x above zero, alpha * (exp(x) - 1) below."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


ACTIVATIONS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "relu": lambda x, slope: np.maximum(x, 0),
    "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "tanh": lambda x, slope: np.tanh(x),
    "sigmoid": lambda x, slope: sigmoid(x),
    "elu": lambda x, slope: elu(x),
    "gelu": lambda x, slope: x * (0.5 * (1 + _erf(x * math.sqrt(0.5)))),
    "selu": lambda x, slope: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "swish": lambda x, slope: x * sigmoid(x),
}


class Model:
    """A multilayer perceptron, from raw inputs to probabilities or values."""

    def __init__(self, path: str | Path):
        with np.load(path, allow_pickle=False) as arrays:
            self.arrays = {name: arrays[name] for name in arrays.files}
        self.net = json.loads(str(self.arrays["net"]))
        self.schema = self.net["schema"]

    def __call__(self, examples: np.ndarray) -> np.ndarray:
        """Returns probabilities [n, classes], or values [n, 1], of raw examples [n, ...]."""
        x = self.preprocess(self.as_rows(np.asarray(examples)))
        for number, layer in enumerate(self.net["layers"]):
            if layer["kind"] == "dense":
                x = x @ self.arrays[f"{number}/kernel"] + self.arrays[f"{number}/bias"]
            elif layer["kind"] == "layer_norm":
                x = x - x.mean(axis=1, keepdims=True)
                x = x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + layer["epsilon"])
                x = x * self.arrays[f"{number}/gamma"] + self.arrays[f"{number}/beta"]
            else:
                x = ACTIVATIONS[layer["kind"]](x, layer["slope"])
        return self.convert(x)

    def as_rows(self, examples: np.ndarray) -> np.ndarray:
        """Returns examples as rows [n, d], and refuses what are none."""
        shape = self.schema["feature_shape"]
        width = math.prod(shape)
        if examples.ndim < 2 or math.prod(examples.shape[1:]) != width:
            expected = ", ".join(map(str, ["n", *shape]))
            received = ", ".join(map(str, examples.shape))
            raise ValueError(f"expected examples [{expected}]; received [{received}]")
        is_pixels = self.schema["feature_dtype"] == "uint8" and len(shape) == 3
        if is_pixels and examples.size and examples.max() <= 1 and (examples % 1).any():
            warnings.warn("expected pixels from 0 to 255; received none above 1", stacklevel=3)
        return examples.reshape(len(examples), width).astype(np.float32)

    def preprocess(self, x: np.ndarray) -> np.ndarray:
        """Returns what the first layer takes, of raw rows [n, d]."""
        kind = self.net["preprocessing"]
        if kind == "scale":
            return x / np.float32(255)
        if kind == "standardize":
            return (x - self.arrays["mean"]) / self.arrays["deviation"]
        if kind == "per_image":
            x = x - x.mean(axis=1, keepdims=True)
            deviation = np.sqrt(np.square(x).mean(axis=1, keepdims=True))
            return x / np.maximum(deviation, np.float32(1 / math.sqrt(x.shape[1])))
        return x

    def convert(self, x: np.ndarray) -> np.ndarray:
        """Returns probabilities of the last layer's outputs, or the values that they are."""
        if self.net["output"] in ("values", "softmax"):
            return softmax(x) if self.net["output"] == "softmax" else x
        shares = np.maximum(sigmoid(x) if self.net["output"] == "sigmoid_shares" else x, 0)
        sums = shares.sum(axis=1, keepdims=True)
        return np.where(sums > 0, shares / np.where(sums > 0, sums, 1), softmax(x))


def main() -> None:
    """Prints the names or values that a file's examples are predicted to have, one a line."""
    if len(sys.argv) != 2:
        sys.exit("usage: python predict.py EXAMPLES.npy")
    model = Model(Path(__file__).with_name("model.npz"))
    names = model.schema["class_names"]
    try:
        outputs = model(np.load(sys.argv[1], allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        sys.exit(f"error: {sys.argv[1]}: {error}")
    for row in outputs:
        print(names[row.argmax()] if names else row[0])


if __name__ == "__main__":
    main()
