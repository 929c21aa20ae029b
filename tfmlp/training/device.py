"""The device and the threads that TensorFlow computes with."""

import warnings

import tensorflow as tf

from tfmlp.errors import ConfigError, TfmlpWarning
from tfmlp.settings.runtime import RuntimeConfig


def choose_device(config: RuntimeConfig) -> str:
    """Sets the number of threads and returns the device's name, "/GPU:0" or "/CPU:0".

    Raises:
      ConfigError: when a GPU is asked for and there is none.
    """
    threading, threads = tf.config.threading, config.threads
    if threads is not None and threading.get_intra_op_parallelism_threads() != threads:
        try:
            threading.set_intra_op_parallelism_threads(threads)
            threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:
            warnings.warn(
                "threads is ignored: TensorFlow has already started in this process.",
                TfmlpWarning,
                stacklevel=2,
            )
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    if config.device == "gpu" and not has_gpu:
        raise ConfigError(
            "device gpu: TensorFlow sees no GPU here. Use --device cpu, or install tfmlp[gpu] on a"
            " machine that has one."
        )
    return "/GPU:0" if has_gpu and config.device != "cpu" else "/CPU:0"
