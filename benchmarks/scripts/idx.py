"""MNIST's four files as arrays, as briefly as a script would read them."""

import gzip
from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "mnist"


def read(name: str, header: int) -> np.ndarray:
    content = gzip.decompress((_FOLDER / f"{name}.gz").read_bytes())
    return np.frombuffer(content, np.uint8, offset=header)


def load() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns x_train float32 [60000, 784] in 0..1, y_train uint8, x_test, y_test."""
    x_train, x_test = (
        read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32) / 255
        for part in ("train", "t10k")
    )
    y_train, y_test = (read(f"{part}-labels-idx1-ubyte", 8) for part in ("train", "t10k"))
    return x_train, y_train, x_test, y_test
