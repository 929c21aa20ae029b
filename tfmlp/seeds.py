"""Randomness as a pure function of counters.

Nothing in tfmlp keeps the state of a random generator. What is random is computed from the seed and
from counters that say where it is used, so it does not depend on the engine, on the number of
processes, or on what was drawn before:

    generator(seed, Stream.WEIGHTS, layer)      initial weights of one layer
    row_order(seed, epoch, rows)                the order in which an epoch visits the rows
    counter_bits(...)                           dropout masks and augmentation, in NumPy and in
                                                TensorFlow alike
"""

import enum
from collections.abc import Callable
from typing import Any

import numpy as np

SEED_LIMIT = 2**32


class Stream(enum.IntEnum):
    """What a random number is for. Two streams of one seed are independent."""

    WEIGHTS = 1
    ORDER = 2
    SPLIT = 3
    DROPOUT = 4
    AUGMENTATION = 5
    SYNTHETIC = 6


def generator(seed: int, stream: Stream, index: int = 0) -> np.random.Generator:
    """Returns the NumPy generator that belongs to (seed, stream, index).

    Philox is counter-based: its key is the identity of the stream, so no two streams overlap
    (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).

    Args:
      seed: int in [0, 2**32).
      stream: What the numbers are for.
      index: int in [0, 2**32), the layer or epoch.
    """
    return np.random.Generator(np.random.Philox(key=[seed, (int(stream) << 32) | index]))


def row_order(seed: int, epoch: int, rows: int) -> np.ndarray:
    """Returns the order in which epoch `epoch` (1, 2, ...) visits the training rows: a full
    permutation, int32 [rows].
    """
    return generator(seed, Stream.ORDER, epoch).permutation(rows).astype(np.int32)


def split_order(seed: int, rows: int, part: int = 0) -> np.ndarray:
    """Returns the permutation, int64 [rows], by which rows are held out; `part` 0 cuts off
    validation rows, 1 test rows.
    """
    return generator(seed, Stream.SPLIT, part).permutation(rows)


def mix(bits: Any, shift_right: Callable[[Any, Any], Any]) -> Any:
    """Scrambles 32-bit words so that each output bit depends on each input bit.

    Two rounds of multiply and xor-shift with the constants of C. Wellons' `lowbias32` ("Prospecting
    for hash functions", 2018). Written with operators that NumPy and TensorFlow share, so that both
    compute the same bits.

    Args:
      bits: uint32 array or tensor, any shape.
      shift_right: `numpy.right_shift` or `tf.bitwise.right_shift`.

    Returns:
      uint32, the shape of `bits`.
    """
    word = np.uint32
    bits = bits ^ shift_right(bits, word(16))
    bits = bits * word(0x7FEB352D)
    bits = bits ^ shift_right(bits, word(15))
    bits = bits * word(0x846CA68B)
    return bits ^ shift_right(bits, word(16))


def stream_key(seed: int, stream: Stream, index: int = 0) -> np.uint32:
    """Returns the word that starts the hash of one stream, so that layers and purposes draw
    different bits.
    """
    with np.errstate(over="ignore"):
        key = mix(np.uint32(seed) ^ np.uint32(0x9E3779B9), np.right_shift)
        return mix(key ^ np.uint32((int(stream) << 16) + index), np.right_shift)


def column_words(key: np.uint32, count: int) -> np.ndarray:
    """Returns a word for each of a row's numbers in a stream, uint32 [count]: the part of
    `counter_bits` that is the same in every step.
    """
    with np.errstate(over="ignore"):
        return mix(np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + key, np.right_shift)


def counter_bits(
    key: Any, columns: Any, step: Any, positions: Any, shift_right: Callable[[Any, Any], Any]
) -> Any:
    """Returns random words as a function of where they are used.

    Args:
      key: `stream_key(...)` of the stream, uint32 scalar.
      columns: `column_words(...)` of it, uint32 [u].
      step: uint32 scalar, the training step, counted from 0 over the whole run.
      positions: uint32 [b], the rows' positions in the global batch.
      shift_right: `numpy.right_shift` or `tf.bitwise.right_shift`.

    Returns:
      uint32 [b, u], uniform over all words.
    """
    step_key = mix(mix(step ^ key, shift_right) + key, shift_right)
    rows = mix(positions ^ step_key, shift_right)
    return mix(rows[:, None] ^ columns[None, :], shift_right)


def keep_threshold(keep_probability: float) -> np.uint32:
    """Returns the word below which a uniform word falls with the given probability (in steps of
    2**-32).
    """
    return np.uint32(min(round(keep_probability * SEED_LIMIT), SEED_LIMIT - 1))
