"""tfmlp's networks as scikit-learn estimators.

    model = tfmlp.sklearn.MLPClassifier(hidden_units=(64, 32), epochs=30)
    cross_val_score(make_pipeline(SimpleImputer(), model), X, y)

Their parameters are options of `tfmlp train`, and their numbers are its numbers. Importing this
needs scikit-learn, and no TensorFlow before the first `fit`; `predict` needs none at all.
"""

from importlib.util import find_spec

if find_spec("sklearn") is None:
    raise ModuleNotFoundError(
        "tfmlp.sklearn needs scikit-learn, which is not installed: pip install 'tfmlp[sklearn]'",
        name="sklearn",
    )

from tfmlp.sklearn.classifier import MLPClassifier
from tfmlp.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
