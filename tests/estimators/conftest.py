"""Tables for the estimators."""

import numpy as np
import pytest

_RANDOM = np.random.default_rng(0)
_X = _RANDOM.normal(size=(200, 4)).astype(np.float32)


@pytest.fixture
def x():
    """200 examples of four columns."""
    return _X.copy()


@pytest.fixture
def y():
    """Which of three classes each is of."""
    return np.digitize(_X[:, 0] + _X[:, 1] ** 2, [0.3, 1.3])


@pytest.fixture
def values():
    """A value for each."""
    return (3 * _X[:, 0] - _X[:, 1] ** 2 + 100).astype(np.float32)
