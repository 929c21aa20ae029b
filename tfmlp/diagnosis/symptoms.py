"""What can be wrong with a training: each symptom is a function from a `Probe` (or from the data
alone) to findings.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.diagnosis.probe import LayerView, Probe, ShortTraining

_ROWS = 20_000  # of data that are looked at
_RECTIFIERS = ("relu", "leaky_relu", "elu", "selu", "gelu", "swish", "silu")


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or may be.

    Attributes:
      name: A short name, such as "unscaled_inputs".
      severity: 0 to 100; causes stand above their consequences.
      text: What is wrong.
      evidence: The numbers that show it.
      cure: What to do.
      change: Options of `tfmlp train` that do it.
    """

    name: str
    severity: int
    text: str
    evidence: str
    cure: str
    change: dict[str, Any] = field(default_factory=dict)


# --- the data


def data_findings(
    features: np.ndarray,
    labels: np.ndarray,
    test: tuple[np.ndarray, np.ndarray] | None,
    outputs: int,
    shuffle: bool,
    classes: bool,
) -> Iterator[Finding]:
    """Looks at what is trained on."""
    rows = features[:_ROWS]
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        bad = int((~np.isfinite(rows).reshape(len(rows), -1).all(axis=1)).sum())
        yield Finding(
            "nan_inputs",
            100,
            "some inputs are NaN or infinite",
            f"{bad} of {len(rows):,} rows",
            "remove or fill these rows",
        )
    if classes:
        yield from _label_findings(labels, outputs)
        counts = np.bincount(labels[labels >= 0].astype(int))
        share, most = counts.max() / counts.sum(), int(counts.argmax())
        if (counts > 0).sum() > 1 and share > 0.7:
            yield Finding(
                "imbalance",
                78,
                f"{100 * share:.1f} % of the training rows are of class {most}",
                f"telling class {most} of everything is right that often; accuracy says little",
                "look at F1 or balanced accuracy; weight or resample the classes",
            )
        changes = float(np.mean(labels[1:] != labels[:-1])) if len(labels) > 1 else 1.0
        expected = 1 - float(np.sum((counts / counts.sum()) ** 2))
        if not shuffle and changes < 0.5 * expected:
            yield Finding(
                "not_shuffled",
                92,
                "the rows are ordered by class and not shuffled: each batch teaches one class, and"
                " the next one forgets it",
                f"{100 * changes:.1f} % of neighbors differ in class; {100 * expected:.0f} % would"
                " by chance",
                "shuffle the rows each epoch",
                {"shuffle": True},
            )
        if len(np.unique(labels)) > 1 and np.isfinite(rows.astype(np.float32)).all():
            yield from _unrelated_labels(features, labels)
    elif len(np.unique(labels)) == 1:
        yield Finding(
            "constant_labels",
            99,
            f"all targets are {labels[0]:g}",
            f"{len(labels):,} rows",
            "check the column that is read as the target",
        )
    if test is not None and len(test[0]):
        shared = _shared_rows(features, test[0])
        if shared > 0.01:
            yield Finding(
                "leakage",
                85,
                f"{100 * shared:.1f} % of the test rows are training rows, exactly",
                "test figures come out better than on new data",
                "remove duplicates before cutting off test rows",
            )


def _label_findings(labels: np.ndarray, outputs: int) -> Iterator[Finding]:
    least, most = int(labels.min()), int(labels.max())
    if least == most:
        yield Finding(
            "constant_labels",
            99,
            f"all training labels are {least}",
            f"{len(labels):,} rows, one class",
            "check how the labels are read",
        )
    elif least == 1 and most == outputs:
        yield Finding(
            "labels_off_by_one",
            99,
            f"labels run from 1 to {most}, and the model's classes from 0 to {outputs - 1}",
            f"class {most} has no output",
            "subtract 1 from the labels",
        )
    elif least < 0 or most >= outputs:
        yield Finding(
            "labels_out_of_range",
            99,
            f"labels run from {least} to {most}; the model has {outputs} outputs, for 0 to"
            f" {outputs - 1}",
            f"{int(((labels < 0) | (labels >= outputs)).sum()):,} rows",
            "correct the labels or num_classes",
        )
    elif least == 1 and outputs > 2:
        yield Finding(
            "labels_off_by_one",
            60,
            "class 0 does not occur: labels may be counted from 1",
            f"labels run from 1 to {most}",
            "if so, subtract 1 from the labels",
        )


