"""A hand-written net in somebody's namespace: how it is made, where its parameters and gradients
are, and which way its batches lie.

Every guess is tried; what raises, or gives no finite loss, was a wrong guess.
"""

import inspect
import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfmlp.check.causes import Cause
from tfmlp.check.gradients import GradientReport, check_gradients
from tfmlp.check.roles import call, required
from tfmlp.check.trees import leaves_of

FORWARD = (
    "forward",
    "forward_pass",
    "forward_propagation",
    "forward_propagate",
    "feedforward",
    "feed_forward",
    "forward_prop",
    "predict",
    "model",
    "__call__",
)
BACKWARD = (
    "backward",
    "backward_pass",
    "backprop",
    "backpropagate",
    "back_propagate",
    "backpropagation",
    "backward_propagation",
    "backward_propagate_error",
    "back_prop",
    "backward_prop",
    "compute_gradients",
    "compute_grads",
    "gradients",
    "gradient",
    "grads",
    "grad",
    "get_gradients",
    "train_step",
    "step",
    "update",
)
_LOSS_WORD = re.compile(r"loss|cost|entropy|mse|error|objective|^nll|^bce|^j$", re.IGNORECASE)
_NO_LOSS = re.compile(r"grad|prime|deriv|^d_?[a-z]*loss|back|delta", re.IGNORECASE)
LOSS = (
    "loss",
    "compute_loss",
    "cost",
    "compute_cost",
    "loss_fn",
    "loss_function",
    "cross_entropy",
    "cross_entropy_loss",
    "criterion",
    "mse",
    "mse_loss",
    "error",
    "calc_loss",
    "bce",
    "squared_error",
    "nll",
)
_GRADIENTS = ("grads", "gradients", "grad", "dparams", "d")
_PARAMS = ("params", "parameters", "weights", "theta", "net", "network", "layers")
_INITIALIZERS = (
    "init_params",
    "initialize_parameters",
    "init",
    "initialize",
    "init_weights",
    "make_params",
    "initialize_network",
    "init_network",
    "create_params",
    "init_parameters",
    "make_model",
    "build_model",
    "create_model",
    "make_net",
    "build_network",
)
_SIZES = (5, 4, 3)
_ROWS = 7
_RATE = 0.125  # exact in binary, so that what an update changed can be divided by it
# What a constructor's parameter means, by a part of its name: inputs, hidden units, outputs, a
# learning rate.
_MEANINGS = (
    (re.compile(r"(^|_)(lr|eta|alpha|rate|learning_?rate|step_size)$"), _RATE),
    (re.compile(r"out|class|target|label|n_?y$|n2$|(^|_)k$"), _SIZES[2]),
    (re.compile(r"hid|unit|^h\d*$|n_?h\d*$|n1$|mid"), _SIZES[1]),
    (re.compile(r"in(put)?|feat|n_?x$|n0$|(^|_)d$"), _SIZES[0]),
    (re.compile(r"seed|random_state"), 0),
)
_LISTS = (
    "sizes layers layer_sizes dims layer_dims units architecture shape widths layers_dims"
    " dimensions".split()
)


