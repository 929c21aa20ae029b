"""What can go wrong that a user can act on.

Every message says what was expected, what was received, and what to do. The command line prints it
in one line and exits with `exit_code`; a Python caller catches `TfmlpError` or one of its kinds.
"""

import difflib
from collections.abc import Iterable
from typing import Any


class TfmlpError(Exception):
    """An error that the user can act on.

    >>> try:
    ...     tfmlp.Config.from_options(epochs=0)
    ... except tfmlp.TfmlpError as error:
    ...     print(error)
    epochs must be a whole number, at least 1 and at most 1,000,000; received 0.
    """

    exit_code = 1


class ConfigError(TfmlpError):
    """An option or a configuration file has a wrong name, type or value.

    >>> try:
    ...     tfmlp.Config.from_options(learning_rate=-1)
    ... except tfmlp.ConfigError as error:
    ...     print(error)
    learning_rate must be a number, greater than 0; received -1.
    """


class DataError(TfmlpError):
    """A dataset cannot be found, read or used.

    >>> try:
    ...     tfmlp.load_dataset("csv:none.csv", target="y")
    ... except tfmlp.DataError as error:
    ...     print(error)
    cannot read none.csv: No such file or directory.
    """


class CheckpointError(TfmlpError):
    """A run folder, a saved model or a checkpoint cannot be written or read.

    >>> try:
    ...     tfmlp.load_model("none.keras")
    ... except tfmlp.CheckpointError as error:
    ...     print(error)
    there is no file or folder none.keras: name a model.keras, or the folder of its run.
    """


class ExportError(TfmlpError):
    """An export cannot be made, or is not what the model is.

    >>> try:
    ...     tfmlp.export("runs/third", "pytorch")
    ... except tfmlp.ExportError as error:
    ...     print(error)
    there is no format 'pytorch': known: c, keras, litert, litert-int8, numpy, onnx, savedmodel.
    """


class DivergenceError(TfmlpError):
    """Training produced NaN or infinity.

    Attributes:
      divergence: The `tfmlp.training.recovery.Divergence`, where it was found.

    >>> config = tfmlp.Config.from_options(dataset="mnist-small", learning_rate=1e30)
    >>> try:
    ...     epochs = list(tfmlp.fit(config))
    ... except tfmlp.DivergenceError as error:
    ...     print(error.divergence.epoch)
    1
    """

    exit_code = 3

    def __init__(self, message: str, divergence: Any = None):
        super().__init__(message)
        self.divergence = divergence


class Interruption(KeyboardInterrupt):
    """A signal asked the program to end; a run ends between two steps.

    Attributes:
      number: The signal's number.
      exit_code: 128 plus that: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, number: int):
        super().__init__(f"signal {number}")
        self.number, self.exit_code = number, 128 + number


class TfmlpWarning(UserWarning):
    """Something a user should know that does not stop the work."""


_PROJECTS = {"PIL": "pillow", "sklearn": "scikit-learn"}  # whose packages have another name


def describe_missing(error: ModuleNotFoundError) -> str:
    """Returns what to do about a package that is not installed; nothing where it is tfmlp's own.

    >>> describe_missing(ModuleNotFoundError("No module named 'jinja2'", name="jinja2"))
    'this needs jinja2, which is not installed: pip install jinja2.'
    """
    package = (error.name or "tfmlp").partition(".")[0]
    if package == "tfmlp":
        return ""
    project = _PROJECTS.get(package, package)
    return f"this needs {package}, which is not installed: pip install {project}."


_FEW = 12  # names that a line lists


def nearest(name: str, known: Iterable[str], *, usual: object = None, where: str = "") -> str:
    """Says which known name is meant; and which others there are, if they are few.

    Args:
      name: What was received.
      known: The names that would have been right.
      usual: That of several names with the same beginning which is meant by the beginning.
      where: What lists all names, for messages.

    Returns:
      A phrase such as `did you mean 'relu'? (known: elu, relu, tanh)`.
    """
    known = sorted(known)
    close = _completions(name, known, usual) or difflib.get_close_matches(name, known, n=1)
    listed = f"known: {', '.join(known)}"
    if len(known) > _FEW:
        more = f"{len(known)} names are known" + (f", {where} lists them" if where else "")
        similar = difflib.get_close_matches(name, known, n=3, cutoff=0.0)
        listed = more if close else f"similar: {', '.join(similar)}; {more}"
    return f"did you mean '{close[0]}'? ({listed})" if close else listed


def _completions(name: str, known: list[str], usual: object) -> list[str]:
    """Returns the names that begin so, the most likely first."""
    longer = [one for one in known if name and one.startswith(name)]
    return sorted(longer, key=lambda one: (one != usual, len(one)))