def _unrelated_labels(features: np.ndarray, labels: np.ndarray) -> Iterator[Finding]:
    """A nearest neighbor knows nothing of a row's label: labels and rows do not belong together."""
    chosen = np.random.default_rng(0).permutation(len(labels))[:3000]
    if len(chosen) < 200:
        return
    rows = features[chosen].reshape(len(chosen), -1).astype(np.float32)
    rows = (rows - rows.mean(0)) / (rows.std(0) + 1e-3)
    rows -= rows.mean(1, keepdims=True)
    half = len(rows) // 2
    one, other, ours = rows[:half], rows[half : 2 * half], labels[chosen]
    distances = (other**2).sum(1)[None] - 2 * one @ other.T
    right = float(np.mean(ours[half : 2 * half][distances.argmin(1)] == ours[:half]))
    shares = np.bincount(ours.astype(int) - int(ours.min())) / len(ours)
    chance = float(np.sum(shares**2))
    if right < chance + 3 * np.sqrt(chance * (1 - chance) / half) and shares.max() < 0.7:
        yield Finding(
            "unrelated_labels",
            88,
            "the labels seem to have nothing to do with the inputs",
            f"a row's nearest neighbor has its label in {100 * right:.1f} % of cases, and"
            f" {100 * chance:.1f} % would by chance",
            "check that inputs and labels are read, shuffled and cut in the same order",
        )


def _shared_rows(train: np.ndarray, test: np.ndarray) -> float:
    def digest(row):
        return hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=16).digest()

    known = {digest(row) for row in train[:60_000]}
    return float(np.mean([digest(row) in known for row in test[:10_000]]))


# --- the model before training


def input_findings(views: list[LayerView], images: tuple[int, ...]) -> Iterator[Finding]:
    """Looks at what the first dense layer is given."""
    first = next((view for view in views if view.kind in ("Dense", "SeededDense")), None)
    if first is None or not np.isfinite(first.inputs).all():
        return
    largest, mean, deviation = (
        float(np.abs(first.inputs).max()),
        float(first.inputs.mean()),
        float(first.inputs.std()),
    )
    column = np.sqrt(np.mean(first.inputs**2, axis=0))
    kind = "per_image" if len(images) == 3 and images[-1] == 3 else "standardize"
    seen = (
        f"the first dense layer sees a mean of {mean:.4g}, a deviation of {deviation:.4g}, and up"
        f" to {largest:.4g}"
    )
    if largest > 20 and (deviation > 10 or column.max() > 50):
        yield Finding(
            "unscaled_inputs",
            96,
            "the inputs are not scaled",
            seen,
            f"standardize them: --preprocessing {kind}",
            {"preprocessing": kind},
        )
    elif abs(mean) > 4 * max(deviation, 1e-6) or abs(mean) > 5:
        yield Finding(
            "uncentered_inputs",
            94,
            "the inputs are not centered",
            seen,
            f"subtract the mean: --preprocessing {kind}",
            {"preprocessing": kind},
        )


def output_findings(
    probe: Probe, views: list[LayerView], logits: bool, classes: int
) -> Iterator[Finding]:
    """Looks at outputs and loss before the first step."""
    outputs, losses = probe.outputs(), probe.losses()
    if classes > 1:
        probabilities = outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
        if logits and probabilities:
            yield Finding(
                "softmax_twice",
                98,
                "softmax is applied twice: the model ends with one, and the loss applies another",
                "every row of outputs sums to 1, and the loss takes logits",
                "leave the softmax out of the model, or use a loss of probabilities"
                " (from_logits=False)",
            )
        elif not logits and not probabilities:
            yield Finding(
                "logits_as_probabilities",
                98,
                "the loss takes probabilities, and the model returns logits",
                f"outputs run from {outputs.min():.3g} to {outputs.max():.3g}; rows sum to"
                f" {outputs.sum(1).min():.3g} to {outputs.sum(1).max():.3g}",
                "use from_logits=True, or end the model with a softmax",
            )
        elif np.isfinite(losses).all() and losses.mean() > 2.5 * np.log(classes) + 0.5:
            yield Finding(
                "initial_loss",
                66,
                f"the loss starts at {losses.mean():.3g}; a net that knows nothing should have"
                f" about ln({classes}) = {np.log(classes):.3g}",
                "the first outputs are far too large",
                "scale the inputs, or start with smaller weights",
            )
    bad = next((view for view in views if not np.isfinite(view.outputs).all()), None)
    if bad is not None or not np.isfinite(losses).all():
        where = (
            f"layer {bad.name} ({bad.kind}) is the first to produce them, from inputs"
            f" {'that are finite' if np.isfinite(bad.inputs).all() else 'that already are NaN'}"
            if bad
            else "the loss is the first to produce them"
        )
        yield Finding(
            "nan_forward",
            97,
            "NaN or infinity before the first step",
            where,
            "look at what that operation is given: a logarithm or a root of 0, a division by 0, an"
            " overflow",
        )