class Net:
    """One way to use somebody's net: make it, run it forward and back.

    Attributes:
      name: What it is called in the file.
      updates: Whether its backward pass was seen to change the parameters.
    """

    def __init__(
        self,
        name: str,
        owner: Any,
        forward: Callable,
        backward: Callable,
        loss: Callable,
        params: Any,
    ):
        self.name, self.owner, self.params, self.updates = name, owner, params, False
        self._forward, self._backward, self._loss = forward, backward, loss

    def run(self, inputs: Any, labels: Any) -> tuple[Any, float]:
        """Returns what forward gave, and the loss."""
        # Whatever else its one argument is called, what goes into forward is the inputs.
        result = call(
            self._forward,
            {role: inputs for role in ("inputs", "outputs", "labels", "slope")}
            | {"params": self.params},
        )
        roles = self._roles(inputs, labels, result)
        value = np.asarray(_number(call(self._loss, roles)), float)
        if value.size != 1 and value.shape and value.shape[0] == len(np.asarray(labels)):
            value = value.mean()  # one loss an example
        if value.size != 1 or not np.isfinite(value).all():
            raise ValueError("no finite loss")
        return result, float(value.reshape(()))

    def gradients(self, inputs: Any, labels: Any) -> Any:
        """Returns the gradients, nested as backward gave or left them; what it changed the
        parameters by, if it updates them itself.
        """
        before = {name: leaf.value for name, leaf in leaves_of(self.params).items()}
        result, _ = self.run(inputs, labels)
        roles = self._roles(inputs, labels, result) | {"rate": _RATE}
        returned = call(self._backward, roles)
        changed = {
            name: (before[name] - leaf.value) / _RATE
            for name, leaf in leaves_of(self.params).items()
        }
        self.updates = any(value.any() for value in changed.values())
        if self.updates:
            for name, leaf in leaves_of(self.params).items():
                leaf.value[...] = before[name]
                leaf.write()
            return changed
        for found in (returned, *(getattr(self.owner, name, None) for name in _GRADIENTS)):
            found = _arrays_only(found, len(before))
            if found is not None:
                return found
        return _attributes(self.owner, gradients=True)

    def _roles(self, inputs: Any, labels: Any, result: Any) -> dict[str, Any]:
        outputs, cache = result, result
        if isinstance(result, tuple):
            outputs, cache = result[0], (result[1] if len(result) == 2 else result[1:])
            arrays = [item for item in result if isinstance(item, np.ndarray)]
            if len(arrays) == len(result) > 1:  # one of each layer, the outputs last
                outputs, cache = arrays[-1], result
            if isinstance(outputs, dict | list) and hasattr(cache, "shape"):
                outputs, cache = cache, outputs
        elif isinstance(result, dict):
            outputs = list(result.values())[-1]
        elif isinstance(result, list) and result and hasattr(result[-1], "shape"):
            outputs = result[-1]
        return {
            "inputs": inputs,
            "labels": labels,
            "outputs": outputs,
            "cache": cache,
            "params": self.params,
        }


def _number(value: Any) -> Any:
    return value.numpy() if hasattr(value, "numpy") else value


def _arrays_only(tree: Any, count: int) -> Any:
    """Returns nested arrays without what is not one, or None if there are not `count` of them."""
    if (
        isinstance(tree, tuple)
        and len(tree) == 2
        and not isinstance(tree[0], dict | list | tuple)
        and np.ndim(tree[0]) == 0
        and isinstance(tree[1], dict | list)
    ):
        tree = tree[1]  # (loss, gradients)
    if tree is None:
        return None
    if isinstance(tree, dict):
        tree = {
            key: value
            for key, value in tree.items()
            if isinstance(value, list | tuple | dict)
            or np.ndim(_number(value)) > 0
            or value is None
        }
    try:
        leaves = leaves_of(tree)
    except Exception:
        return None
    if len(leaves) == count:
        return tree
    if isinstance(tree, dict):  # dZ and dA beside dW and db
        tree = {
            key: value
            for key, value in tree.items()
            if key.lower().lstrip("d_").startswith(("w", "b", "kernel", "theta"))
        }
        return tree if len(leaves_of(tree)) == count else None
    return None


