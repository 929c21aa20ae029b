"""The catalog of findings: how severe each is, how it is worded, its cure, and the options that
are the cure.
"""

from dataclasses import dataclass, field
from typing import Any

from tfmlp.diagnosis.findings import Finding, Name


@dataclass(frozen=True)
class Kind:
    """What all findings of one name share.

    Attributes:
      severity: 0 to 100; causes stand above their consequences.
      text: What is wrong, with places for values, as `str.format` takes them.
      cure: What to do, with places for values.
      change: Options of `tfmlp train` that do it; None stands for a value given with each finding.
    """

    severity: int
    text: str
    cure: str
    change: dict[str, Any] = field(default_factory=dict)


KINDS = {
    Name.NAN_INPUTS: Kind(
        100,
        "some inputs are NaN or infinite",
        "remove these examples, or fill in their missing values",
    ),
    Name.SVHN_LABELS: Kind(
        99,
        "the labels run from 1 to 10 in images of SVHN's shape: in SVHN's files 10 means digit 0",
        "replace label 10 by 0 (labels % 10)",
    ),
    Name.LABELS_OFF_BY_ONE: Kind(
        99,
        "the labels run from 1 to {most}, and the model's classes from 0 to {last}",
        "subtract 1 from the labels",
    ),
    Name.LABELS_OUT_OF_RANGE: Kind(
        99,
        "the labels run from {least} to {most}; the model has {outputs} outputs, for classes 0 to"
        " {last}",
        "correct the labels or num_classes",
    ),
    Name.CONSTANT_LABELS: Kind(99, "all {what} are {value}", "check how the {what} are read"),
    Name.SOFTMAX_TWICE: Kind(
        98,
        "softmax is applied twice: the model ends with one, and the loss applies another",
        "leave the softmax out of the model, or use a loss of probabilities (from_logits=False)",
    ),
    Name.LOGITS_AS_PROBABILITIES: Kind(
        98,
        "the loss takes probabilities, and the model returns logits",
        "use from_logits=True, or end the model with a softmax",
    ),
    Name.NAN_FORWARD: Kind(
        97,
        "there are NaN or infinite values before the first step",
        "check what that operation receives: a logarithm or square root of 0, a division by 0, or"
        " an overflow",
    ),
    Name.UNSCALED_INPUTS: Kind(
        96,
        "the inputs are not scaled",
        "standardize them: --preprocessing {preprocessing}",
        {"preprocessing": None},
    ),
    Name.WRONG_GRADIENT: Kind(
        95,
        "the gradient of {variable}, and of the variables below it, is not the gradient of the"
        " loss: likely {cause}",
        "correct the custom gradient: a ReLU passes it only where its input was above 0",
    ),
    Name.UNCENTERED_INPUTS: Kind(
        94,
        "the inputs are not centered",
        "subtract the mean: --preprocessing {preprocessing}",
        {"preprocessing": None},
    ),
    Name.SMALL_INPUTS: Kind(
        94,
        "the inputs are too small after preprocessing",
        'use --preprocessing standardize (in Python: preprocessing="standardize"); or "none", if'
        ' "scale" divides by 255 what are no pixels',
        {"preprocessing": "standardize"},
    ),
    Name.SYMMETRIC_WEIGHTS: Kind(
        93,
        "the initial weights of a layer are {what}: all its units get the same gradient and stay"
        " alike",
        "use glorot_uniform or he_normal",
        {"initializer": "glorot_uniform"},
    ),
    Name.NOT_SHUFFLED: Kind(
        92,
        "the examples are sorted by class and not shuffled: each batch teaches one class, and the"
        " net forgets it with the next",
        "shuffle the examples each epoch",
        {"shuffle": True},
    ),
    Name.LEARNING_RATE_TOO_LARGE: Kind(
        90,
        "the learning rate {rate:g} is too large",
        "--learning-rate {learning_rate:.2g}",
        {"learning_rate": None},
    ),
    Name.LEARNING_RATE_TOO_SMALL: Kind(
        90,
        "the learning rate {rate:g} is too small",
        "--learning-rate {learning_rate:.2g}",
        {"learning_rate": None},
    ),
    Name.UNRELATED_LABELS: Kind(
        88,
        "the labels seem to have nothing to do with the inputs",
        "check that inputs and labels are read, shuffled and split in the same order",
    ),
    Name.PENALTY_TOO_STRONG: Kind(
        87, "the penalty on the weights is far larger than the loss", "lower --l2", {"l2": 1e-4}
    ),
    Name.TRAIN_FLAG: Kind(
        86,
        "training=True changes nothing, though the model has dropout or batch normalization",
        "pass `training` on to these layers in `call`",
    ),
    Name.LEAKAGE: Kind(
        85,
        "{percent:.1f} % of the test examples are exact copies of training examples",
        "remove duplicates before you split off the test examples",
    ),
    Name.DIVERGES: Kind(
        84,
        "the loss is not finite after {steps} steps",
        "lower the learning rate",
        {"learning_rate": None},
    ),
    Name.DROPOUT_TOO_STRONG: Kind(
        83,
        "dropout removes {percent:.0f} % of the units",
        "--dropout 0.5 or less",
        {"dropout": 0.5},
    ),
    Name.VANISHING_GRADIENTS: Kind(
        82,
        "the gradients vanish on their way to the first layers",
        "use fewer layers, relu, he_normal weights, or batch normalization",
        {"batch_norm": True},
    ),
    Name.EXPLODING_GRADIENTS: Kind(
        81,
        "the gradients are very large",
        "use smaller initial weights, scaled inputs, batch normalization, or --clip-norm 1",
        {"clip_norm": 1.0},
    ),
    Name.IMBALANCE: Kind(
        80,
        "{percent:.1f} % of the training examples are of class {label}",
        "look at F1 or balanced accuracy; weight the classes (--class-weights balanced) or resample"
        " them",
        {"class_weights": "balanced"},
    ),
    Name.MAJORITY_CLASS: Kind(
        79,
        "after {steps} steps the net predicts class {label} for {percent:.1f} % of the examples",
        "see the findings above; if there are none, change the learning rate",
    ),
    Name.SATURATED_UNITS: Kind(
        77,
        "{percent:.0f} % of the outputs of {layer} are saturated {when}",
        "scale the inputs, start with smaller weights, or lower the learning rate",
    ),
    Name.DEAD_UNITS: Kind(
        76,
        "{percent:.0f} % of the units of {layer} are dead {when}: 0 for every example",
        "scale the inputs, lower the learning rate, use he_normal weights, or use leaky_relu",
        {"activation": "leaky_relu"},
    ),
    Name.OVERFITTING: Kind(
        72,
        "the net overfits: the validation loss is lowest at epoch {epoch} and rises from there",
        "stop early (--patience 3), or use dropout, l2, augmentation, or more examples",
        {"patience": 3},
    ),
    Name.INITIAL_LOSS: Kind(
        66,
        "the loss starts at {loss:.3g}; the loss of an untrained net should be about"
        " ln({classes}) = {expected:.3g}",
        "scale the inputs, or start with smaller weights",
    ),
    Name.CANNOT_OVERFIT: Kind(
        62,
        "the net cannot fit even {count} examples",
        "something between the inputs and the loss is broken: see the findings above",
    ),
    Name.RETRACING: Kind(
        58,
        "the step was traced {traces} times for {sizes} batch sizes",
        "give it an input_signature with None for the batch size, or reduce_retracing=True",
    ),
    Name.NOT_LEARNING: Kind(
        50, "the net does not learn, and no cause was found", "train longer, or look at the data"
    ),
}

# The kinds of findings that are only likely, where they differ.
SUSPECTED = {
    Name.LABELS_OFF_BY_ONE: Kind(
        60,
        "class 0 does not occur: the labels may be counted from 1",
        "if so, subtract 1 from the labels",
    ),
}


def make_finding(name: Name, evidence: str, *, suspected: bool = False, **values: Any) -> Finding:
    """Makes a finding of a name.

    Args:
      name: Its name.
      evidence: The numbers that show it.
      suspected: Whether it is only likely.
      values: What the catalog's text, cure and change leave open, by name.
    """
    kind = SUSPECTED[name] if suspected else KINDS[name]
    change = {option: values.get(option, value) for option, value in kind.change.items()}
    text, cure = kind.text.format(**values), kind.cure.format(**values)
    return Finding(name, kind.severity, text, evidence, cure, change)