def layer_findings(views: list[LayerView], when: str) -> Iterator[Finding]:
    """Looks at the layers' units: dead, saturated, all alike."""
    views = [view for view in views if np.isfinite(view.outputs).all()]
    head = next((view for view in reversed(views) if view.kind == "Dense"), None)
    others = ("Preprocessing", "Dropout", "Flatten", "InputLayer", "Rescaling", "Normalization")
    activations = [view for view in views[:-1] if view is not head and view.kind not in others]
    for view in activations:
        units = view.outputs
        dead = float(np.mean((units == 0).all(axis=0)))
        if dead > 0.5 and units.min() >= 0:
            yield Finding(
                "dead_units",
                76,
                f"{100 * dead:.0f} % of the units of {view.name} are dead {when}: 0 for every row",
                f"{round(dead * units.shape[1])} of {units.shape[1]} units, {len(units)} rows",
                "scale the inputs, lower the learning rate, use he_normal weights, or leaky_relu",
                {"activation": "leaky_relu"},
            )
            break
    for view in activations:
        units, low, high = view.outputs, view.outputs.min(), view.outputs.max()
        bounded = high <= 1.0001 and (low >= -1.0001) and high > 0.9
        if bounded and (view.kind == "Dense" or view.inputs.shape == view.outputs.shape):
            center, reach = (0.5, 0.5) if low >= 0 else (0.0, 1.0)
            saturated = float(np.mean(np.abs(units - center) > 0.99 * reach))
            if saturated > 0.6 and not np.isin(units, (0.0, 1.0)).all():
                yield Finding(
                    "saturated_units",
                    77,
                    f"{100 * saturated:.0f} % of the outputs of {view.name} are saturated {when}",
                    "within 1 % of their bounds, where the slope is nearly 0; its inputs deviate"
                    f" by {view.inputs.std():.3g}",
                    "scale the inputs, start with smaller weights, or lower the learning rate",
                )
                break


def weight_findings(model: keras.Model) -> Iterator[Finding]:
    """Looks at the initial weights."""
    kernels = [
        np.asarray(v) for v in model.trainable_variables if len(v.shape) == 2 and v.shape[1] > 1
    ]
    alike = [kernel for kernel in kernels[:-1] or kernels if np.all(kernel == kernel[:, :1])]
    if alike:
        what = "all zero" if not alike[0].any() else "the same in every unit"
        yield Finding(
            "symmetric_weights",
            93,
            f"the initial weights of a layer are {what}: all its units get the same gradient and"
            " stay alike",
            f"{len(alike)} of {len(kernels)} kernels",
            "use glorot_uniform or he_normal",
            {"initializer": "glorot_uniform"},
        )


