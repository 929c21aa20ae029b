"""Refusals: what an estimator does not take, said as scikit-learn expects it, by a ValueError."""

from collections.abc import Iterator
from contextlib import contextmanager

from tfmlp.errors import ConfigError, DataError, TfmlpError


class Refusal(TfmlpError, ValueError):
    """A parameter or an input that an estimator cannot train on."""


@contextmanager
def said_as_value_errors() -> Iterator[None]:
    """Raises what is wrong with options and data as a `Refusal`, in the same words."""
    try:
        yield
    except (ConfigError, DataError) as error:
        raise Refusal(str(error)) from None
