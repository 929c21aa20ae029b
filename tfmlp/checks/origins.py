"""Origins: where a net's object and its parameters come from, as text of a person's own file."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.attributes import parameters_of
from tfmlp.checks.calls import attempt
from tfmlp.checks.making import OUTPUTS, arguments_of, made_by
from tfmlp.checks.places import Places
from tfmlp.checks.space import Space


class Origin(NamedTuple):
    """Where parameters come from.

    Attributes:
      lines: That make the object or the parameters.
      params: What `check` takes as `params`.
      known: Texts of what functions may ask for, by name in lower case.
    """

    lines: list[str]
    params: str
    known: dict[str, str]


def of_object(
    owner: Any, params: Any, space: Space, is_made_of_data: bool, penalty: float
) -> Origin:
    """Returns the origin of an object that holds its parameters; a penalty that must be given is
    this one.
    """
    name = next((name for name, value in space.names.items() if value is owner), None)
    kind = type(owner)
    made = (
        f"net = {name}" if name else f"net = {kind.__name__}({_arguments(kind, params, penalty)})"
    )
    if is_made_of_data:
        made = f"net = {kind.__name__}(X, y)"
    text = held(owner, params) or "..."
    return Origin([made], text, {"params": "net"})


def of_parameters(params: Any, space: Space) -> Origin:
    """Returns the origin of parameters that functions take."""
    for name, value in space.names.items():
        if value is params:
            return Origin([f"params = {name}"], "params", {"params": "params"} | _known(params))
    if isinstance(params, dict) and all(space.names.get(name) is params[name] for name in params):
        each = {name.lower(): name for name in params}
        return Origin([], f'(globals(), "{" ".join(params)}")', each)
    for name in words.initializers(space.functions):
        if found := _made_by(space.functions[name], params):
            return found
    if isinstance(params, np.ndarray):
        line = f"params = 0.5 * np.random.randn({params.size})"
        return Origin([line], "params", {"params": "params"})
    if isinstance(params, list) and all(isinstance(layer, list) for layer in params):
        shapes = [np.shape(layer) for layer in params]
        parts = ", ".join(f"np.random.randn{shape}.tolist()" for shape in shapes)
        return Origin([f"params = [{parts}]"], "params", {"params": "params"})
    line = "params = ...  # fill in: arrays, lists or dicts of them"
    return Origin([line], "params", {"params": "params"})


def held(owner: Any, tree: Any) -> str | None:
    """Returns how `check` is told of arrays that an object `net` holds, or None."""
    for name, value in vars(owner).items() if hasattr(owner, "__dict__") else ():
        if value is tree or (isinstance(value, list | dict) and _arrays(value) == _arrays(tree)):
            return f"net.{name}"
    if not isinstance(tree, Mapping):
        return None
    names = dict.fromkeys(str(name) for name in tree)
    if all(hasattr(owner, name) for name in names):
        return f'(net, "{" ".join(names)}")'
    heads, inner = {name.split(".")[0] for name in names}, dict[str, None]()
    for name, value in tree.items():
        inner |= dict.fromkeys(value if isinstance(value, Mapping) else [str(name).split(".")[-1]])
    if len(heads) == 1 and hasattr(owner, head := heads.pop()):
        are_pairs = any(isinstance(item, tuple | list) for item in getattr(owner, head))
        layers = f"[part for pair in net.{head} for part in pair]" if are_pairs else f"net.{head}"
        return f'({layers}, "{" ".join(inner)}")'
    if all(hasattr(owner, name) for name in inner):  # lists of the layers' weights and biases
        return f'(net, "{" ".join(inner)}")'
    return None


def _arrays(tree: Any) -> list[int] | None:
    places = attempt(lambda: Places(tree).places)
    return sorted(id(place.original) for place in places.values()) if places else None


def _shapes(tree: Any) -> list[tuple[int, ...]] | None:
    places = attempt(lambda: Places(tree).places)
    return [place.value.shape for place in places.values()] if places else None


def _arguments(kind: Callable[..., Any], params: Any, penalty: float) -> str:
    """Returns the arguments under which a class has parameters of these shapes."""
    for outputs in OUTPUTS:
        for seen in made_by(kind, outputs):
            if _shapes(parameters_of(seen.value)) == _shapes(params):
                return arguments_of(kind, outputs, penalty) or ""
    names = [p.name for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
    return ", ".join(f"{name}=..." for name in names)


def _made_by(maker: Callable[..., Any], params: Any) -> Origin | None:
    """Returns the origin of parameters in an initializer, or None if it makes others."""
    for outputs in OUTPUTS:
        for seen in made_by(maker, outputs):
            made = seen.named
            if _shapes(list(made) if isinstance(made, tuple) else made) != _shapes(params):
                continue
            call = f"{maker.__name__}({arguments_of(maker, outputs)})"
            if isinstance(seen.value, tuple) and isinstance(made, dict):
                names = ", ".join(made)
                each = {name.lower(): name for name in made} | {"params": f"[{names}]"}
                return Origin([f"{names} = {call}"], f"[{names}]", each)
            known = {"params": "params"} | _known(params)
            return Origin([f"params = {call}"], "params", known)
    return None


def _known(params: Any) -> dict[str, str]:
    if not isinstance(params, dict):
        return {}
    return {str(name).lower(): f'params["{name}"]' for name in params if isinstance(name, str)}
