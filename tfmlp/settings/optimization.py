"""The options that say how the weights are changed, and for how long."""

from dataclasses import dataclass

from tfmlp.knobs import Group, knob
from tfmlp.metrics import METRICS

LOSSES = (
    "auto",
    "cross_entropy",
    "binary_cross_entropy",
    "squared_error",
    "summed_squared_error",
    "half_squared_error",
)
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop")
SCHEDULES = ("constant", "linear", "exponential", "cosine", "step")
_TOWARDS_FINAL = {"schedule": ("linear", "exponential", "cosine")}
_DROPS = {"schedule": ("step",)}


@dataclass(frozen=True)
class OptimizationConfig(Group):
    """How the weights are changed, and for how long."""

    loss: str = knob(
        "auto",
        "What is minimized: cross_entropy (of softmax) and binary_cross_entropy (of sigmoids, mean"
        " over outputs) take linear outputs; squared_error is the mean over outputs,"
        " summed_squared_error their sum, half_squared_error half their mean; auto is cross_entropy"
        " for classes and squared_error for values.",
        choices=LOSSES,
    )
    label_smoothing: float = knob(
        0.0,
        "For cross_entropy: share of each label's probability that is spread evenly over all"
        " classes.",
        minimum=0,
        below=1,
        used_with={"loss": ("auto", "cross_entropy")},
    )
    class_weights: str = knob(
        "none",
        "For classes: balanced multiplies each example's loss by n / (k * count of its class), of n"
        " training examples and k classes, so that rare classes count as much as common ones.",
        choices=("none", "balanced"),
    )
    optimizer: str = knob("adam", "The update rule.", choices=OPTIMIZERS)
    learning_rate: float = knob(1e-3, "Learning rate at the start (after the warm-up).", above=0)
    momentum: float = knob(
        0.9,
        "Momentum of momentum and nesterov.",
        minimum=0,
        below=1,
        used_with={"optimizer": ("momentum", "nesterov")},
    )
    weight_decay: float = knob(
        0.004,
        "Decoupled weight decay of adamw, times the learning rate, each step.",
        minimum=0,
        used_with={"optimizer": ("adamw",)},
    )
    schedule: str = knob(
        "constant",
        "How the learning rate goes from learning_rate to final_learning_rate.",
        choices=SCHEDULES,
    )
    final_learning_rate: float = knob(
        1e-5,
        "Learning rate at the end, for linear, exponential and cosine.",
        minimum=0,
        used_with=_TOWARDS_FINAL,
    )
    schedule_by: str = knob(
        "step",
        "Whether the learning rate changes every step or every epoch.",
        choices=("step", "epoch"),
        used_with=_TOWARDS_FINAL,
    )
    drop_every: int = knob(
        10,
        "Epochs between two drops of schedule step.",
        minimum=1,
        maximum=10**6,
        used_with=_DROPS,
    )
    drop_factor: float = knob(
        0.1, "Factor of each drop of schedule step.", above=0, maximum=1, used_with=_DROPS
    )
    warmup: float = knob(
        0.0, "Epochs over which the learning rate first rises linearly from zero.", minimum=0
    )
    clip_norm: float | None = knob(
        None, "Scale all gradients together so that their global L2 norm is at most this.", above=0
    )
    batch_size: int = knob(128, "Examples per training step.", minimum=1, maximum=10**9)
    drop_remainder: bool = knob(False, "Leave out the short last batch of an epoch.")
    shuffle: bool = knob(True, "Visit the examples in a new order each epoch.")
    epochs: int = knob(10, "Passes over the training examples.", minimum=1, maximum=10**6)
    patience: int | None = knob(
        None,
        "Stop after this many epochs without a better validation metric, and return to the weights"
        " of the best epoch.",
        minimum=1,
    )
    monitor: str = knob(
        "loss", "The validation metric that names the best epoch.", choices=tuple(METRICS)
    )
    min_delta: float = knob(
        0.0, "The least change of the monitored metric that counts as better.", minimum=0
    )
    on_divergence: str = knob(
        "stop",
        "When a loss, a gradient or a weight becomes NaN or infinite: stop, or restore: roll back"
        " to the end of the epoch before and divide the learning rate by 10.",
        choices=("stop", "restore"),
    )
    max_restores: int = knob(
        3,
        "How often on_divergence restore rolls back in one run.",
        minimum=1,
        maximum=16,
        used_with={"on_divergence": ("restore",)},
    )
