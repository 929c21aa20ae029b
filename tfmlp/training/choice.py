"""Which engine and which precision a run has, where the configuration leaves it open.

The rules are from `python -m benchmarks` (docs/performance.md); they look at the network, the number of steps and the machine, and measure nothing, so that the same command on
the same machine always computes in the same way.
"""

import functools
import itertools
import math
from pathlib import Path

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.training.engine import count_steps

# XLA compiles for about a second longer than it takes to trace the graph, and then saves roughly a millisecond per step.
_XLA_PAYS_FROM = 1000  # steps in the whole run


@functools.cache
def has_fast_bfloat16() -> bool:
    """Returns whether this machine's CPU multiplies matrices of bfloat16 faster than those of float32 (Intel's AMX)."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def kernel_sizes(config: Config, data: Dataset) -> list[int]:
    """Returns the number of weights in each dense layer's kernel."""
    widths = [math.prod(data.feature_shape), *config.model.hidden_units, data.num_classes]
    return [inputs * outputs for inputs, outputs in itertools.pairwise(widths)]


def choose_precision(config: Config, data: Dataset, device: str) -> str:
    """Returns the precision that a configuration names, or for "auto" float32, or bfloat16 where that is much faster."""
    if config.runtime.precision != "auto":
        return config.runtime.precision
    return "float32"


def choose_engine(config: Config, data: Dataset, precision: str) -> str:
    """Returns the engine that a configuration names, or for "auto" the faster one.

    Args:
      config: The configuration.
      data: The dataset; rows that stay in a file are streamed.
      precision: As `choose_precision` gives it.
    """
    engine = config.runtime.engine
    if engine not in ("auto", "streaming"):
        return engine
    short = count_steps(len(data.train), config) * config.optimization.epochs < _XLA_PAYS_FROM
    program = "graph" if short or precision == "bfloat16" else "xla"
    streams = engine == "streaming" or isinstance(data.train.features, RowFile)
    return f"streaming-{program}" if streams else program
