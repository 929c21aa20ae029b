"""The options that say on what a training computes, and with which random numbers."""

from dataclasses import dataclass

from tfmlp.knobs import Group, knob
from tfmlp.seeds import SEED_LIMIT

BACKENDS = ("tensorflow", "numpy", "numeric")
PROGRAMS = ("graph", "hybrid", "xla")
ENGINES = ("auto", *PROGRAMS, "streaming", *(f"streaming-{name}" for name in PROGRAMS))
PRECISIONS = ("auto", "float32", "float64", "bfloat16")
_TENSORFLOW = {"backend": ("tensorflow",)}


@dataclass(frozen=True)
class RuntimeConfig(Group):
    """On what, and with which random numbers."""

    seed: int = knob(
        0,
        "Decides initial weights, order of examples, dropout, augmentation and what is held out.",
        minimum=0,
        maximum=SEED_LIMIT - 1,
    )
    backend: str = knob(
        "tensorflow",
        "What computes: TensorFlow, the NumPy reference, or the reference with numerical"
        " differentiation.",
        choices=BACKENDS,
    )
    engine: str = knob(
        "auto",
        "graph, hybrid (graph, with the update compiled) and xla keep the data in memory and run an"
        " epoch as one call; streaming reads pieces through tf.data; auto chooses.",
        choices=ENGINES,
        used_with=_TENSORFLOW,
    )
    precision: str = knob(
        "auto",
        "Data type of the arithmetic. bfloat16 is for the matrix products of hidden layers alone:"
        " weights, logits and losses stay float32. auto is float32, or bfloat16 for wide layers"
        " where the machine multiplies it faster.",
        choices=PRECISIONS,
    )
    device: str = knob(
        "auto",
        "Where to compute; auto takes a GPU when TensorFlow sees one.",
        choices=("auto", "cpu", "gpu"),
        used_with=_TENSORFLOW,
    )
    checkpoint_steps: int | None = knob(
        None, "Also save a checkpoint after every so many steps, within epochs, too.", minimum=1
    )
    checkpoint_minutes: float | None = knob(
        None,
        "Also save a checkpoint when the last one is so many minutes old, within epochs, too.",
        above=0,
    )
    keep_checkpoints: int = knob(
        2,
        "How many of the last checkpoints are kept; the best one is kept besides.",
        minimum=1,
        maximum=1000,
    )
    threads: int | None = knob(
        None,
        "Threads for TensorFlow's operations; without it, one a core.",
        minimum=1,
        maximum=1024,
        used_with=_TENSORFLOW,
    )