def _attributes(owner: Any, gradients: bool = False) -> dict[str, Any]:
    """Returns the arrays among an object's attributes (and those of the layers in its lists) that
    look like parameters, or like their gradients.
    """
    found = {}
    for name, value in vars(owner).items() if hasattr(owner, "__dict__") else ():
        plain = name.lower().strip("_")
        is_gradient = (
            plain.startswith(("dw", "db", "d_w", "d_b", "grad_", "gw", "gb", "grad"))
            or plain.endswith(("_grad", "_grads"))
            or plain.startswith(("dkernel", "dbias", "dweight"))
        )
        is_parameter = (
            not is_gradient
            and plain.startswith(("w", "b", "kernel", "weight", "theta"))
            and not plain.startswith(("batch", "beta1", "beta2"))
        )
        if (
            isinstance(value, np.ndarray)
            and value.dtype.kind == "f"
            and value.ndim in (1, 2)
            and (is_gradient if gradients else is_parameter)
        ):
            found[name] = value
        elif (
            isinstance(value, list | tuple)
            and value
            and all(isinstance(item, np.ndarray) for item in value)
            and (is_gradient if gradients else is_parameter)
        ):
            found[name] = list(value)
        elif (
            isinstance(value, list | tuple)
            and value
            and all(hasattr(item, "__dict__") for item in value)
        ):
            parts = {str(i): _attributes(item, gradients) for i, item in enumerate(value)}
            found |= {f"{name}.{i}": part for i, part in parts.items() if part}
    if len(found) == 2 and all(
        isinstance(value, list) and value and isinstance(value[0], np.ndarray)
        for value in found.values()
    ):
        (one, kernels), (other, biases) = found.items()
        if len(kernels) == len(biases):  # weights and biases in a list each: layer by layer
            return {
                f"{i}.{key}": value[i]
                for i in range(len(kernels))
                for key, value in ((one, kernels), (other, biases))
            }
    return found


def parameters_of(owner: Any) -> Any:
    """Returns an object's parameters, nested, or None."""
    for name in (*_PARAMS, "get_params", "get_parameters"):
        value = getattr(owner, name, None)
        if callable(value) and not isinstance(value, dict | list) and required(value) == []:
            value = value()
        if isinstance(value, dict):
            value = {
                key: item
                for key, item in value.items()
                if isinstance(item, list | np.ndarray | dict)
            }
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            value = [
                {
                    key: item
                    for key, item in layer.items()
                    if isinstance(item, np.ndarray) and key.lower().startswith(("w", "b", "k"))
                }
                for layer in value
            ]
        if isinstance(value, list | dict) and value:
            try:
                if all(
                    leaf is not None and leaf.value.ndim in (1, 2)
                    for leaf in leaves_of(value).values()
                ):
                    if (
                        name == "weights"
                        and isinstance(value, list)
                        and isinstance(getattr(owner, "biases", None), list)
                    ):
                        return [
                            item for pair in zip(value, owner.biases, strict=True) for item in pair
                        ]
                    return value
            except Exception:
                continue
    return _attributes(owner) or None


def _make(maker: Callable[..., Any]) -> Iterator[Any]:
    """Yields what a constructor or an initializer makes, for the arguments that its parameters'
    names suggest.
    """
    needed = required(maker)
    if needed is None:
        return
    if not needed:
        yield maker()
    names = [name for name in inspect.signature(maker).parameters if name != "self"]
    arguments = [_argument(name.lower().strip("_")) for name in needed]
    unknown = [place for place, value in enumerate(arguments) if value is None]
    for place in unknown:  # most people go from the inputs to the outputs
        arguments[place] = (
            _SIZES[0] if place == 0 else _SIZES[2] if place == len(needed) - 1 else _SIZES[1]
        )
    if needed:
        yield maker(*arguments)
    elif any(name.lower() in _LISTS for name in names):
        yield maker(**{next(name for name in names if name.lower() in _LISTS): list(_SIZES)})


def _argument(name: str) -> Any:
    if name in _LISTS:
        return list(_SIZES)
    return next((value for pattern, value in _MEANINGS if pattern.search(name)), None)


