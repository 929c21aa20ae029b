"""The formats of exports: what writes each, what loads it again, and what both need."""

import importlib
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfmlp.errors import ExportError, nearest

if TYPE_CHECKING:  # its module imports TensorFlow, which a name does not need
    from tfmlp.exports.formula import Formula

_MODULE = "tfmlp.exports"


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
      name: Its name.
      help: What it is, for people.
      module: The module of this room that writes it.
      runtime: What loads it, of `runtime.LOADERS`.
      packages: What must be installed, by the names that are imported.
      is_quantized: Whether weights and activations are rounded to integers.
    """

    name: str
    help: str
    module: str
    runtime: str
    packages: tuple[str, ...] = ()
    is_quantized: bool = False

    def require(self) -> None:
        """Finds out, before any work is done, whether the format can be written and proven here.

        Raises:
          ExportError: when something is missing.
        """
        missing = [name for name in self.packages if importlib.util.find_spec(name) is None]
        if missing:
            plural = "are" if missing[1:] else "is"
            raise ExportError(
                f"the format {self.name} needs {' and '.join(missing)}, which {plural} not"
                " installed: pip install 'tfmlp[export]'."
            )
        if self.runtime == "c" and shutil.which("cc") is None:
            raise ExportError(
                "the format c is proven by a C compiler, and there is no cc: install gcc or clang."
            )

    def write(self, formula: "Formula", folder: Path, calibration: np.ndarray | None) -> None:
        """Writes the format's files into a folder.

        Args:
          formula: What the model computes.
          folder: Where to; it is there.
          calibration: Training examples [n, ...], for quantized formats.
        """
        module = importlib.import_module(f"{_MODULE}.{self.module}")
        write = module.write_int8 if self.is_quantized else module.write
        write(formula, folder, calibration)


_LITERT = ("litert", "litert", ("ai_edge_litert",))
FORMATS = {
    one.name: one
    for one in (
        Format("keras", "a Keras model that needs no tfmlp", "keras_model", "keras"),
        Format("savedmodel", "for TensorFlow Serving", "saved_model", "savedmodel"),
        Format(
            *("onnx", "for onnxruntime and many others", "onnx_graph", "onnx"),
            packages=("onnx", "onnxruntime"),
        ),
        Format("litert", "for phones and boards", *_LITERT),
        Format("litert-int8", "the same in integers of 8 bits", *_LITERT, is_quantized=True),
        Format("numpy", "weights, and a module of NumPy", "numpy_module", "numpy"),
        Format("c", "one header of C99", "c_header", "c"),
    )
}


def find_format(name: str) -> Format:
    """Returns a format by its name.

    Raises:
      ExportError: when there is none.
    """
    if name not in FORMATS:
        raise ExportError(f"there is no format {name!r}: {nearest(name, FORMATS)}.")
    return FORMATS[name]
