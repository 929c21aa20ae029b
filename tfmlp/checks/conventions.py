"""Conventions of calling: what a parameter of a user's function is meant to be, by its name."""

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from tfmlp.checks.calls import guarded
from tfmlp.errors import ConfigError


class Role(StrEnum):
    """What an argument can be."""

    INPUTS = "inputs"
    LABELS = "labels"
    OUTPUTS = "outputs"
    CACHE = "cache"
    PARAMS = "params"
    GRADIENT = "gradient"
    RATE = "rate"


_NAMES = {
    Role.INPUTS: (
        "x inputs input data images image batch a0 features feature xb x_batch x_train batch_x row"
        " sample"
    ),
    Role.LABELS: (
        "y t target targets label labels y_true yb y_train truth expected batch_y y_batch d one_hot"
        " onehot"
    ),
    Role.OUTPUTS: (
        "out output outputs y_hat yhat pred preds prediction predictions probs prob probabilities p"
        " a al a2 a3 logits o y_pred scores h z"
    ),
    Role.CACHE: "cache caches activations tape store memory acts saved",
    Role.PARAMS: "params parameters weights theta w net network layers model",
    Role.GRADIENT: (
        "dout grad_out grad_output gradient grad delta d_out upstream dy da error loss_grad"
    ),
    Role.RATE: "lr learning_rate learningrate eta alpha step_size l_rate rate",
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}


def call(function: Callable[..., Any], roles: Mapping[Role, Any]) -> Any:
    """Calls a function with what its parameters' names ask for.

    Args:
      function: A user's function or method.
      roles: Values by role.

    Raises:
      ConfigError: when a parameter without a default has a name that says nothing, or a role that
        is not there.
      UserCodeError: when the function raises.
    """
    positional, named = [], {}
    for name, parameter in _signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        role = _ROLES.get(name.lower().strip("_"))
        if role is Role.OUTPUTS and role not in roles and Role.GRADIENT in roles:
            role = Role.GRADIENT
        has_default = parameter.default is not parameter.empty
        if role is None or role not in roles:
            if has_default:
                continue
            raise ConfigError(
                f"expected an argument whose name says what it is; received {name!r}: name it"
                " x, y, outputs, cache or params."
            )
        if has_default or parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = roles[role]
        else:
            positional.append(roles[role])
    return guarded(function)(*positional, **named)


def required(function: Callable[..., Any]) -> list[str] | None:
    """Returns the names of a function's parameters without a default; None where they cannot be
    known.
    """
    try:
        parameters = _signature(function).parameters.values()
    except ConfigError:
        return None
    skipped = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in skipped]


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError) as error:  # some functions written in C do not say
        raise ConfigError(
            f"expected a function that says what it takes; received {function!r}: wrap it in a"
            " lambda."
        ) from error
