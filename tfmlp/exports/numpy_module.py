"""The format "numpy": weights in `model.npz`, and `predict.py`, which needs NumPy alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.exports import predict
from tfmlp.exports.formula import Activation, Dense, Formula, LayerNorm

FILE, MODULE = "model.npz", "predict.py"


def write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder."""
    arrays = {"mean": formula.mean, "deviation": formula.deviation}
    layers: list[dict[str, str | float]] = []
    for number, operation in enumerate(formula.operations):
        match operation:
            case Dense():
                layers.append({"kind": "dense"})
                arrays |= {f"{number}/kernel": operation.kernel, f"{number}/bias": operation.bias}
            case LayerNorm():
                layers.append({"kind": "layer_norm", "epsilon": operation.epsilon})
                arrays |= {f"{number}/gamma": operation.gamma, f"{number}/beta": operation.beta}
            case Activation():
                layers.append({"kind": operation.function, "slope": operation.negative_slope})
    net = {
        "schema": formula.schema.to_dict(),
        "preprocessing": formula.preprocessing,
        "layers": layers,
        "output": formula.output,
    }
    floats: dict[str, Any] = {name: array.astype(np.float32) for name, array in arrays.items()}
    np.savez(folder / FILE, net=np.array(json.dumps(net)), **floats)
    shutil.copyfile(predict.__file__, folder / MODULE)
