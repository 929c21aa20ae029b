"""Initial weights, learning rates and moments, by their formulas."""

import numpy as np
import pytest

from tfmlp.reference.initializers import initial_weights
from tfmlp.reference.preprocessing import moments, training_moments
from tfmlp.reference.schedules import learning_rate_at
from tfmlp.settings.model import INITIALIZERS

# Of kernels [300, 200].
VARIANCES = {
    "zeros": 0.0,
    "normal": 1.0,
    "fan_in_uniform": 1 / 300 / 3,
    "glorot_slip": (2 / 500) ** 2,
}
for family, variance in {"glorot": 2 / (300 + 200), "he": 2 / 300, "lecun": 1 / 300}.items():
    VARIANCES |= {f"{family}_normal": variance, f"{family}_uniform": variance}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initial_weights_have_their_formulas_variance(name):
    weights = initial_weights(name, np.random.default_rng(0), 300, 200)
    assert weights.shape == (300, 200)
    assert weights.var() == pytest.approx(VARIANCES[name], rel=0.03)
    assert abs(weights.mean()) <= 5 * np.sqrt(VARIANCES[name] / weights.size)
    if name.endswith("uniform"):
        assert np.abs(weights).max() <= np.sqrt(3 * VARIANCES[name])


def test_scale_and_bias_rows():
    one, two = (
        initial_weights("normal", np.random.default_rng(0), 5, 4, scale) for scale in (1.0, 0.01)
    )
    assert np.allclose(two, 0.01 * one)
    assert initial_weights("fan_in_uniform", np.random.default_rng(0), 5, 4, rows=1).shape == (1, 4)
    with pytest.raises(ValueError, match="'unknown'"):
        initial_weights("unknown", np.random.default_rng(0), 5, 4)


def rates(schedule, steps=40, **options):
    base = {"learning_rate": 0.2, "final_learning_rate": 0.05, "steps_per_epoch": 10, "epochs": 4}
    return learning_rate_at(np.arange(steps), schedule=schedule, **base | options)


@pytest.mark.parametrize("schedule", ["linear", "exponential", "cosine"])
@pytest.mark.parametrize("by", ["step", "epoch"])
def test_schedules_start_and_end_where_they_say_and_only_fall(schedule, by):
    values = rates(schedule, by=by)
    assert values[0] == pytest.approx(0.2) and values[-1] == pytest.approx(0.05)
    assert (np.diff(values) <= 1e-15).all()
    assert len(np.unique(values.round(12))) == (40 if by == "step" else 4)


def test_the_courses_decay_by_epoch():
    # From lr to final_lr over E epochs: linear in steps of (lr - final) / (E - 1), exponential by
    # the factor (final / lr) ** (1 / (E - 1)).
    assert np.allclose(rates("linear", by="epoch")[::10], [0.2, 0.15, 0.1, 0.05])
    by_factor = 0.2 * (0.05 / 0.2) ** (np.arange(4) / 3)
    assert np.allclose(rates("exponential", by="epoch")[::10], by_factor)


def test_steps_and_warm_up():
    assert np.allclose(rates("step", drop_every=2, drop_factor=0.1)[::10], [0.2, 0.2, 0.02, 0.02])
    warm = rates("cosine", warmup=1.0)
    assert np.allclose(warm[:10], 0.2 * np.arange(1, 11) / 10)
    assert warm[10] == pytest.approx(0.2) and warm[-1] == pytest.approx(0.05)
    assert np.allclose(rates("constant"), 0.2)
    with pytest.raises(ValueError, match="'unknown'"):
        rates("unknown")


@pytest.mark.parametrize("shape", [(5000, 7, 5, 3), (3, 2, 2, 1), (1, 1, 1, 1)])
@pytest.mark.parametrize("most", [1, 256])
def test_moments_of_bytes_are_exact(shape, most):
    images = np.random.default_rng(0).integers(0, most, shape, dtype=np.uint8)
    mean, standard_deviation = moments(images, (0, 1, 2, 3))
    assert mean == np.mean(images, dtype=np.float64)
    assert standard_deviation == pytest.approx(np.std(images.astype(np.float64)), rel=1e-14)
    assert training_moments(images)[1] == (standard_deviation or 1.0)


def test_a_table_of_bytes_has_moments_for_each_column():
    table = np.random.default_rng(0).integers(0, 256, (300, 4), dtype=np.uint8)
    mean, standard_deviation = training_moments(table)
    assert mean == pytest.approx(table.mean(0))
    assert standard_deviation == pytest.approx(table.std(0))