def gradient_findings(model: keras.Model, gradients: list[np.ndarray]) -> Iterator[Finding]:
    """Looks at the size of the gradients, layer by layer."""
    kernels = [
        (v, g)
        for v, g in zip(model.trainable_variables, gradients, strict=True)
        if len(v.shape) == 2
    ]
    sizes = [float(np.sqrt(np.mean(g**2))) for _, g in kernels]
    if len(sizes) < 2 or not np.isfinite(sizes).all():
        return
    shown = ", ".join(f"{size:.1e}" for size in sizes)
    if sizes[-1] > 0 and sizes[0] < 1e-4 * sizes[-1]:
        yield Finding(
            "vanishing_gradients",
            82,
            "the gradients vanish on their way to the first layers",
            f"root mean square from the first kernel to the last: {shown}",
            "fewer layers, relu, he_normal weights, batch normalization",
            {"batch_norm": True},
        )
    elif max(sizes) > 50:
        yield Finding(
            "exploding_gradients",
            81,
            "the gradients are very large",
            f"root mean square from the first kernel to the last: {shown}",
            "smaller initial weights, scaled inputs, batch normalization, --clip-norm 1",
            {"clip_norm": 1.0},
        )


def flag_findings(probe: Probe) -> Iterator[Finding]:
    """A model with dropout or batch normalization that is the same in training as at inference."""
    layers = [layer for layer in probe.model._flatten_layers(include_self=False)]
    random = [
        layer for layer in layers if isinstance(layer, keras.layers.Dropout) and layer.rate > 0
    ]
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not random and not norms:
        return
    if np.array_equal(probe.outputs(training=True), probe.outputs(training=False)):
        names = ", ".join(layer.name for layer in (random + norms)[:3])
        yield Finding(
            "train_flag",
            86,
            "training=True changes nothing, though the model has dropout or batch normalization",
            f"outputs for {names} are the same, bit for bit",
            "pass `training` on to these layers in `call`",
        )
    probe.restore()


def slope_findings(
    probe: Probe, gradients: list[np.ndarray], views: list[LayerView]
) -> Iterator[Finding]:
    """Holds the gradients against differences of the loss along them: a custom derivative may be
    wrong.
    """
    layers = probe.model._flatten_layers(include_self=False)
    if any(
        isinstance(layer, keras.layers.Dropout | keras.layers.BatchNormalization)
        for layer in layers
    ):
        return  # another mask, or other statistics, at every look
    variables = probe.model.trainable_variables
    wrong = []
    for index, (variable, gradient) in enumerate(zip(variables, gradients, strict=True)):
        norm = float(np.linalg.norm(gradient))
        if len(variable.shape) != 2 or not np.isfinite(norm) or norm < 1e-4:
            continue
        direction = gradient / norm
        measured = [
            probe.slope_along(index, direction, size)
            for size in (3e-2 / max(norm, 1.0), 1e-2 / max(norm, 1.0))
        ]
        if (
            all(abs(value - norm) > 0.1 * max(norm, abs(value)) for value in measured)
            and abs(measured[0] - measured[1]) < 0.05 * norm
        ):
            wrong.append((index, norm, measured[1]))
    if wrong:
        index, norm, measured = wrong[-1]
        above = [view for view in views if view.kind != "Preprocessing"]
        rectified = any(
            view.outputs.min() >= 0 and (view.outputs == 0).mean() > 0.05 for view in above[:-1]
        )
        cause = (
            "the mask of its ReLU is missing"
            if rectified
            else "the derivative of an activation is wrong"
        )
        yield Finding(
            "wrong_gradient",
            95,
            f"the gradient of {variables[index].path} (and of what lies below it) is not that of"
            f" the loss: likely {cause}",
            f"along the gradient the loss rises by {measured:.4g}; the gradient says {norm:.4g}",
            "correct the custom gradient: a ReLU passes it only where its input was above 0",
        )


# --- a few steps of training


def training_findings(
    probe: Probe, run: ShortTraining, classes: int, labels: np.ndarray
) -> Iterator[Finding]:
    """Looks at what a short training did."""
    if run.non_finite:
        yield Finding(
            "diverges",
            84,
            f"the loss is not finite after {run.non_finite} steps",
            f"losses {', '.join(f'{v:.3g}' for v in run.losses[-4:])} with learning rate"
            f" {probe.learning_rate:g}",
            "lower the learning rate",
            {"learning_rate": probe.learning_rate / 10},
        )
        return
    if classes > 1:
        outputs = probe.outputs()
        told = np.bincount(outputs.argmax(axis=1), minlength=classes) / len(outputs)
        most = int(told.argmax())
        share = float(np.mean(labels == most))
        if told[most] > 0.95 and share < 0.9:
            yield Finding(
                "majority_class",
                80,
                f"after {len(run.losses)} steps the net predicts class {most} for"
                f" {100 * told[most]:.0f} % of the rows",
                f"class {most} is {100 * share:.2f} % of the training rows, and that is its"
                " accuracy",
                "see the findings above; if there are none, the learning rate",
            )


