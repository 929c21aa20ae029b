"""Which engine and which precision a run has, where the configuration leaves it open.

The rules are from `python -m benchmarks` (docs/performance.md); they look at the network, the
number of steps and the machine, and measure nothing, so that the same command on the same machine
always computes in the same way.
"""

import functools
import itertools
import math
from pathlib import Path

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.training.engine import count_steps

# XLA compiles for a quarter of a second (small nets, SGD) to one and a half (wide ones, batch
# normalization) longer than a graph is traced, and then saves a quarter of a millisecond to six a
# step: it is ahead after 300 to 1,400 steps.
_XLA_PAYS_FROM = 1000
_LONG_UPDATES = (
    "adam",
    "adamw",
    "rmsprop",
)  # several passes over each weight, which XLA makes one of
# From so many weights on, TensorFlow's own products of float32 are faster than XLA's by more than
# XLA's fusion saves: 5 to 14 % on 2 cores.
_HUGE = 11_000_000
# From here on a product takes so much longer than the casts around it that bfloat16 pays.
_WIDE = 512  # inputs and outputs of a layer
_WIDE_SHARE = 0.8  # of all weights
_FULL_BATCH = 128
_FULL_BATCH_BESIDES = (
    512  # with dropout, batch normalization or augmentation, which XLA fuses and a graph does not
)


@functools.cache
def has_fast_bfloat16() -> bool:
    """Returns whether this machine's CPU multiplies matrices of bfloat16 faster than those of
    float32 (Intel's AMX).
    """
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def choose_precision(config: Config, data: Dataset, device: str) -> str:
    """Returns the precision that a configuration names, or for "auto" float32, or bfloat16 where it
    is much faster: wide layers, full batches, a CPU that is made for it.
    """
    if config.runtime.precision != "auto":
        return config.runtime.precision
    kernels = _kernel_shapes(config, data)
    wide = sum(math.prod(shape) for shape in kernels if min(shape) >= _WIDE) >= _WIDE_SHARE * sum(
        map(math.prod, kernels)
    )
    full = min(config.optimization.batch_size, len(data.train)) >= (
        _FULL_BATCH_BESIDES if _has_besides(config) else _FULL_BATCH
    )
    return "bfloat16" if wide and full and device == "/CPU:0" and has_fast_bfloat16() else "float32"


def choose_engine(config: Config, data: Dataset, precision: str, device: str) -> str:
    """Returns the engine that a configuration names, or for "auto" the faster one.

    XLA, but for runs too short to earn back its compilation, and for bfloat16 and huge layers,
    whose products it does not speed up. There the update alone is compiled; in a short run only if
    it is a long one.

    Args:
      config: The configuration.
      data: The dataset; rows that stay in a file are streamed.
      precision: As `choose_precision` gives it.
      device: "/CPU:0" or "/GPU:0".
    """
    engine = config.runtime.engine
    if engine not in ("auto", "streaming"):
        return engine
    short = count_steps(len(data.train), config) * config.optimization.epochs < _XLA_PAYS_FROM
    program = "xla"
    huge = (
        device == "/CPU:0"
        and sum(map(math.prod, _kernel_shapes(config, data))) >= _HUGE
        and not _has_besides(config)
    )
    if precision == "bfloat16" or (
        precision == "float32" and huge
    ):  # in bfloat16, the compiled update casts gradients by the way
        program = "hybrid"
    elif short:
        program = "hybrid" if config.optimization.optimizer in _LONG_UPDATES else "graph"
    streams = engine == "streaming" or isinstance(data.train.features, RowFile)
    return f"streaming-{program}" if streams else program


def _kernel_shapes(config: Config, data: Dataset) -> list[tuple[int, int]]:
    return list(
        itertools.pairwise(
            [math.prod(data.feature_shape), *config.model.hidden_units, data.num_classes]
        )
    )


def _has_besides(config: Config) -> bool:
    """Returns whether there is something between the products that only XLA fuses."""
    return bool(
        config.model.batch_norm or config.model.dropout or config.data.shift or config.data.invert
    )
