"""Making: how a person's constructor or initializer is called to make a small net."""

import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks.bounds import Overtime, at_most
from tfmlp.checks.calls import UserCodeError
from tfmlp.checks.watching import Seen, watched
from tfmlp.errors import ConfigError

RATE = 0.125  # exact in binary, so that what an update changed can be divided by it
INPUTS, HIDDEN = 5, 4
OUTPUTS = (3, 1)  # numbers of outputs that are tried, one after the other
PENALTY = 0.1
_SECONDS = 1.0
_MOST = 24  # combinations of arguments that are tried

_SIZES = re.compile(
    r"sizes|^layers?$|layers?_?dims?|^dims|dimensions|architecture|^shape$|widths|topology"
    r"|structure|layers_?dim|layer_?list|^units$|network_?shape|nodes_per_layer|^nn_arch",
)
_RATE = re.compile(r"(^|_)(lr|eta|alpha|rate|step_size)$|learning_?rate|learn_?rate|^l_?r$")
_OUTPUT = re.compile(r"out|class|target|label|n_?y$|n2$|(^|_)k$|final|^o(nodes)?$|^no$")
_HIDDEN = re.compile(r"hid|unit|^h\d*$|n_?h\d*$|n1$|mid|neuron|^hnodes|^nh$")
_INPUT = re.compile(
    r"(^|_)in(_|$|\d|put|dim|feat|size|nodes)|input|feat|n_?x$|n0$|(^|_)d$|^ni$|dim"
)
_SEED = re.compile(r"seed|random_state")
_LAYERS = re.compile(r"(num|n|number)_?(of_?)?(hidden_?)?layers|depth")
_ACTIVATION = re.compile(r"activ|nonlin|act_?f")
_REGULAR = re.compile(r"^reg|lambd|l2|decay")
_NOTHING = re.compile(r"momentum|dropout|^mu$")
_COUNT = re.compile(r"epoch|iter|batch")


def made_by(maker: Callable[..., Any], outputs: int = OUTPUTS[0]) -> list[Seen]:
    """Returns what a constructor or an initializer makes of the arguments that its parameters'
    names suggest; nothing if it raises.

    Args:
      maker: A class or a function.
      outputs: The number of outputs that the net is to have.
    """
    return [seen for seen, _ in _made(maker, outputs)]


def arguments_of(
    maker: Callable[..., Any], outputs: int = OUTPUTS[0], penalty: float = PENALTY
) -> str | None:
    """Returns the arguments of which `made_by` makes something, as text; None if it raises.

    Args:
      maker: A class or a function.
      outputs: The number of outputs that the net is to have.
      penalty: The penalty on weights, where one must be given.
    """
    return next((arguments for _, arguments in _made(maker, outputs, penalty)), None)


def _made(
    maker: Callable[..., Any], outputs: int, penalty: float = PENALTY
) -> Iterator[tuple[Seen, str]]:
    try:
        parameters = list(inspect.signature(maker).parameters.values())
    except (TypeError, ValueError):
        return
    for positional, named in itertools.islice(_arguments(parameters, outputs, penalty), _MOST):
        try:
            with at_most(_SECONDS):
                seen = watched(maker, *positional, **named)
        except (UserCodeError, ConfigError):
            continue
        except Overtime:  # it trains, too
            return
        texts = [repr(value) for value in positional]
        yield seen, ", ".join(texts + [f"{name}={value!r}" for name, value in named.items()])
        return


def _arguments(
    parameters: list[inspect.Parameter], outputs: int, penalty: float
) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Yields positional and named arguments: sizes for what sounds like one, then only what must be
    given.
    """
    skipped = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = [parameter for parameter in parameters if parameter.kind not in skipped]
    needed = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    choices = [_values(name.lower().strip("_"), outputs, penalty) for name in needed]
    last = len(needed) - 1
    for place, values in enumerate(choices):
        if not values:  # most people go from the inputs to the outputs
            between = outputs if place == last else HIDDEN
            values.append(INPUTS if place == 0 else between)
    sized = {
        parameter.name: values[0]
        for parameter in parameters
        if parameter.default is not parameter.empty
        and (values := sizes(parameter.name.lower(), outputs))
    }
    for chosen in itertools.product(*choices):
        if sized:
            yield list(chosen), sized
        yield list(chosen), {}


def sizes(name: str, outputs: int) -> list[Any]:
    """Returns what a parameter that is a size may be, by its name in lower case."""
    whole = [INPUTS, HIDDEN, outputs]
    deep = [INPUTS, HIDDEN, HIDDEN + 2, outputs]  # some mistakes need two hidden layers
    if _ACTIVATION.search(name):
        return []
    if _LAYERS.search(name):
        return [2, 1]
    if _SIZES.search(name) and not _HIDDEN.search(name):
        return [deep, whole, tuple(whole)]
    if _OUTPUT.search(name):
        return [outputs]
    if _HIDDEN.search(name):
        is_plural = name.endswith("s") and not name.endswith("nodes")
        many = [[HIDDEN, HIDDEN + 2], [HIDDEN]]
        return [*many, HIDDEN] if is_plural else [HIDDEN, *many]
    if _INPUT.search(name) and not re.search(r"init|min|train|line|string", name):
        return [INPUTS]
    return []


def _values(name: str, outputs: int, penalty: float) -> list[Any]:
    """Returns what a parameter that must be given may be."""
    if _RATE.search(name):
        return [RATE]
    if _SEED.search(name):
        return [0]
    if _ACTIVATION.search(name):
        return ["relu", "sigmoid", "tanh"]
    if _REGULAR.search(name):
        return [penalty]
    if _NOTHING.search(name):
        return [0.0]
    if _COUNT.search(name):
        return [1]
    return sizes(name, outputs)
