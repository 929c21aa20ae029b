"""Multilayer perceptrons with custom TensorFlow loops.

    data = tfmlp.load_dataset("mnist")
    for epoch in tfmlp.fit(tfmlp.Config.from_options(epochs=3), data):
        print(epoch.train.loss, epoch.validation.accuracy)

Importing tfmlp is cheap: TensorFlow is imported when the first name is used that needs it. Editors
and type checkers know every name all the same.
"""

import importlib
from typing import TYPE_CHECKING

from tfmlp.quiet import import_tensorflow
from tfmlp.version import __version__

if TYPE_CHECKING:
    from tfmlp.check.functions import check_derivative, check_loss
    from tfmlp.check.gradients import assert_gradients_close, check_gradients
    from tfmlp.config import Config
    from tfmlp.data.dataset import Dataset, Split
    from tfmlp.data.sources import load_dataset
    from tfmlp.diagnosis.diagnose import diagnose
    from tfmlp.errors import CheckpointError, ConfigError, DataError, DivergenceError, TfmlpError
    from tfmlp.loaded import load_run
    from tfmlp.model.mlp import MLP
    from tfmlp.model.saved import load_model
    from tfmlp.recipes.recipe import config_for, load_recipe
    from tfmlp.training.loop import fit
    from tfmlp.training.step import make_test_step, make_train_step

# Module -> its public names; a test holds it against the imports above.
_NAMES = {
    "check.functions": ("check_derivative", "check_loss"),
    "check.gradients": ("assert_gradients_close", "check_gradients"),
    "config": ("Config",),
    "data.dataset": ("Dataset", "Split"),
    "data.sources": ("load_dataset",),
    "diagnosis.diagnose": ("diagnose",),
    "errors": ("CheckpointError", "ConfigError", "DataError", "DivergenceError", "TfmlpError"),
    "loaded": ("load_run",),
    "model.mlp": ("MLP",),
    "model.saved": ("load_model",),
    "recipes.recipe": ("config_for", "load_recipe"),
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
    "Split",
    "TfmlpError",
    "__version__",
    "assert_gradients_close",
    "check_derivative",
    "check_gradients",
    "check_loss",
    "config_for",
    "diagnose",
    "fit",
    "load_dataset",
    "load_model",
    "load_recipe",
    "load_run",
    "make_test_step",
    "make_train_step",
]

if not TYPE_CHECKING:  # a type checker would take every name for one that is there

    def __getattr__(name: str):
        for module, names in _NAMES.items():
            if name in names:
                if module == "training.step":  # of a package that is free of TensorFlow by itself
                    import_tensorflow()
                return getattr(importlib.import_module(f"tfmlp.{module}"), name)
        raise AttributeError(f"module 'tfmlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