def _batches(
    params: Any, stream: np.random.Generator
) -> Iterator[tuple[Any, Any, np.ndarray, np.ndarray]]:
    """Yields (inputs, labels) in every layout that could be meant, with the same as [n, d] and [n,
    k] or [n].
    """
    arrays = [leaf.value for leaf in leaves_of(params).values()]
    matrices = [array.shape for array in arrays if array.ndim == 2]
    if not matrices:
        return
    first = next((shape for shape in matrices if min(shape) > 1), matrices[0])
    lasts = dict.fromkeys(
        [*[shape for shape in matrices if min(shape) > 1][-1:], *matrices[-2:]]
    )  # a kernel for one output looks like a bias
    pairs = [pair for last in lasts for pair in ((first[0], last[1]), (first[1], last[0]))]
    pairs += [(d - 1, k) for d, k in pairs]  # where the bias is a part of the kernel
    for d, k in dict.fromkeys(pairs):
        if d < 1 or k < 1:
            continue
        x = stream.normal(size=(_ROWS, d))
        classes = stream.integers(0, k, _ROWS) if k > 1 else stream.integers(0, 2, _ROWS)
        targets = np.eye(k)[classes] if k > 1 else classes[:, None].astype(float)
        yield x, targets.copy(), x, targets
        yield x.T.copy(), targets.T.copy(), x, targets
        yield x, classes.copy(), x, targets
        yield x.T.copy(), classes.copy(), x, targets
        if k == 1:
            yield x, targets[:, 0].copy(), x, targets
        yield x[0], targets[0].copy(), x[:1], targets[:1]
        yield x[0], int(classes[0]), x[:1], targets[:1]
        yield x[:1].T.copy(), targets[:1].T.copy(), x[:1], targets[:1]
        yield x[0].tolist(), targets[0].tolist(), x[:1], targets[:1]


def _candidates(namespace: dict[str, Any]) -> Iterator[Net]:
    functions = {name: value for name, value in namespace.items() if inspect.isfunction(value)}
    free_losses = [functions[name] for name in LOSS if name in functions]
    free_losses += [
        value
        for name, value in functions.items()
        if name not in LOSS and _LOSS_WORD.search(name) and not _NO_LOSS.search(name)
    ]
    for name in _INITIALIZERS:  # a function that puts a net of layer objects together
        for made in _tried(lambda name=name: _make(functions[name])) if name in functions else ():
            if hasattr(made, "__dict__"):
                yield from _uses(name, made, free_losses)
    for name, kind in namespace.items():
        if not inspect.isclass(kind):
            continue
        for made in _tried(lambda kind=kind: _make(kind)):
            yield from _uses(name, made, free_losses)
    forwards = [functions[word] for word in FORWARD if word in functions]
    backwards = [functions[word] for word in BACKWARD if word in functions]
    if forwards and backwards and free_losses:
        stores = [
            namespace[word]
            for word in _PARAMS
            if isinstance(namespace.get(word), dict | list) and namespace[word]
        ]
        stores += [
            made
            for word in _INITIALIZERS
            if word in functions
            for made in _tried(lambda word=word: _make(functions[word]))
        ]
        arrays = {
            name: value
            for name, value in namespace.items()
            if isinstance(value, np.ndarray)
            and value.dtype.kind == "f"
            and name.lower().startswith(("w", "b"))
            and value.ndim in (1, 2)
        }
        for params in (*stores, *([arrays] if arrays else [])):
            if isinstance(params, tuple):
                params = list(params)
            for forward in forwards:
                for backward in backwards:
                    for loss in free_losses:
                        yield Net(
                            f"{forward.__name__}/{backward.__name__}",
                            None,
                            forward,
                            backward,
                            loss,
                            params,
                        )


def _uses(name: str, made: Any, free_losses: list[Callable]) -> Iterator[Net]:
    """Yields every way in which an object could be used as a net."""
    defined = {word for base in type(made).__mro__[:-1] for word in vars(base)}
    forwards, backwards = (
        [word for word in words if word in defined and callable(getattr(made, word))]
        for words in (FORWARD, BACKWARD)
    )
    losses = [word for word in LOSS if word in defined] + sorted(
        word
        for word in defined
        if word not in LOSS and _LOSS_WORD.search(word) and not _NO_LOSS.search(word)
    )
    losses = [getattr(made, word) for word in losses if callable(getattr(made, word))] + free_losses
    params = parameters_of(made) if forwards and backwards and losses else None
    if params:
        for forward, backward, loss in itertools.product(forwards, backwards, losses):
            yield Net(name, made, getattr(made, forward), getattr(made, backward), loss, params)


def _tried(make: Callable[[], Iterator[Any]]) -> list[Any]:
    try:
        return list(make())
    except Exception:
        return []


