"""The Keras model."""

from tfmlp.quiet import import_tensorflow

import_tensorflow()
