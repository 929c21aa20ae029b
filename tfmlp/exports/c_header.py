"""The format "c": one header of C99 with weights and `predict()`, for a microcontroller.

It needs `math.h` and `stdint.h`, allocates nothing, and keeps what lies between the layers in two
static buffers.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfmlp.exports.formula import Activation, Dense, Formula, LayerNorm, Operation
from tfmlp.version import __version__

FILE = "model.h"
_FUNCTIONS = Path(__file__).parent / "files" / "functions.h"
_A_LINE = 8  # numbers
_TYPES = {"uint8": "uint8_t", "float32": "float"}


def write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder."""
    (folder / FILE).write_text(make_header(formula), encoding="ascii")


def memory(formula: Formula) -> dict[str, int]:
    """Returns the bytes that the header's data take: weights in flash, buffers in RAM."""
    constants = [array for _, array in _arrays(formula)]
    return {
        "flash": 4 * sum(array.size for array in constants),
        "ram": 2 * 4 * max(formula.widths),
    }


def make_header(formula: Formula) -> str:
    """Returns the header's text, in ASCII."""
    sizes = memory(formula)
    schema = formula.schema
    lines = [
        f"/* A multilayer perceptron in C99, written by tfmlp {__version__}.",
        "",
        f"   predict() takes the {formula.inputs} raw features of one example, and writes",
        f"   {formula.outputs} {formula.output_name}. Its buffers are static: two threads must not",
        "   call it at once. Include this file in one source file alone.",
        "",
        f"   Weights take {sizes['flash']} bytes of flash, buffers {sizes['ram']} bytes of RAM. */",
        "#ifndef PREDICT_H",
        "#define PREDICT_H",
        "",
        "#include <math.h>",
        "#include <stdint.h>",
        "",
        f"#define PREDICT_INPUTS {formula.inputs}",
        f"#define PREDICT_OUTPUTS {formula.outputs}",
        f"#define PREDICT_WIDTH {max(formula.widths)}",
        "",
        *_names("predict_class_names", schema.class_names),
        *_names("predict_columns", schema.columns),
    ]
    for name, array in _arrays(formula):
        lines += _constant(name, array)
    lines += _FUNCTIONS.read_text(encoding="ascii").splitlines()
    lines += [
        "",
        f"static inline void predict(const {_TYPES[schema.feature_dtype]} *inputs, float *outputs)",
        "{",
        "    static float rows[PREDICT_WIDTH], others[PREDICT_WIDTH];",
        "    int i;",
        "    for (i = 0; i < PREDICT_INPUTS; i++)",
        "        rows[i] = (float)inputs[i];",
        *(f"    {line}" for line in _calls(formula)),
        "}",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _numbered(formula: Formula) -> Iterator[tuple[int, Operation]]:
    """Yields the operations, each with the number of those with weights up to it."""
    number = 0
    for operation in formula.operations:
        number += not isinstance(operation, Activation)
        yield number, operation


def _arrays(formula: Formula) -> Iterator[tuple[str, np.ndarray]]:
    if formula.preprocessing == "standardize":
        yield "predict_mean", formula.mean
        yield "predict_deviation", formula.deviation
    for number, operation in _numbered(formula):
        for name in ("kernel", "bias", "gamma", "beta"):
            if hasattr(operation, name):
                yield f"predict_{name}_{number}", getattr(operation, name)


def _constant(name: str, array: np.ndarray) -> Iterator[str]:
    # NumPy writes the shortest text that is read as the same float32.
    texts = [f"{text}f" for text in array.astype(np.float32).ravel().astype(str)]
    yield f"static const float {name}[{array.size}] = {{"
    for start in range(0, len(texts), _A_LINE):
        yield f"    {', '.join(texts[start : start + _A_LINE])},"
    yield "};"
    yield ""


def _names(name: str, texts: tuple[str, ...]) -> Iterator[str]:
    if texts:
        yield f"static const char *const {name}[{len(texts)}] = {{"
        yield from (f"    {_quoted(text)}," for text in texts)
        yield "};"
        yield ""


def _quoted(text: str) -> str:
    """Returns a string literal of a text's bytes in UTF-8; all but plain letters as octal."""
    plain = [
        chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in b" _-.,:+" else f"\\{byte:03o}"
        for byte in text.encode("utf-8", "surrogateescape")
    ]
    return f'"{"".join(plain)}"'


def _calls(formula: Formula) -> Iterator[str]:
    width, here, there = formula.inputs, "rows", "others"
    match formula.preprocessing:
        case "scale":
            yield f"predict_scale(rows, {width});"
        case "standardize":
            step = 1 if formula.mean.ndim else 0  # pixels share one pair
            yield f"predict_standardize(rows, predict_mean, predict_deviation, {step}, {width});"
        case "per_image":
            yield f"predict_per_image(rows, {width});"
    for number, operation in _numbered(formula):
        match operation:
            case Dense():
                units = len(operation.bias)
                arrays = f"predict_kernel_{number}, predict_bias_{number}"
                yield f"predict_dense({here}, {width}, {arrays}, {there}, {units});"
                width, here, there = units, there, here
            case LayerNorm():
                arrays = f"predict_gamma_{number}, predict_beta_{number}"
                yield f"predict_layer_norm({here}, {arrays}, {operation.epsilon}f, {width});"
            case Activation():
                is_leaky = operation.function == "leaky_relu"
                more = f", {operation.negative_slope:.8e}f" if is_leaky else ""
                yield f"for (i = 0; i < {width}; i++)"
                yield f"    {here}[i] = predict_{operation.function}({here}[i]{more});"
    yield f"predict_{formula.output}({here}, outputs, {width});"
