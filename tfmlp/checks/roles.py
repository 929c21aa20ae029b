"""Roles: what a parameter of a person's function is meant to be, by its name."""

import inspect
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from tfmlp.checks.calls import UserCodeError
from tfmlp.checks.watching import Seen, watched
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
    PENALTY = "penalty"
    KEEP = "keep"
    COUNT = "count"
    ONCE = "once"
    QUIET = "quiet"
    TRAINING = "training"


_NAMES = {
    Role.INPUTS: (
        "x inputs input data images image batch a0 features feature xb x_batch x_train batch_x row"
        " sample xs x_data input_data inputs_list input_list x_input input_vector input_array"
        " x_train_batch training_inputs train_x trainx input_values in_data"
    ),
    Role.LABELS: (
        "y t target targets label labels y_true yb y_train truth expected batch_y y_batch d one_hot"
        " onehot ys y_data targets_list target_list y_t ytrue true_y actual expected_output desired"
        " desired_output y_real train_y trainy training_outputs output_data label_data y_one_hot"
        " y_onehot target_vector ground_truth target_output correct y_actual y_label answers"
    ),
    Role.OUTPUTS: (
        "out output outputs y_hat yhat pred preds prediction predictions probs prob probabilities p"
        " a al a2 a3 logits o y_pred scores h z y_predicted predicted y_ ypred y_prob net_output"
        " final_output a_final final_outputs layer_output z2 network_output forward_output"
    ),
    Role.CACHE: "cache caches activations tape store memory acts saved forward_cache cached values",
    Role.PARAMS: (
        "params parameters weights theta w net network layers model nn_params param thetas"
        " initial_theta nn neural_network net_params"
    ),
    Role.GRADIENT: (
        "dout grad_out grad_output gradient grad delta d_out upstream dy da error loss_grad dvalues"
        " output_gradient output_error error_gradient out_grad gradients_out"
    ),
    Role.RATE: "lr learning_rate learningrate eta alpha step_size l_rate rate learn_rate",
    Role.PENALTY: "reg lambda_ lambd reg_lambda lamb lam l2 weight_decay lmbda regularization",
    Role.KEEP: "keep_prob keep_probability",
    Role.COUNT: (
        "m n num_examples n_samples batch_size mini_batch_size num_samples minibatch_size m_train"
        " n_train num_train"
    ),
    Role.ONCE: (
        "epochs epoch iterations num_iterations n_iterations n_epochs num_epochs n_iter iters"
    ),
    Role.TRAINING: "training is_training train_mode",
    Role.QUIET: "verbose print_cost show plot print_loss",
}
_SIZE = re.compile(r"^(num|n|no|number)_|size|dim|count")
# What a longer name sounds like, the surer first.
_SOUNDS = (
    (Role.GRADIENT, r"grad|^d(l|loss)_|upstream"),
    (Role.LABELS, r"^y_(?!hat|pred)|label|target|true|expected|desired|actual|ground"),
    (Role.OUTPUTS, r"pred|y_?hat|_out(put)?s?$|prob"),
    (Role.INPUTS, r"^x_|_x$|^input_?(vec|arr|dat|batch|val|list|tens)"),
    (Role.INPUTS, r"image|features?$|sample|pattern"),
    (Role.CACHE, r"cache"),
    (Role.PENALTY, r"lambda|^reg|weight_?decay"),
    (Role.RATE, r"alpha|alfa|^eta|learning|^lr|_lr$"),
    (Role.ONCE, r"epoch|n_?iter|iterations"),
)
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}
# What a function's own local variable may be called, and yet mean something else in another one.
_FIXED = (Role.INPUTS, Role.LABELS, Role.RATE, Role.PARAMS)


_OF_DATA = (Role.COUNT, Role.INPUTS, Role.LABELS)


class UnknownArgument(ConfigError):
    """A parameter of a person's function whose name does not say what it is.

    Attributes:
      name: Its name.
      function: The function's.
      called: The function.
    """

    def __init__(self, function: Callable[..., Any], name: str):
        self.called = function
        self.name, self.function = name, getattr(function, "__name__", str(function))
        super().__init__(
            f"expected arguments whose names say what they are; received {name!r} of"
            f" {self.function!r}: say what it is, with tfmlp.check."
        )


def call(
    function: Callable[..., Any],
    roles: Mapping[Role, Any],
    named: Mapping[str, Any] | None = None,
) -> Seen:
    """Calls a function with what its parameters' names ask for.

    Args:
      function: A user's function or method.
      roles: Values by role.
      named: Values by name: parameters such as W1, and what a forward pass had as local variables.

    Raises:
      UnknownArgument: when a parameter without a default has a name that says nothing, or a role
        that is not there.
      UserCodeError: when the function raises.
    """
    given = {name.lower().strip("_"): value for name, value in (named or {}).items()}
    positional, options = [], {}
    meant = roles_of(function)
    for name, parameter in _signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        plain, role = name.lower().strip("_"), meant[name]
        if role is Role.OUTPUTS and role not in roles and Role.GRADIENT in roles:
            role = Role.GRADIENT
        has_default = parameter.default is not parameter.empty
        if plain in given and (role not in _FIXED or role not in roles):
            value = given[plain]
        elif role is not None and role in roles:
            value = roles[role]
        elif has_default:
            continue
        else:
            raise UnknownArgument(function, name)
        if has_default or parameter.kind is parameter.KEYWORD_ONLY:
            options[name] = value
        else:
            positional.append(value)
    return _with_variables(function, positional, options, roles)


def _with_variables(
    function: Callable[..., Any],
    positional: list[Any],
    options: dict[str, Any],
    roles: Mapping[Role, Any],
) -> Seen:
    """Calls a function; variables of its module that its data would have given get the values of
    their roles meanwhile.
    """
    space = getattr(getattr(function, "__func__", function), "__globals__", {})
    filled: list[str] = []
    try:
        while True:
            try:
                return watched(function, *positional, **options)
            except UserCodeError as error:
                name = getattr(error.__cause__, "name", None)
                role = role_of(name) if isinstance(error.__cause__, NameError) and name else None
                if name is None or role not in _OF_DATA or role not in roles or name in filled:
                    raise
                filled.append(name)
                space[name] = roles[role]
    finally:
        for name in filled:
            space.pop(name, None)


def role_of(name: str) -> Role | None:
    """Returns what a parameter's name says that it is, or None."""
    plain = name.lower().strip("_")
    if plain in _ROLES:
        return _ROLES[plain]
    if _SIZE.search(plain):
        return None
    return next((role for role, sound in _SOUNDS if re.search(sound, plain)), None)


def roles_of(function: Callable[..., Any]) -> dict[str, Role | None]:
    """Returns what each of a function's parameters is meant to be, by its name. Of two that sound
    like labels, as in mse(y, t), the first is the outputs.
    """
    found = {name: role_of(name) for name in _signature(function).parameters}
    labels = [name for name, role in found.items() if role is Role.LABELS]
    if len(labels) == 2 and Role.OUTPUTS not in found.values():
        sounds = [name.lower().strip("_") for name in labels]
        true = next((name for name, plain in zip(labels, sounds) if "true" in plain), None)
        found[labels[1] if true == labels[0] else labels[0]] = Role.OUTPUTS
    return found


def takes(function: Callable[..., Any], role: Role) -> bool:
    """Whether one of a function's parameters has a name that says this role."""
    try:
        return any(role_of(name) is role for name in _signature(function).parameters)
    except ConfigError:
        return False


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
