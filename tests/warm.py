"""What a process forked for a test starts with: TensorFlow imported and the program's modules,
nothing run.
"""

import importlib

from tfmlp.cli.quiet import import_tensorflow

import_tensorflow()
for name in (
    "cli.main",
    "cli.train",
    "cli.evaluate",
    "training.loop",
    "runner",
    "model.saved",
    "data.mnist",
    "data.svhn",
    "data.arrays",
    "data.tabular",
):
    importlib.import_module(f"tfmlp.{name}")
