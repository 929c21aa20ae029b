"""The call of `tfmlp.check` for a net, filled in with what is known of it."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tfmlp.checks.calls import attempt
from tfmlp.checks.places import Places
from tfmlp.checks.roles import Role, role_of
from tfmlp.checks.usage import Usage

_DATA = "X, y = np.random.randn(7, {d}), np.eye({k})[np.random.randint(0, {k}, 7)]"
_KNOWN = {
    Role.INPUTS: "X",
    Role.LABELS: "y",
    Role.PARAMS: "params",
    Role.RATE: "0.1",
    Role.COUNT: "7",
    Role.ONCE: "1",
    Role.PENALTY: "0.0",
    Role.KEEP: "1.0",
}


def pasted(usage: Usage) -> str:
    """Returns the lines that ask about a net, to be pasted below its code."""
    widths = usage.widths
    d, k = widths[0] if widths else (5, 3)
    lines = ["import numpy as np, tfmlp", _DATA.format(d=d, k=max(k, 2))]
    is_object = usage.owner is not None
    if is_object:
        lines.append(f"net = {usage.name}({_signature(type(usage.owner))})")
        names = attempt(lambda: list(Places(usage.params).places)) or ["W1", "b1"]
        heads = dict.fromkeys(name.split(".")[0] for name in names)
        params = f'(net, "{" ".join(heads)}")' if _are_held(usage, heads) else "net.params"
    else:
        params = "params"
        lines.append("params = ...  # arrays, lists or dicts of them")
    lines += [
        "report = tfmlp.check(",
        f"    params={params}, inputs=X, labels=y,",
        f"    {_value(usage)},",
        f"    grads=lambda: {_expression(usage.backward, usage)},  # or step=lambda: ...",
        ")",
        "print(report)",
    ]
    return "\n".join(lines)


def _are_held(usage: Usage, heads: dict[str, None]) -> bool:
    return all(hasattr(usage.owner, head) for head in heads)


def _value(usage: Usage) -> str:
    if usage.loss is not None:
        return f"loss=lambda: {_expression(usage.loss, usage)}"
    if usage.forward is None:
        return "loss=lambda: ..."
    return f"outputs=lambda: {_expression(usage.forward, usage)}"


def _expression(function: Callable[..., Any], usage: Usage) -> str:
    """Returns a call of a function, with its own names for what is not known."""
    name = getattr(function, "__name__", "f")
    prefix = "net." if inspect.ismethod(function) else ""
    is_forward = function is usage.forward
    return f"{prefix}{name}({', '.join(_arguments(function, usage, is_forward))})"


def _arguments(function: Callable[..., Any], usage: Usage, is_forward: bool) -> Iterator[str]:
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        role = role_of(name)
        if is_forward and role in (Role.OUTPUTS, Role.LABELS, Role.GRADIENT):
            role = Role.INPUTS
        if role is Role.OUTPUTS and usage.forward is not None and not is_forward:
            yield _expression(usage.forward, usage)
        else:
            yield _KNOWN.get(role, name) if role is not None else name


def _signature(kind: type) -> str:
    try:
        parameters = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return "..."
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    return ", ".join(needed)


def template(name: str, kind: type | None) -> str:
    """Returns the lines that ask about something of which no more than the name is known."""
    made = f"net = {name}({_signature(kind)})" if kind else "params = [W1, b1, W2, b2]"
    params = '(net, "W1 b1 W2 b2")' if kind else "params"
    return "\n".join(
        [
            "import numpy as np, tfmlp",
            _DATA.format(d=5, k=3),
            made,
            "report = tfmlp.check(",
            f"    params={params}, inputs=X, labels=y,",
            "    outputs=lambda: ...,  # or loss=lambda: ...",
            "    grads=lambda: ...,  # or step=lambda: ..., a step of the training",
            ")",
            "print(report)",
        ]
    )
