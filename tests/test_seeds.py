"""Random numbers as functions of counters."""

import numpy as np
import pytest

from tfmlp import seeds

SHIFT = np.right_shift


@pytest.fixture(autouse=True)
def words_wrap_around():
    with np.errstate(over="ignore"):
        yield


def bits(seed=0, stream=seeds.Stream.DROPOUT, index=0, step=0, rows=512, columns=256):
    key = seeds.stream_key(seed, stream, index)
    positions = np.arange(rows, dtype=np.uint32)
    return seeds.counter_bits(
        key, seeds.column_words(key, columns), np.uint32(step), positions, SHIFT
    )


def test_an_order_is_a_permutation_and_depends_on_seed_and_epoch_only():
    order = seeds.row_order(3, 1, 1000)
    assert order.dtype == np.int32 and np.array_equal(np.sort(order), np.arange(1000))
    assert np.array_equal(order, seeds.row_order(3, 1, 1000))
    for other in (seeds.row_order(3, 2, 1000), seeds.row_order(4, 1, 1000)):
        assert (order == other).mean() < 0.02


def test_streams_of_one_seed_differ():
    drawn = {stream: seeds.generator(0, stream).integers(2**60) for stream in seeds.Stream}
    assert len(set(drawn.values())) == len(drawn)
    of_another_layer = seeds.generator(0, seeds.Stream.WEIGHTS, 1).integers(2**60)
    assert of_another_layer != drawn[seeds.Stream.WEIGHTS]


def test_mixing_loses_no_word():
    words = np.arange(2**16, dtype=np.uint32) * np.uint32(65537)
    assert len(np.unique(seeds.mix(words, SHIFT))) == len(words)


def test_masks_have_the_mean_and_variance_of_coin_tosses():
    keep = bits() < seeds.keep_threshold(0.8)
    # The sum of n tosses is within 5 standard deviations, over all, over each row and over each
    # column.
    for axis in (None, 0, 1):
        count = keep.size if axis is None else keep.shape[axis]
        standard_deviation = np.sqrt(0.8 * 0.2 / count)
        assert np.abs(keep.mean(axis=axis) - 0.8).max() < 5 * standard_deviation
    assert keep.mean(axis=1).var() == pytest.approx(0.8 * 0.2 / keep.shape[1], rel=0.3)
    assert keep.mean(axis=0).var() == pytest.approx(0.8 * 0.2 / keep.shape[0], rel=0.4)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"index": 1},
        {"step": 1},
        {"step": 2**20},
        {"stream": seeds.Stream.AUGMENTATION},
    ],
)
def test_masks_of_another_seed_layer_step_or_purpose_are_independent(change):
    one, other = (part < seeds.keep_threshold(0.5) for part in (bits(), bits(**change)))
    agreement = (one == other).mean()
    assert abs(agreement - 0.5) < 5 * 0.5 / np.sqrt(one.size)


def test_examples_and_units_are_independent_of_their_neighbors():
    keep = bits(rows=1024, columns=512) < seeds.keep_threshold(0.5)
    for distance in (1, 2, 3, 16, 128, 256):
        examples = keep[distance:], keep[:-distance]
        units = keep[:, distance:], keep[:, :-distance]
        for one, other in (examples, units):
            assert abs((one == other).mean() - 0.5) < 5 * 0.5 / np.sqrt(one.size)
    # Four corners of a rectangle: a hash of example and unit that only added two hashes would
    # fail here.
    corners = keep[:-1, :-1] ^ keep[1:, :-1] ^ keep[:-1, 1:] ^ keep[1:, 1:]
    assert abs(corners.mean() - 0.5) < 5 * 0.5 / np.sqrt(corners.size)


def test_words_are_uniform():
    counts = np.bincount((bits() >> np.uint32(24)).ravel(), minlength=256)
    chi_square = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    assert chi_square < 255 + 5 * np.sqrt(2 * 255)


def test_numpy_and_tensorflow_compute_the_same_bits():
    import tensorflow as tf

    key = seeds.stream_key(9, seeds.Stream.DROPOUT, 2)
    columns, rows = seeds.column_words(key, 33), np.arange(17, dtype=np.uint32)
    expected = seeds.counter_bits(key, columns, np.uint32(123), rows, SHIFT)
    for compiled in (False, True):

        @tf.function(jit_compile=compiled)
        def draw(step):
            words = tf.constant(columns), tf.cast(step, tf.uint32), tf.constant(rows)
            return seeds.counter_bits(key, *words, tf.bitwise.right_shift)

        assert np.array_equal(draw(tf.constant(123, tf.int64)).numpy(), expected)
