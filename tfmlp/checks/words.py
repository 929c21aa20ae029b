"""Words: the names that people give to the parts of a hand-written net."""

import re
from collections.abc import Callable, Iterable

FORWARD = (
    "forward forward_pass forward_propagation forward_propagate feedforward feed_forward"
    " forward_prop predict model __call__"
).split()
BACKWARD = (
    "backward backward_pass backprop backpropagate back_propagate backpropagation"
    " backward_propagation backward_propagate_error back_prop backward_prop compute_gradients"
    " compute_grads gradients gradient grads grad get_gradients train_step step update"
).split()
LOSS = (
    "loss compute_loss cost compute_cost loss_fn loss_function cross_entropy cross_entropy_loss"
    " criterion mse mse_loss error calc_loss bce squared_error nll"
).split()
INITIALIZERS = (
    "init_params initialize_parameters init initialize init_weights make_params initialize_network"
    " init_network create_params init_parameters make_model build_model create_model make_net"
    " build_network"
).split()
PARAMS = "params parameters weights theta net network layers".split()
GRADIENTS = "grads gradients grad dparams d".split()
LABELS = "y t target targets label labels y_true truth expected".split()
UPSTREAM = (
    "dout grad_out grad_output grad upstream dy delta d_out gradient output_grad da dvalues"
).split()  # a gradient from above, as an argument

ADD = "add add_layer append push".split()  # a layer to a container

# Of classes and functions that are an activation or a loss
FUNCTION = "__call__ forward function activate f calc fn compute".split()
KEPT_OUTPUT = "output out outputs".split()  # attributes, where a method returns nothing
KEPT_GRADIENT = "dinputs dinput d_inputs grad_input dx grad".split()
DERIVATIVE = "grad derivative deriv backward gradient prime df d dfn bprop".split()
LOSS_PARTS = "loss mse cross entropy cost error bce nll squared".split()
DERIVATIVE_PREFIXES = (
    "deriv_ derivative_ derivative_of_ grad_ gradient_ d_ prime_ der_ back_ dx_ d"
).split()
DERIVATIVE_SUFFIXES = (
    "_derivative _deriv _prime _grad _gradient _backward _back _der _d _dx _bwd _df prime"
    " derivative"
).split()
SOFTMAX = "softmax stable_softmax".split()
DROPOUT = "dropout dropout_forward apply_dropout".split()
TRAINING_FLAG = "training train is_training mode".split()
DROPOUT_RATE = "p rate keep_prob keep p_drop prob drop_prob keep_probability".split()

_FORWARD = re.compile(r"forw|feed|predict|query|infer|think|fprop|^fwd|^run$", re.IGNORECASE)
_BACKWARD = re.compile(
    r"back|bprop|grad|prime|derivative|^bwd|train|^fit|learn|sgd|step|update|optimi", re.IGNORECASE
)
_UPDATE = re.compile(r"update|apply|step|optimi|descent", re.IGNORECASE)
_TRAINING = re.compile(r"train|^fit|learn|main|descent|build|model", re.IGNORECASE)
_NUMERICAL = re.compile(r"numeric|check|approx|finite", re.IGNORECASE)
_INITIALIZER = re.compile(r"init|create|build|make|random_(weights|params)", re.IGNORECASE)
_LOSS = re.compile(r"loss|cost|entropy|mse|error|objective|^nll|^bce|^j$", re.IGNORECASE)
_NO_LOSS = re.compile(r"grad|prime|deriv|^d_?[a-z]*loss|back|delta", re.IGNORECASE)


def forwards(names: Iterable[str]) -> list[str]:
    """Returns the names that sound like a forward pass, the likelier first."""
    return _sounding(names, FORWARD, lambda name: bool(_FORWARD.search(name) and not _back(name)))


def backwards(names: Iterable[str]) -> list[str]:
    """Returns the names that sound like a backward pass or a step, the likelier first."""
    names = [name for name in names if not _NUMERICAL.search(name)]
    found = _sounding(names, BACKWARD, lambda name: bool(_BACKWARD.search(name)))
    return sorted(found, key=is_training)  # a whole training comes last


def is_training(name: str) -> bool:
    """Whether a name sounds like a training of many steps."""
    return bool(_TRAINING.search(name))


def updates(names: Iterable[str]) -> list[str]:
    """Returns the names that sound like what applies gradients to the parameters."""
    return [name for name in names if _UPDATE.search(name)]


def losses(names: Iterable[str]) -> list[str]:
    """Returns the names that sound like a loss, the likelier first."""
    return _sounding(names, LOSS, is_loss)


def initializers(names: Iterable[str]) -> list[str]:
    """Returns the names that sound like what makes parameters, the likelier first."""
    return _sounding(names, INITIALIZERS, lambda name: bool(_INITIALIZER.search(name)))


def _sounding(names: Iterable[str], exact: list[str], sounds: Callable[[str], bool]) -> list[str]:
    names = list(names)
    plain = {name: name.lower().strip("_") if name != "__call__" else name for name in names}
    first = [name for word in exact for name in names if plain[name] == word]
    return first + [name for name in names if name not in first and sounds(plain[name])]


def _back(name: str) -> bool:
    return bool(re.search(r"back|bwd|grad", name, re.IGNORECASE))


def is_loss(name: str) -> bool:
    """Whether a name that is not in `LOSS` sounds like a loss, and not like its gradient."""
    return name not in LOSS and bool(_LOSS.search(name)) and not _NO_LOSS.search(name)


def is_gradient(name: str) -> bool:
    """Whether an attribute's name sounds like a parameter's gradient."""
    plain = name.lower().strip("_")
    starts = "dw db d_w d_b grad_ gw gb grad dkernel dbias dweight".split()
    return plain.startswith(tuple(starts)) or plain.endswith(("_grad", "_grads"))


def is_parameter(name: str) -> bool:
    """Whether an attribute's name sounds like a parameter."""
    plain = name.lower().strip("_")
    starts, others = ("w", "b", "kernel", "weight", "theta"), ("batch", "beta1", "beta2")
    return plain.startswith(starts) and not plain.startswith(others) and not is_gradient(name)