def rate_findings(
    probe: Probe, learned: bool, losses: list[float], suggested: float | None, breaks: float | None
) -> Iterator[Finding]:
    """Holds the learning rate against a range test."""
    rate = probe.learning_rate
    if suggested is None:
        return
    known = f"a range test suggests about {suggested:.2g}" + (
        f", and breaks down at {breaks:.2g}" if breaks else ""
    )
    # A net can tell digits apart while its loss explodes: then the steps are too large all the
    # same.
    exploded = rate > 10 * suggested and max(losses) > 5 * losses[0]
    if exploded or (breaks and rate >= breaks and (not learned or rate >= 10 * breaks)):
        known += (
            f"; the loss started at {losses[0]:.4g} and rose to {max(losses):.4g}"
            if exploded
            else ""
        )
        yield Finding(
            "learning_rate_too_large",
            90,
            f"the learning rate {rate:g} is too large",
            known,
            f"--learning-rate {suggested:.2g}",
            {"learning_rate": float(f"{suggested:.2g}")},
        )
    elif not learned and rate <= suggested / 30:
        yield Finding(
            "learning_rate_too_small",
            90,
            f"the learning rate {rate:g} is too small",
            f"the loss fell from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} steps;"
            f" {known}",
            f"--learning-rate {suggested:.2g}",
            {"learning_rate": float(f"{suggested:.2g}")},
        )


def penalty_findings(probe: Probe) -> Iterator[Finding]:
    """Looks at penalties and dropout."""
    penalty = (
        float(sum(float(value) for value in probe.model.losses)) if probe.model.losses else 0.0
    )
    loss = float(probe.losses().mean())
    if penalty > 5 * max(loss, 1e-6):
        yield Finding(
            "penalty_too_strong",
            87,
            "the penalty on the weights is far larger than the loss",
            f"penalty {penalty:.4g}, loss {loss:.4g}",
            "lower --l2",
            {"l2": 1e-4},
        )
    rates = [
        layer.rate
        for layer in probe.model._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.Dropout)
    ]
    if rates and max(rates) >= 0.85:
        yield Finding(
            "dropout_too_strong",
            83,
            f"dropout takes {100 * max(rates):.0f} % of the units",
            "hardly anything of a row gets through",
            "--dropout 0.5 or less",
            {"dropout": 0.5},
        )


def history_findings(history: list[dict[str, Any]]) -> Iterator[Finding]:
    """Looks at the epochs of a run."""
    epochs = [epoch for epoch in history if "validation" in epoch]
    if len(epochs) < 4:
        return
    validation = [epoch["validation"]["loss"] for epoch in epochs]
    best = int(np.argmin(validation))
    last = epochs[-1]
    if (
        best < 0.7 * len(epochs)
        and validation[-1] > 1.15 * validation[best]
        and last["train"]["loss"] < 0.6 * validation[-1]
    ):
        yield Finding(
            "overfitting",
            72,
            f"the net over-fits: the validation loss is best at epoch {epochs[best]['epoch']} and"
            " rises from there",
            f"validation loss {validation[best]:.4g} then, {validation[-1]:.4g} now; training loss"
            f" {last['train']['loss']:.4g}",
            "stop early (--patience 3), dropout, l2, augmentation, more rows",
            {"patience": 3},
        )


def retracing_findings(step: Any, features: np.ndarray, labels: np.ndarray) -> Iterator[Finding]:
    """Calls somebody's `tf.function` step with three sizes of batch."""
    counter = getattr(step, "experimental_get_tracing_count", None)
    if counter is None:
        return
    for size in (7, 6, 5):
        step(tf.constant(features[:size]), tf.constant(labels[:size]))
    if counter() > 2:
        yield Finding(
            "retracing",
            58,
            f"the step was traced {counter()} times for {3} sizes of batch",
            "each trace takes longer than many steps",
            "give it an input_signature with None for the batch, or reduce_retracing=True",
        )
