"""An export in its own runtime: the program of a process that knows nothing of tfmlp.

    python -P runtime.py KIND FOLDER WORK

Reads WORK/features.npy, and writes WORK/outputs.npy and WORK/result.json: the runtime's version,
and milliseconds for one example and for 10,000.
"""

import ctypes
import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Predict = Callable[[np.ndarray], np.ndarray]
MANY = 10_000  # examples
_COMPILER = ("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2")
_WRAPPER = """\
#include <stddef.h>
#include "model.h"

void predict_all(const TYPE *inputs, float *outputs, size_t count);

void predict_all(const TYPE *inputs, float *outputs, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++)
        predict(inputs + i * PREDICT_INPUTS, outputs + i * PREDICT_OUTPUTS);
}
"""


def load_keras(folder: Path) -> Predict:
    """Loads model.keras with Keras; safe mode is on, so it brings no code along."""
    import keras

    model: Any = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
    predict: Predict = model.predict_on_batch
    return predict


def load_saved_model(folder: Path) -> Predict:
    """Loads a SavedModel with TensorFlow, and calls the signature that is served."""
    import tensorflow as tf

    loaded: Any = tf.saved_model.load(str(folder))
    serve = loaded.signatures["serving_default"]
    (name,) = serve.structured_outputs

    def predict(features: np.ndarray) -> np.ndarray:
        assert loaded is not None  # the signature belongs to it, and lives as long
        outputs: np.ndarray = serve(inputs=tf.constant(features))[name].numpy()
        return outputs

    return predict


def load_onnx(folder: Path) -> Predict:
    """Loads model.onnx with onnxruntime."""
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(
        folder / "model.onnx", providers=["CPUExecutionProvider"]
    )
    return lambda features: session.run(None, {"inputs": features})[0]


def load_litert(folder: Path) -> Predict:
    """Loads model.tflite with LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    runner: Any = Interpreter(str(folder / "model.tflite")).get_signature_runner()

    def predict(features: np.ndarray) -> np.ndarray:
        (outputs,) = runner(inputs=features).values()
        return np.array(outputs)

    return predict


def load_numpy(folder: Path) -> Predict:
    """Loads predict.py and model.npz."""
    spec = importlib.util.spec_from_file_location("predict", folder / "predict.py")
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    predict: Predict = module.Model(folder / "model.npz")
    return predict


def load_c(folder: Path) -> Predict:
    """Compiles model.h, with every warning an error, and loads what came of it."""
    header = (folder / "model.h").read_text(encoding="ascii")
    kind = "uint8_t" if "predict(const uint8_t" in header else "float"
    classes = int(header.split("#define PREDICT_OUTPUTS ")[1].split()[0])
    with tempfile.TemporaryDirectory() as work:
        source, library = Path(work, "all.c"), Path(work, "all.so")
        source.write_text(_WRAPPER.replace("TYPE", kind))
        files = ["-o", str(library), str(source), f"-I{folder}", "-lm"]
        command = [*_COMPILER, "-shared", "-fPIC", *files]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ValueError(f"the C compiler says: {done.stderr}")
        function = ctypes.CDLL(str(library)).predict_all
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    function.restype = None

    def predict(features: np.ndarray) -> np.ndarray:
        features = np.ascontiguousarray(features)
        outputs = np.empty((len(features), classes), np.float32)
        function(features.ctypes.data, outputs.ctypes.data, len(features))
        return outputs

    return predict


LOADERS: dict[str, Callable[[Path], Predict]] = {
    "keras": load_keras,
    "savedmodel": load_saved_model,
    "onnx": load_onnx,
    "litert": load_litert,
    "numpy": load_numpy,
    "c": load_c,
}
_PACKAGES = {
    "keras": "keras",
    "savedmodel": "tensorflow",
    "onnx": "onnxruntime",
    "litert": "ai-edge-litert",
    "numpy": "numpy",
}


def version_of(kind: str) -> str:
    """Returns a runtime's name and version."""
    if kind == "c":
        told = subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout
        return f"cc {told.splitlines()[0].split()[-1]}"
    return f"{_PACKAGES[kind]} {importlib.metadata.version(_PACKAGES[kind])}"


def milliseconds(predict: Predict, features: np.ndarray, times: int) -> float:
    """Returns the median time of a call, after one that is not counted."""
    seconds = []
    for _ in range(1 + times):
        started = time.perf_counter()
        predict(features)
        seconds.append(time.perf_counter() - started)
    return 1000 * float(np.median(seconds[1:]))


def main(kind: str, folder: str, work: str) -> None:
    """Predicts, measures, and writes both down."""
    features = np.load(Path(work, "features.npy"), allow_pickle=False)
    predict = LOADERS[kind](Path(folder))
    outputs = predict(features)
    # The first one alone, too: any number of examples must do.
    outputs[:1] = predict(features[:1])
    np.save(Path(work, "outputs.npy"), outputs)
    many = np.resize(features, (MANY, *features.shape[1:]))
    result = {
        "runtime": version_of(kind),
        "milliseconds": {
            "1": round(milliseconds(predict, features[:1], 50), 4),
            str(MANY): round(milliseconds(predict, many, 3), 2),
        },
    }
    if "tfmlp" in sys.modules:
        raise RuntimeError("the export needs tfmlp")
    Path(work, "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