def _shaken(params: Any, stream: np.random.Generator) -> None:
    """Gives all parameters values of a useful size: zero biases and tiny weights hide mistakes."""
    for leaf in leaves_of(params).values():
        fan = max(leaf.value.shape) if leaf.value.ndim == 2 and min(leaf.value.shape) > 1 else 4
        leaf.value[...] = stream.normal(size=leaf.value.shape) / np.sqrt(max(fan, 2)) * 1.2
        leaf.write()


def check_nets(
    namespace: dict[str, Any], seed: int = 0
) -> tuple[list[tuple[str, GradientReport]], list[str]]:
    """Checks every net that a namespace defines.

    Args:
      namespace: Names and what they stand for, as after running a file.
      seed: Decides parameters and data.

    Returns:
      (name, report) of each net that could be run, and the names of what looks like one and could
      not.
    """
    reports, failed = {}, []
    for net in _candidates(namespace):
        if net.name in reports:
            continue
        report = _check(net, seed)
        if report is None:
            failed.append(net.name)
        else:
            reports[net.name] = report
    return list(reports.items()), [name for name in dict.fromkeys(failed) if name not in reports]


def _takes_batches(net: Net, inputs: Any, labels: Any, loss: float) -> bool:
    """Returns whether the loss is a mean over examples: the same for every example twice."""
    try:
        axis = 1 if np.ndim(labels) == 2 and np.shape(labels)[1] == np.shape(inputs)[1] else 0
        twice = (
            np.concatenate([inputs, inputs], axis),
            np.concatenate([labels, labels], axis if np.ndim(labels) == 2 else 0),
        )
        return bool(np.isclose(net.run(*twice)[1], loss))
    except Exception:
        return False


def _again(
    net: Net, inputs: Any, labels: Any, stream: np.random.Generator
) -> GradientReport | None:
    """Checks a net a second time, with other parameters: what it kept from the first time shows
    now. Returns the report if something is wrong.
    """
    _shaken(net.params, stream)
    report = check_gradients(
        lambda: net.run(inputs, labels)[1], net.params, net.gradients(inputs, labels)
    )
    if report.right:
        return None
    kept = Cause(
        "stale_cache",
        "the first gradient is right, the second is wrong: something is kept from an earlier"
        " forward pass",
    )
    return GradientReport(report.parameters, kept, report.recognized)


def _check(net: Net, seed: int) -> GradientReport | None:
    stream = np.random.default_rng(seed)
    try:
        _shaken(net.params, stream)
    except Exception:
        return None
    poor = None
    for inputs, labels, x, targets in _batches(net.params, stream):
        if (
            poor is not None
            and poor.cause.name == "unreduced_bias"
            and np.shape(inputs) != (x.shape[1], 1)
        ):
            continue
        try:
            with np.errstate(all="ignore"):
                np.random.seed(seed)
                random.seed(seed)
                result, loss = net.run(inputs, labels)
                outputs = np.asarray(_number(net._roles(inputs, labels, result)["outputs"]), float)
                if outputs.size != targets.size or net.run(inputs, labels)[1] != loss:
                    continue
                gradients = net.gradients(inputs, labels)
                if not gradients:
                    continue
                report = check_gradients(
                    lambda i=inputs, y=labels: net.run(i, y)[1],
                    net.params,
                    gradients,
                    inputs=x,
                    labels=targets,
                    seed=seed,
                )
                if report.right and not net.updates:  # an update may have momentum
                    report = _again(net, inputs, labels, stream) or report
        except Exception:
            continue
        # Wrong shapes may come from a batch that the net is not meant to take: numbers that were
        # silently left out, or many examples where it takes one column.
        if (
            report.cause
            and report.cause.name == "unreduced_bias"
            and _takes_batches(net, inputs, labels, loss)
        ):
            return report
        if (
            report.right
            or report.cause is None
            or report.cause.name not in ("shape", "unreduced_bias")
        ):
            return (
                report
                if report.right or poor is None or poor.cause.name != "unreduced_bias"
                else poor
            )
        poor = poor or report
    return poor
