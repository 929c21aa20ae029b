"""Multilayer perceptrons with custom TensorFlow loops.

    data = tfmlp.load_dataset("mnist")
    for epoch in tfmlp.fit(tfmlp.Config.from_options(epochs=3), data):
        print(epoch.train.loss, epoch.validation.accuracy)

Data
    load_dataset            a dataset by its name: MNIST, SVHN, a table, arrays in a file, and more
    Dataset                 examples in splits; made of arrays, data frames or tf.data, too
    Split                   some examples and their labels
Configuration
    Config                  every option of a training, with its range and default
    config_for              a dataset's own configuration, as tfmlp train starts from it
    load_recipe             a configuration by its name, and what it must reach
Training
    fit                     trains as a configuration says: one result an epoch
    load_run                a run folder that is read again: its record, epochs and model
    plots                   figures of runs: learning curves, confusion matrix, mistakes, and more
    export                  a trained model in a format that runs without tfmlp, and its proof
Models
    MLP                     a Keras model, from raw pixels or columns to logits
    load_model              a model that was saved, from its file or run folder
    sklearn.MLPClassifier   a scikit-learn estimator; sklearn.MLPRegressor predicts values
Your own loop
    make_train_step         the step that changes the weights of any Keras model
    make_test_step          the step that only looks: loss and metrics of a batch
Checks
    check                   is my gradient right, and if not, why? asked in five lines
    check_gradients         the same of gradients and a loss that are at hand
    assert_gradients_close  the same, for tests
    check_derivative        is the derivative of an activation right?
    check_loss              is the gradient of a loss right?
    diagnose                why does a training not learn? findings, with their cures
Errors
    TfmlpError              what a user can act on; the kinds below are kinds of it
    ConfigError             an option or a configuration file is wrong
    DataError               a dataset cannot be found, read or used
    ExportError             an export cannot be made, or is not what the model is
    CheckpointError         a run folder or a saved model cannot be read or written
    DivergenceError         a training produced NaN or infinity

Importing tfmlp is cheap: TensorFlow is imported when the first name is used that needs it. Editors
and type checkers know every name all the same. The examples in docstrings begin with `import numpy
as np` and `import tfmlp`.
"""

import importlib
from typing import TYPE_CHECKING

from tfmlp.quiet import import_tensorflow
from tfmlp.version import __version__

if TYPE_CHECKING:
    from tfmlp import sklearn as sklearn
    from tfmlp.checks.functions import check_derivative, check_loss
    from tfmlp.checks.gradients import assert_gradients_close, check_gradients
    from tfmlp.checks.question import check
    from tfmlp.config import Config
    from tfmlp.data.dataset import Dataset, Split
    from tfmlp.data.sources import load_dataset
    from tfmlp.diagnosis.diagnose import diagnose
    from tfmlp.errors import (
        CheckpointError,
        ConfigError,
        DataError,
        DivergenceError,
        ExportError,
        TfmlpError,
    )
    from tfmlp.exports.export import export
    from tfmlp.loaded import load_run
    from tfmlp.model.mlp import MLP
    from tfmlp.model.saved import load_model
    from tfmlp.recipes.recipe import config_for, load_recipe
    from tfmlp.reports import plots
    from tfmlp.training.loop import fit
    from tfmlp.training.step import make_test_step, make_train_step

# Module -> its public names; a test holds it against the imports above.
_NAMES = {
    "checks.functions": ("check_derivative", "check_loss"),
    "checks.gradients": ("assert_gradients_close", "check_gradients"),
    "checks.question": ("check",),
    "config": ("Config",),
    "data.dataset": ("Dataset", "Split"),
    "data.sources": ("load_dataset",),
    "diagnosis.diagnose": ("diagnose",),
    "errors": (
        *("CheckpointError", "ConfigError", "DataError"),
        *("DivergenceError", "ExportError", "TfmlpError"),
    ),
    "exports.export": ("export",),
    "loaded": ("load_run",),
    "model.mlp": ("MLP",),
    "model.saved": ("load_model",),
    "recipes.recipe": ("config_for", "load_recipe"),
    "reports": ("plots",),
    "training.loop": ("fit",),
    "training.step": ("make_test_step", "make_train_step"),
}
__all__ = [
    "MLP",
    "CheckpointError",
    "Config",
    "ConfigError",
    "DataError",
    "Dataset",
    "DivergenceError",
    "ExportError",
    "Split",
    "TfmlpError",
    "__version__",
    "assert_gradients_close",
    "check",
    "check_derivative",
    "check_gradients",
    "check_loss",
    "config_for",
    "diagnose",
    "export",
    "fit",
    "load_dataset",
    "load_model",
    "load_recipe",
    "load_run",
    "make_test_step",
    "make_train_step",
    "plots",
]

if not TYPE_CHECKING:  # a type checker would take every name for one that is there

    def __getattr__(name: str):
        if name == "sklearn":  # a room of its own, which needs scikit-learn: not in __all__
            return importlib.import_module("tfmlp.sklearn")
        for module, names in _NAMES.items():
            if name in names:
                if module == "training.step":  # of a package that is free of TensorFlow by itself
                    import_tensorflow()
                found = importlib.import_module(f"tfmlp.{module}")
                # Of a package, the public name is a module.
                is_package = hasattr(found, "__path__")
                return (
                    importlib.import_module(f"tfmlp.{module}.{name}")
                    if is_package
                    else getattr(found, name)
                )
        raise AttributeError(f"module 'tfmlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
