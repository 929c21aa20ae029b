"""The proof of an export: its own runtime against the model and the float64 reference.

A float32 format may differ from the float64 reference by eight times what the reference itself
loses in float32 on the same examples (the order of sums is each runtime's own), by 1e-5 in any
case, and never by more than 1e-3. The model, where it computes in float32 or more, must be as close
to the export as two that keep this bound are to each other; where it computes in bfloat16, which
keeps 8 bits, by 2**-3. Differences are those of probabilities; those of values are relative to
the largest of them.

A quantized format is bound by what it costs: one point of accuracy (or two examples, where that is
more), or a tenth more root mean squared error.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.errors import ExportError
from tfmlp.exports import runtime
from tfmlp.exports.examples import Examples
from tfmlp.exports.expected import expected_outputs
from tfmlp.exports.formats import Format
from tfmlp.model.mlp import MLP
from tfmlp.model.prediction import is_regression, predict

_LEAST_BOUND, _MOST_BOUND, _ROUNDINGS = 1e-5, 1e-3, 8
_BFLOAT16_BOUND = 2**-3
_ACCURACY_LOST, _EXAMPLES_LOST, _RMSE_GROWN = 0.01, 2, 1.1


@dataclass(frozen=True)
class Proof:
    """What was measured of an export.

    Attributes:
      runtime: What it was loaded by, with its version.
      examples: The number of examples.
      source: What they are.
      model_difference: The largest difference to the model.
      reference_difference: The largest difference to the float64 reference.
      bound: What the latter may be; None for a quantized format.
      model_bound: What the former may be; None for a quantized format.
      metric: "accuracy" or "rmse".
      export_metric, model_metric: The metric by the export and by the model; None for made-up
        examples.
      milliseconds: For "1" and "10000" examples.
    """

    runtime: str
    examples: int
    source: str
    model_difference: float
    reference_difference: float
    bound: float | None
    model_bound: float | None
    metric: str
    export_metric: float | None
    model_metric: float | None
    milliseconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Returns the proof as plain JSON."""
        return asdict(self)


def prove(kind: Format, folder: Path, model: MLP, loss: str, examples: Examples) -> Proof:
    """Loads an export in a process of its own, and holds it against model and reference.

    Args:
      kind: The export's format.
      folder: Where it is.
      model: The model that was exported.
      loss: The name of the loss that it was trained on.
      examples: What to prove it on.

    Raises:
      ExportError: when its runtime does not take it, or it gives something else.
    """
    features = examples.features
    outputs, measured = _run(kind, folder, features)
    reference = expected_outputs(model, loss, features)
    if outputs.shape != reference.shape or not np.isfinite(outputs).all():
        raise ExportError(
            f"{measured['runtime']} gives {outputs.shape} for the model's {reference.shape}, or"
            " numbers that are not finite: the export is not what the model is, and was removed."
        )
    own = predict(model, features, loss).reshape(reference.shape).astype(np.float64)
    rounded = expected_outputs(model, loss, features, np.float32)
    unit = 1.0
    if is_regression(model):
        unit = float(np.abs(reference).max()) or 1.0
    lost = float(np.abs(rounded - reference).max()) / unit
    bound = min(_MOST_BOUND, max(_LEAST_BOUND, _ROUNDINGS * lost))
    is_short = model.compute_dtype in ("bfloat16", "float16")
    proof = Proof(
        runtime=measured["runtime"],
        examples=len(features),
        source=examples.source,
        model_difference=float(np.abs(outputs - own).max()) / unit,
        reference_difference=float(np.abs(outputs - reference).max()) / unit,
        bound=None if kind.is_quantized else bound,
        model_bound=None if kind.is_quantized else _BFLOAT16_BOUND if is_short else 2 * bound,
        metric="rmse" if is_regression(model) else "accuracy",
        export_metric=_metric(model, outputs, examples.labels),
        model_metric=_metric(model, own, examples.labels),
        milliseconds=measured["milliseconds"],
    )
    _judge(proof)
    return proof


def _run(kind: Format, folder: Path, features: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Returns the export's outputs, and what its process measured."""
    with tempfile.TemporaryDirectory() as work:
        np.save(Path(work, "features.npy"), features)
        # -P: the folder of the program, which is tfmlp's, is not on its path.
        command = [sys.executable, "-P", runtime.__file__, kind.runtime, str(folder), work]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
            raise ExportError(
                f"the runtime of {kind.name} does not take the export, which was removed:"
                f" {reason:.300}"
            )
        outputs = np.load(Path(work, "outputs.npy"), allow_pickle=False).astype(np.float64)
        return outputs, json.loads(Path(work, "result.json").read_text())


def _metric(model: MLP, outputs: np.ndarray, labels: np.ndarray | None) -> float | None:
    if labels is None:
        return None
    if is_regression(model):
        return float(np.sqrt(np.mean(np.square(outputs[:, 0] - labels))))
    return float(np.mean(outputs.argmax(axis=1) == labels))


def _judge(proof: Proof) -> None:
    for name, bound in (("reference", proof.bound), ("model", proof.model_bound)):
        difference = getattr(proof, f"{name}_difference")
        if bound is not None and difference > bound:
            raise ExportError(
                f"expected an export that differs from the {name} by at most {bound:.1g}; with"
                f" {proof.runtime} it differs by {difference:.2g}. It was removed. Inputs of very"
                " different sizes do that: train with --preprocessing standardize."
            )
    own, received = proof.model_metric, proof.export_metric
    if proof.bound is not None or own is None or received is None:
        return
    if proof.metric == "accuracy":
        lost = max(_ACCURACY_LOST, _EXAMPLES_LOST / proof.examples)
        is_bad, least = own - received > lost + 1e-9, f"an accuracy of at least {own - lost:.4f}"
    else:
        is_bad, least = received > own * _RMSE_GROWN, f"an rmse of at most {own * _RMSE_GROWN:.4g}"
    if is_bad:
        raise ExportError(
            f"expected {least}, quantized; received {received:.4g}. It was removed: use the format"
            " litert, in float32."
        )
