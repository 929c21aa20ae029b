"""The format "onnx": an ONNX graph, built node by node.

Its input is "inputs" [n, ...], its output "probabilities" [n, classes] or "values" [n, 1]; its
metadata have the schema as JSON, with the names of classes and columns.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tfmlp.errors import ExportError
from tfmlp.exports.formula import Activation, Dense, Formula, LayerNorm
from tfmlp.version import __version__

FILE = "model.onnx"
# The first with layer normalization, of 2022: older runtimes read it, too.
_OPSET, _IR_VERSION = 17, 8
_TYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}
# ONNX has an operator for these activations.
_OPERATORS = {
    "relu": "Relu",
    "leaky_relu": "LeakyRelu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "elu": "Elu",
    "selu": "Selu",
}


class _Graph:
    """Nodes and constants, each known by the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str | float | np.ndarray, **attributes: Any) -> str:
        """Adds a node, and returns its output's name; numbers and arrays become constants."""
        names = [one if isinstance(one, str) else self._constant(one) for one in inputs]
        output = f"{operator.lower()}_{1 + len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [output], output, **attributes))
        return output

    def _constant(self, value: float | np.ndarray) -> str:
        array = np.asarray(value)
        name = f"constant_{1 + len(self.constants)}"
        kept = array if array.dtype == np.int64 else array.astype(np.float32)
        self.constants.append(numpy_helper.from_array(kept, name))
        return name


def write(formula: Formula, folder: Path, calibration: np.ndarray | None) -> None:
    """Writes the format's files into a folder.

    Raises:
      ExportError: when the weights do not fit into one file.
    """
    model = make_onnx_model(formula)
    try:
        content = model.SerializeToString()
    except Exception:  # the error is protobuf's own, and differs from version to version
        raise ExportError(
            "an ONNX file holds at most 2 GB; these weights take more: use the format keras."
        ) from None
    (folder / FILE).write_bytes(content)


def make_onnx_model(formula: Formula) -> onnx.ModelProto:
    """Makes the ONNX model of a formula, in float32, for any number of examples."""
    graph, schema = _Graph(), formula.schema
    rows = graph.add("Cast", graph.add("Flatten", "inputs", axis=1), to=TensorProto.FLOAT)
    rows = _add_preprocessing(graph, formula, rows)
    for operation in formula.operations:
        match operation:
            case Dense():
                rows = graph.add("Gemm", rows, operation.kernel, operation.bias)
            case LayerNorm():
                arrays = operation.gamma, operation.beta
                rows = graph.add("LayerNormalization", rows, *arrays, epsilon=operation.epsilon)
            case Activation():
                rows = _add_activation(graph, operation, rows)
    rows = _add_output(graph, formula.output, rows)
    graph.nodes.append(helper.make_node("Identity", [rows], [formula.output_name]))
    shape: list[str | int | None] = ["n", *schema.feature_shape]
    inputs = helper.make_tensor_value_info("inputs", _TYPES[schema.feature_dtype], shape)
    outputs = helper.make_tensor_value_info(
        formula.output_name, TensorProto.FLOAT, ["n", formula.outputs]
    )
    model = helper.make_model(
        helper.make_graph(graph.nodes, "mlp", [inputs], [outputs], graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="tfmlp",
        producer_version=__version__,
    )
    helper.set_model_props(model, {"schema": json.dumps(schema.to_dict())})
    return model


def _add_preprocessing(graph: _Graph, formula: Formula, rows: str) -> str:
    match formula.preprocessing:
        case "scale":
            return graph.add("Div", rows, 255.0)
        case "standardize":
            return graph.add("Div", graph.add("Sub", rows, formula.mean), formula.deviation)
        case "per_image":
            rows = graph.add("Sub", rows, graph.add("ReduceMean", rows, axes=[1]))
            variance = graph.add("ReduceMean", graph.add("Mul", rows, rows), axes=[1])
            least = 1 / math.sqrt(formula.inputs)  # as reference.preprocessing
            return graph.add("Div", rows, graph.add("Max", graph.add("Sqrt", variance), least))
    return rows


def _add_activation(graph: _Graph, operation: Activation, rows: str) -> str:
    if operation.function == "gelu":
        normal = graph.add("Erf", graph.add("Mul", rows, math.sqrt(0.5)))
        return graph.add("Mul", rows, graph.add("Mul", graph.add("Add", normal, 1.0), 0.5))
    if operation.function == "swish":
        return graph.add("Mul", rows, graph.add("Sigmoid", rows))
    options = {"alpha": operation.negative_slope} if operation.function == "leaky_relu" else {}
    return graph.add(_OPERATORS[operation.function], rows, **options)


def _add_output(graph: _Graph, kind: str, rows: str) -> str:
    if kind == "values":
        return rows
    if kind == "softmax":
        return graph.add("Softmax", rows, axis=1)
    shares = graph.add("Relu", graph.add("Sigmoid", rows) if kind == "sigmoid_shares" else rows)
    sums = graph.add("ReduceSum", shares, np.array([1]))
    some = graph.add("Greater", sums, 0.0)
    quotient = graph.add("Div", shares, graph.add("Where", some, sums, 1.0))
    return graph.add("Where", some, quotient, graph.add("Softmax", rows, axis=1))
