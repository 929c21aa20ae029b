"""The estimators among scikit-learn's tools, and in files."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas
import polars
import pytest
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tfmlp.sklearn import MLPClassifier, MLPRegressor

NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def classifier():
    return MLPClassifier(backend="numpy", epochs=60)


@pytest.fixture
def regressor():
    return MLPRegressor(backend="numpy", epochs=60)


def test_pipelines_and_cross_validation(classifier, regressor, x, y, values):
    assert cross_val_score(make_pipeline(StandardScaler(), classifier), x, y, cv=3).min() > 0.7
    assert cross_val_score(regressor, x, values, cv=3).min() > 0.7
    codes = make_pipeline(OneHotEncoder(), classifier).fit(y[:, None], y)  # a sparse matrix
    assert codes.score(y[:, None], y) == 1


@pytest.mark.slow
def test_with_tensorflow(x, y):
    search = GridSearchCV(MLPClassifier(epochs=60), {"hidden_units": [(), (16,)]}, cv=2)
    assert search.fit(x, y).score(x, y) > 0.7
    assert search.best_params_ == {"hidden_units": (16,)}


def test_a_grid_is_searched(classifier, x, y):
    grid = {"hidden_units": [(), (16,)], "learning_rate": np.array([1e-6, 1e-2])}
    search = GridSearchCV(classifier, grid, cv=2).fit(x, y)
    assert search.best_params_ == {"hidden_units": (16,), "learning_rate": 1e-2}


def test_calibration_boosting_and_importance(classifier, x, y):
    calibrated = CalibratedClassifierCV(classifier, cv=2).fit(x, y, sample_weight=1 + y)
    assert calibrated.score(x, y) > 0.7
    assert AdaBoostClassifier(classifier, n_estimators=2).fit(x, y).score(x, y) > 0.7
    importance = permutation_importance(classifier.fit(x, y), x, y, random_state=0)
    assert importance.importances_mean[:2].min() > 5 * abs(importance.importances_mean[2:]).max()


@pytest.mark.parametrize("kind", [pandas.DataFrame, polars.DataFrame])
def test_frames_have_names(kind, classifier, x, y):
    frame = kind(dict(zip(NAMES, x.T)))
    classifier.fit(frame, y)
    assert classifier.feature_names_in_.tolist() == NAMES and classifier.n_features_in_ == 4
    assert classifier.model_.schema.columns == tuple(NAMES)
    assert np.array_equal(classifier.predict(frame), classifier.net_.predict(x).argmax(axis=1))
    with pytest.raises(ValueError, match="same order"):
        classifier.predict(frame[NAMES[::-1]])
    classifier.fit(x, y)
    assert not hasattr(classifier, "feature_names_in_")


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_matrices_are_as_their_arrays(make, classifier, x, y):
    x[np.abs(x) < 1] = 0
    dense, weights = classifier.fit(x, y).predict_proba(x), classifier.net_.weights
    classifier.fit(make(x), y)
    assert all(np.array_equal(weights[name], classifier.net_.weights[name]) for name in weights)
    assert np.array_equal(classifier.predict_proba(make(x)), dense)


@pytest.mark.parametrize(
    "names", [["b", "a", "c"], [-3, 10, 7], [2.0, 1.0, 7.0], np.array(["x", "y", "z"], object)]
)
def test_labels_may_be_anything(names, classifier, x, y):
    labels = np.asarray(names)[y]
    classifier.fit(x, labels)
    assert classifier.classes_.tolist() == sorted(names)
    assert classifier.score(x, labels) > 0.8
    assert classifier.model_.schema.class_names == tuple(map(str, sorted(names)))


def test_two_classes_of_truth_values(classifier, x, y):
    predicted = classifier.fit(x, y > 0).predict(x)
    assert predicted.dtype == bool and classifier.predict_proba(x).shape == (200, 2)


def test_one_class_and_two_targets_are_refused(classifier, regressor, x, y, values):
    with pytest.raises(ValueError, match="at least two classes"):
        classifier.fit(x, y).fit(x, 0 * y)
    with pytest.raises(NotFittedError):
        classifier.predict(x)
    for model in (classifier, regressor):
        with pytest.raises(ValueError, match="y should be a 1d array"):
            model.fit(x, np.column_stack([y, y]))


def test_files_are_read_in_another_process_without_tensorflow(regressor, x, y, values):
    classifier = MLPClassifier(epochs=2).fit(x, y)
    with open("classifier.pickle", "wb") as file:
        pickle.dump(classifier, file)
    joblib.dump(regressor.fit(x, values), "regressor.joblib")
    np.save("x.npy", x)
    code = (
        "import sys, numpy, pickle, joblib\n"
        "x = numpy.load('x.npy')\n"
        "models = pickle.load(open('classifier.pickle', 'rb')), joblib.load('regressor.joblib')\n"
        "numpy.savez('y.npz', *[model.predict(x) for model in models])\n"
        "sys.exit('tensorflow' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with np.load("y.npz") as found:
        for model, predicted in zip((classifier, regressor), found.values(), strict=True):
            assert np.array_equal(model.predict(x), predicted)
    copy = pickle.loads(pickle.dumps(classifier))
    one, other = (model.partial_fit(x, y).predict_proba(x) for model in (classifier, copy))
    assert np.array_equal(one, other)


def test_without_scikit_learn_the_extra_is_named():
    code = (
        "import sys, tfmlp\n"
        "assert 'sklearn' not in sys.modules\n"
        "sys.modules['sklearn'] = None\n"
        "try: tfmlp.sklearn.MLPClassifier\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "tfmlp.sklearn needs scikit-learn, which is not installed: pip install 'tfmlp[sklearn]'"
    ]
