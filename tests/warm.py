"""What a process forked for a test starts with: TensorFlow and the program's modules.

They are imported, and nothing is run.
"""

import importlib

from tfmlp.cli.quiet import import_tensorflow

MODULES = """
    cli.main cli.train cli.evaluate training.loop runner model.saved
    data.mnist data.svhn data.arrays data.tabular
"""

import_tensorflow()
for name in MODULES.split():
    importlib.import_module(f"tfmlp.{name}")
