"""Which engine and which precision a run has, where the configuration leaves it open.

The rules are from `python -m benchmarks` (docs/performance.md); they look at the network, the
number of steps and the machine, and measure nothing, so that the same command on the same machine
always computes in the same way.
"""

import functools
import math
from pathlib import Path

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.plan import Plan

# XLA compiles for a quarter of a second (small nets, SGD) to one and a half (wide ones, batch
# normalization) longer than a graph is traced, and then saves a quarter of a millisecond to six a
# step: it is ahead after 300 to 1,400 steps.
_XLA_PAYS_FROM = 1000
# Several passes over each weight, which XLA makes one of. With fewer weights, the call of the
# compiled update takes longer than it saves (0.5 ms a step with 4,000, even with 100,000).
_LONG_UPDATES = ("adam", "adamw", "rmsprop")
_LONG_FROM = 100_000
# From so many weights on, TensorFlow's own products of float32 are faster than XLA's by more than
# XLA's fusion saves: 5 to 14 % on 2 cores.
_HUGE = 11_000_000
# From here on a product takes so much longer than the casts around it that bfloat16 pays.
_WIDE = 512  # inputs and outputs of a layer
_WIDE_SHARE = 0.8  # of all weights
_FULL_BATCH = 128
# With dropout, normalization or augmentation, which XLA fuses and a graph does not.
_FULL_BATCH_BESIDES = 512


@functools.cache
def has_fast_bfloat16() -> bool:
    """Returns whether this CPU multiplies bfloat16 faster than float32 (Intel's AMX)."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def choose_precision(config: Config, data: Dataset, plan: Plan, device: str) -> str:
    """Returns the precision that a configuration names.

    For "auto" float32, or bfloat16 where it is much faster: wide layers, full batches, a CPU that
    is made for it.
    """
    if config.runtime.precision != "auto":
        return config.runtime.precision
    shapes = plan.kernel_shapes
    wide = sum(math.prod(shape) for shape in shapes if min(shape) >= _WIDE)
    is_wide = wide >= _WIDE_SHARE * sum(map(math.prod, shapes))
    full = _FULL_BATCH if _is_plain(config, plan) else _FULL_BATCH_BESIDES
    is_full = min(config.optimization.batch_size, len(data.train)) >= full
    pays = is_wide and is_full and device == "/CPU:0" and has_fast_bfloat16()
    return "bfloat16" if pays else "float32"


def choose_engine(
    config: Config, data: Dataset, plan: Plan, precision: str, device: str, steps_per_epoch: int
) -> str:
    """Returns the engine that a configuration names, or for "auto" the faster one.

    XLA, but for runs too short to earn back its compilation, and for bfloat16 and huge layers,
    whose products it does not speed up. There the update alone is compiled; in a short run only if
    it is a long one.

    Args:
      config: The configuration.
      data: The dataset; features that stay in a file are streamed.
      plan: The network.
      precision: As `choose_precision` gives it.
      device: "/CPU:0" or "/GPU:0".
      steps_per_epoch: Steps in an epoch.
    """
    engine = config.runtime.engine
    if engine not in ("auto", "streaming"):
        return engine
    weights = sum(map(math.prod, plan.kernel_shapes))
    prefers_tensorflow = device == "/CPU:0" and weights >= _HUGE and _is_plain(config, plan)
    # In bfloat16, the compiled update casts gradients by the way.
    if precision == "bfloat16" or (precision == "float32" and prefers_tensorflow):
        program = "hybrid"
    elif steps_per_epoch * config.optimization.epochs >= _XLA_PAYS_FROM:
        program = "xla"
    else:
        is_long = config.optimization.optimizer in _LONG_UPDATES and weights >= _LONG_FROM
        program = "hybrid" if is_long else "graph"
    streams = engine == "streaming" or isinstance(data.train.features, RowFile)
    return f"streaming-{program}" if streams else program


def _is_plain(config: Config, plan: Plan) -> bool:
    """Returns whether nothing stands between the products that XLA fuses and a graph does not."""
    return plan.is_plain and not (config.data.shift or config.data.invert)
