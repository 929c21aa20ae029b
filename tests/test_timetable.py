"""Which examples and which learning rate each step of a run has."""

import numpy as np
import pytest

from tfmlp import Config, seeds
from tfmlp.errors import ConfigError
from tfmlp.training.timetable import Timetable, learning_rates


def timetable(count=330, rate_factor=1.0, **options):
    config = Config.from_options(**{"batch_size": 100, "epochs": 2, "seed": 5} | options)
    return Timetable(config, count, rate_factor)


@pytest.mark.parametrize(
    ("options", "steps", "seen"),
    [
        ({}, 4, [0, 100, 200, 300, 330]),
        ({"drop_remainder": True}, 3, [0, 100, 200, 300]),
        ({"batch_size": 1000}, 1, [0, 330]),
        ({"batch_size": 110}, 3, [0, 110, 220, 330]),
        ({"batch_size": 110, "drop_remainder": True}, 3, [0, 110, 220, 330]),
    ],
)
def test_steps_and_the_examples_that_they_see(options, steps, seen):
    table = timetable(**options)
    assert table.steps_per_epoch == steps
    assert [table.seen(step) for step in range(steps + 1)] == seen


def test_the_batches_of_an_epoch_are_its_order():
    table = timetable()
    for epoch in (1, 2):
        order = table.order(epoch)
        assert np.array_equal(order, seeds.row_order(5, epoch, 330))
        batches = [table.batch(epoch, step) for step in range(table.steps_per_epoch)]
        assert [len(batch) for batch in batches] == [100, 100, 100, 30]
        assert np.array_equal(np.concatenate(batches), order)
        assert np.array_equal(table.batches(order, 3), batches[3])


def test_without_shuffling_the_order_is_that_of_the_file():
    table = timetable(shuffle=False)
    assert np.array_equal(table.order(1), np.arange(330)) and table.order(1).dtype == np.int32
    assert np.array_equal(table.order(2), table.order(1))


def test_no_step_is_refused():
    with pytest.raises(ConfigError, match="batch_size 1000 with drop_remainder leaves no step"):
        timetable(batch_size=1000, drop_remainder=True)


def test_a_constant_rate_is_a_single_number():
    assert learning_rates(Config().optimization, 10).tolist() == pytest.approx([1e-3])
    table = timetable(learning_rate=0.5)
    assert table.rates.dtype == np.float32 and len(table.rates) == 1
    assert table.rate_of_step(0) == table.rate_of_step(7) == table.rate_of_epoch(2) == 0.5


def test_a_schedule_has_a_rate_for_each_step():
    options = {"schedule": "linear", "learning_rate": 0.8, "final_learning_rate": 0.1}
    table = timetable(**options)
    assert len(table.rates) == 2 * 4
    expected = pytest.approx(np.linspace(0.8, 0.1, 8))
    assert [table.rate_of_step(step) for step in range(8)] == expected
    # An epoch is shown with the rate of its last step; after the run, the last one stays.
    assert table.rate_of_epoch(1) == table.rate_of_step(3)
    assert table.rate_of_epoch(2) == table.rate_of_step(7) == table.rate_of_step(100)


def test_a_rate_factor_lowers_every_rate():
    options = {"schedule": "cosine", "warmup": 0.5}
    lowered, plain = timetable(rate_factor=0.1, **options), timetable(**options)
    assert np.allclose(lowered.rates, 0.1 * plain.rates)
    assert timetable(rate_factor=0.1).rates[0] == np.float32(1e-4)
