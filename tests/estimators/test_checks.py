"""scikit-learn's own checks of an estimator."""

import pytest
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    check_sample_weight_equivalence_on_sparse_data,
    parametrize_with_checks,
)

from tfmlp.sklearn import MLPClassifier, MLPRegressor

# A repeated example takes several places in batches, a weighted one a single place, and columns are
# standardized as they are, not by weight. Without either, as tested below, the checks pass.
REASON = "weights and repetitions are the same in full batches alone"
EQUIVALENCE = dict.fromkeys(
    (
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    ),
    REASON,
)


def expected(estimator):
    return EQUIVALENCE


@parametrize_with_checks(
    [MLPClassifier(backend="numpy"), MLPRegressor(backend="numpy")],
    expected_failed_checks=expected,
)
def test_the_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([MLPClassifier(), MLPRegressor()], expected_failed_checks=expected)
def test_the_checks_with_tensorflow(estimator, check):
    check(estimator)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("tensorflow", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "check",
    [
        check_sample_weight_equivalence_on_dense_data,
        check_sample_weight_equivalence_on_sparse_data,
    ],
)
@pytest.mark.parametrize(
    ("kind", "options"), [(MLPClassifier, {}), (MLPRegressor, {"standardize_target": False})]
)
def test_weights_are_repetitions_in_full_batches(kind, options, check, backend):
    full = {"batch_size": 1000, "preprocessing": "none", "precision": "float64", "epochs": 20}
    check(kind.__name__, kind(backend=backend, **full, **options))
