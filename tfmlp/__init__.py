"""Multilayer perceptrons with custom TensorFlow loops.

    data = tfmlp.load_dataset("mnist")
    for epoch in tfmlp.fit(tfmlp.Config.from_options(epochs=3), data):
        print(epoch.train.loss, epoch.validation.accuracy)

Importing tfmlp is cheap: TensorFlow is imported when the first name is used that needs it.
"""

import importlib
from typing import Any

from tfmlp.version import __version__

# Public name -> the module that has it.
_NAMES = {
    "Config": "tfmlp.config",
    "load_dataset": "tfmlp.data.sources",
    "Dataset": "tfmlp.data.dataset",
    "Split": "tfmlp.data.dataset",
    "MLP": "tfmlp.model.mlp",
    "load_model": "tfmlp.model.saved",
    "make_train_step": "tfmlp.training.step",
    "make_test_step": "tfmlp.training.step",
    "fit": "tfmlp.training.loop",
    "check_gradients": "tfmlp.check.gradients",
    "assert_gradients_close": "tfmlp.check.gradients",
    "diagnose": "tfmlp.diagnosis.diagnose",
    "check_derivative": "tfmlp.check.functions",
    "check_loss": "tfmlp.check.functions",
    "load_recipe": "tfmlp.recipes.recipe",
    "TfmlpError": "tfmlp.errors",
    "ConfigError": "tfmlp.errors",
    "DataError": "tfmlp.errors",
    "CheckpointError": "tfmlp.errors",
    "DivergenceError": "tfmlp.errors",
}
__all__ = ["__version__", *_NAMES]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'tfmlp' has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
