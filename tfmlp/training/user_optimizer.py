"""An optimizer as people have it: a Keras optimizer, or its name."""

import keras

from tfmlp.errors import ConfigError


def find_optimizer(optimizer: str | keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Returns an optimizer of Keras, or a new one of a name.

    Raises:
      ConfigError: for an unknown name or something else.
    """
    if isinstance(optimizer, str):
        try:
            return keras.optimizers.get(optimizer)
        except ValueError:
            raise ConfigError(
                f"unknown optimizer {optimizer!r}: expected a name that Keras knows, such as"
                " 'adam' or 'sgd', or an optimizer of Keras."
            ) from None
    if not hasattr(optimizer, "apply"):
        raise ConfigError(
            f"the optimizer must be one of Keras, or its name; received {type(optimizer).__name__}."
        )
    return optimizer
