"""`Formula`: what a model computes at inference, as a few operations on NumPy arrays.

Every format but the float64 reference is written from it. Batch normalization, the factor of the
course's dropout and the target's unit are multiplied into the dense layers beside them, in float64,
so that dense layers, layer normalization and activations are all that is left.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tfmlp import plan
from tfmlp.data.schema import Schema
from tfmlp.errors import ExportError
from tfmlp.model.mlp import MLP
from tfmlp.model.prediction import class_names, is_regression
from tfmlp.reference.normalization import BatchNormalization, LayerNormalization

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Dense:
    """x W + b, of a kernel [inputs, units] and a bias [units]."""

    kernel: Floats
    bias: Floats


@dataclass(frozen=True)
class LayerNorm:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, over the units of an example."""

    gamma: Floats
    beta: Floats
    epsilon: float


@dataclass(frozen=True)
class Activation:
    """An activation function, as `reference.activations` has it by this name."""

    function: str
    negative_slope: float


Operation = Dense | LayerNorm | Activation


@dataclass(frozen=True)
class Formula:
    """What a model computes, from raw inputs to probabilities or values.

    Attributes:
      schema: What its inputs and outputs are.
      preprocessing: "none", "scale", "standardize" or "per_image".
      mean, deviation: What "standardize" subtracts and divides by, [] or [columns].
      operations: What is done to the rows [n, d], in order.
      output: What is done at the end: "softmax", "sigmoid_shares", "shares" or "values" (nothing).
    """

    schema: Schema
    preprocessing: str
    mean: Floats
    deviation: Floats
    operations: tuple[Operation, ...]
    output: str

    @property
    def inputs(self) -> int:
        """The number of raw features of an example."""
        return int(np.prod(self.schema.feature_shape))

    @property
    def outputs(self) -> int:
        """One per class, 1 for regression."""
        return self.widths[-1]

    @property
    def output_name(self) -> str:
        """What the formats call their outputs [n, k]."""
        return "values" if self.output == "values" else "probabilities"

    @property
    def widths(self) -> list[int]:
        """The number of features, and then the units of each dense layer."""
        dense = [one for one in self.operations if isinstance(one, Dense)]
        return [self.inputs, *(len(one.bias) for one in dense)]


def make_formula(model: MLP, loss: str) -> Formula:
    """Makes the formula of a model.

    Args:
      model: A built model.
      loss: The name of the loss that it was trained on, which says what its outputs mean.

    Raises:
      ExportError: when the model is not built.
    """
    if model.plan is None or model.feature_shape is None:
        raise ExportError(
            "expected a model with weights; this MLP is not built yet: train it, or call build."
        )
    weights = weights_of(model)
    mean, deviation = weights.get("preprocessing/mean"), weights.get("preprocessing/deviation")
    return Formula(
        schema_of(model),
        model.preprocess.kind,
        np.zeros(()) if mean is None else mean,
        np.ones(()) if deviation is None else deviation,
        tuple(_operations(model, model.plan, weights)),
        output_of(model, loss),
    )


def weights_of(model: MLP) -> dict[str, Floats]:
    """Returns a model's weights in float64, by name ("dense_1/kernel")."""
    return {
        variable.path.removeprefix(f"{model.name}/"): np.asarray(variable.numpy(), np.float64)
        for variable in model.weights
    }


def schema_of(model: MLP) -> Schema:
    """Returns a model's schema; for one made by hand, what can be known of it."""
    if model.schema is not None:
        return model.schema
    assert model.feature_shape is not None
    names = () if is_regression(model) else class_names(model)
    task = "classification" if names else "regression"
    return Schema(task, model.feature_shape, "float32", class_names=names)


def output_of(model: MLP, loss: str) -> str:
    """Returns what makes probabilities of a model's outputs, as `model.prediction` does it."""
    assert model.plan is not None
    if is_regression(model):
        return "values"
    if isinstance(model.plan.layers[-1], plan.Activation):
        return "shares"
    kinds = {"binary_cross_entropy": "sigmoid_shares", "cross_entropy": "softmax"}
    return kinds.get("cross_entropy" if loss == "auto" else loss, "shares")


def _operations(
    model: MLP, described: plan.Plan, weights: dict[str, Floats]
) -> Iterator[Operation]:
    """Yields the operations; a dense layer waits for what is multiplied into it."""
    dense: Dense | None = None
    factor = 1.0
    for spec in described.layers:
        if isinstance(spec, plan.BatchNorm):
            assert dense is not None  # it follows one
            dense = _normalized(dense, *_four(weights, spec.name))
            continue
        if isinstance(spec, plan.Dropout):
            factor = 1.0 - spec.rate if spec.form == "course" else 1.0
            continue
        if dense is not None:
            yield dense
            dense = None
        if isinstance(spec, plan.Dense):
            bias = weights.get(f"{spec.name}/bias", np.zeros(spec.units))
            dense, factor = Dense(weights[f"{spec.name}/kernel"] * factor, bias), 1.0
        elif isinstance(spec, plan.LayerNorm):
            gamma, beta = weights[f"{spec.name}/gamma"], weights[f"{spec.name}/beta"]
            yield LayerNorm(gamma, beta, LayerNormalization.epsilon)
        elif spec.function != "linear":
            yield Activation(spec.function, spec.negative_slope)
    if model.target_scale is not None:
        unit, mean = weights["target_scale/deviation"], weights["target_scale/mean"]
        # Behind an activation, the unit takes a dense layer of its own.
        last = dense or Dense(np.eye(model.num_classes), np.zeros(model.num_classes))
        dense = replace(last, kernel=last.kernel * unit, bias=last.bias * unit + mean)
    if dense is not None:
        yield dense


def _four(weights: dict[str, Floats], name: str) -> tuple[Floats, Floats, Floats, Floats]:
    gamma, beta = weights[f"{name}/gamma"], weights[f"{name}/beta"]
    return gamma, beta, weights[f"{name}/moving_mean"], weights[f"{name}/moving_variance"]


def _normalized(dense: Dense, gamma: Floats, beta: Floats, mean: Floats, variance: Floats) -> Dense:
    """Returns a dense layer and the batch normalization behind it as one."""
    factor = gamma / np.sqrt(variance + BatchNormalization.epsilon)
    return Dense(dense.kernel * factor, (dense.bias - mean) * factor + beta)
