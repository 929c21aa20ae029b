"""What a parameter of somebody's function is meant to be, by its name: inputs, labels, outputs,
cache.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

_NAMES = {
    "inputs": (
        "x inputs input data images image batch a0 features feature xb x_batch x_train batch_x row"
        " sample"
    ),
    "labels": (
        "y t target targets label labels y_true yb y_train truth expected batch_y y_batch d one_hot"
        " onehot"
    ),
    "outputs": (
        "out output outputs y_hat yhat pred preds prediction predictions probs prob probabilities p"
        " a al a2 a3 logits o y_pred scores h z"
    ),
    "cache": "cache caches activations tape store memory acts saved",
    "params": "params parameters weights theta w net network layers model",
    "slope": "dout grad_out grad_output gradient grad delta d_out upstream dy da error loss_grad",
    "rate": "lr learning_rate learningrate eta alpha step_size l_rate rate",
}
ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}


def call(function: Callable[..., Any], roles: Mapping[str, Any]) -> Any:
    """Calls a function with what its parameters' names ask for.

    Args:
      function: Somebody's function or method.
      roles: Values by role.

    Raises:
      LookupError: when a parameter without a default has a name that says nothing, or a role that
        is not there.
    """
    positional, named = [], {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        role = ROLES.get(name.lower().strip("_"))
        if role is None or role not in roles:
            if role == "outputs" and "slope" in roles and "outputs" not in roles:
                role = "slope"
            elif parameter.default is not parameter.empty:
                continue
            else:
                raise LookupError(name)
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = roles[role]
        elif parameter.default is parameter.empty:
            positional.append(roles[role])
        else:
            named[name] = roles[role]
    return function(*positional, **named)


def required(function: Callable[..., Any]) -> list[str] | None:
    """Returns the names of a function's parameters without a default; None where they cannot be
    known.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [
        p.name
        for p in parameters
        if p.default is p.empty
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
