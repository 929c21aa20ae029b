"""The call of `tfmlp.check` for a net, filled in with what is known of it."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.attributes import named_arrays
from tfmlp.checks.batches import Batch
from tfmlp.checks.bounds import Overtime, at_most
from tfmlp.checks.calls import attempt
from tfmlp.checks.conventions.layers import OUTPUTS
from tfmlp.checks.layer import LayerUsage
from tfmlp.checks.making import PENALTY
from tfmlp.checks.origins import Origin, held, of_object, of_parameters
from tfmlp.checks.passes import Passes
from tfmlp.checks.places import Places
from tfmlp.checks.snapshot import Snapshot
from tfmlp.checks.space import Space
from tfmlp.checks.usage import Usage
from tfmlp.checks.written import Written

_TEN = "X, y = ..., ...  # fill in: ten examples and their labels"
_WIDTH = 100
_SECONDS = 2.0  # that a run of the passes may take


def pasted(whole: Usage, batch: Batch | None, space: Space, is_loss_in_doubt: bool = False) -> str:
    """Returns the lines that ask about a net, to be pasted below its code.

    Args:
      whole: The net.
      batch: One that it takes, if known.
      space: What its file defines.
      is_loss_in_doubt: Whether the person has to say the loss, where the file has none.
    """
    batch = batch or next(whole.batches(np.random.default_rng(0)))
    usage = attempt(lambda: whole.on(batch)) or whole
    if usage.owner is not None:
        # The usual losses have no penalty.
        penalty = PENALTY if usage.loss is not None else 0.0
        origin = of_object(usage.owner, usage.params, space, usage is not whole, penalty)
    else:
        origin = of_parameters(usage.params, space)
    run = Passes(usage, batch)
    snapshot = Snapshot([*usage.called, usage.owner, usage.params])
    try:
        is_step = _run(usage, run)
        known = origin.known | _settings(usage)
        written = Written(usage, run, known, space.names, len(batch.examples))
        value, gradient = f"{written.value()},", written.gradient(is_step)
    finally:
        snapshot.restore()
    unknown = [f"# Fill in `{name}` of {of}." for name, of in written.unknown.items()]
    if is_loss_in_doubt and usage.loss is None:
        value = f"loss=lambda: ...,  # fill in: of {value.removeprefix('outputs=lambda: ')} y"
    return _assembled([*_data(batch), *unknown], origin, value, f"{gradient},")


def pasted_layer(usage: LayerUsage, batch: Batch) -> str:
    """Returns the lines that ask about a layer or a container, with squares as its loss."""
    net, fed = usage.roots[0], {name: value.copy() for name, value in batch.inputs.items()}
    outputs, cache = usage.forward(fed)
    attempt(lambda: list(usage.backward(np.ones(np.shape(outputs)), cache)))
    kept = held(net, named_arrays(net, words.is_gradient)) or "..."
    forward, backward = (
        next(name for name in names if hasattr(net, name))
        for names in (words.FORWARD, words.BACKWARD)
    )
    passed = f"net.{forward}(X)"
    if getattr(net, forward)(fed["x"]) is None:
        name = next(name for name in OUTPUTS if getattr(net, name, None) is not None)
        passed = f"({passed}, net.{name})[1]"
    params = held(net, usage.params) or "..."
    x, y = (", ".join(map(str, np.shape(value))) for value in (fed["x"], outputs))
    return _assembled(
        [f"X, y = np.random.randn({x}), np.random.randn({y})"],
        Origin(usage.made.split("\n"), params, {}),
        f"loss=lambda: (({passed} - y) ** 2).sum(),",
        f"grads=lambda: (net.{backward}(2 * ({passed} - y)), {kept})[1],",
    )


def template(name: str, space: Space) -> str:
    """Returns the lines that ask about something of which no more than the name is known."""
    kind, outputs, grads = space.classes.get(name), "...", "..."
    if kind is not None:
        forwards, backwards = words.forwards(vars(kind)), words.backwards(vars(kind))
        outputs = f"net.{forwards[0]}(X)" if forwards else "..."
        grads = f"net.{backwards[0]}(X, y)" if backwards else "..."
    elif name in space.functions:
        grads = f"{name}({_signature(space.functions[name])})"
    return _assembled(
        [_TEN],
        _origin(name, space),
        f"outputs=lambda: {outputs},  # fill in; or loss=lambda: ...",
        f"grads=lambda: {grads},  # fill in; or step=lambda: ...",
    )


def loop_template(space: Space) -> str:
    """Returns the lines that ask about a loop of a file's top level, once it is in functions."""
    functions = [
        "def outputs():",
        "    return ...  # fill in: what the loop computes for X",
        "def step():  # fill in: what the loop does once; `global W, b` where it rebinds them",
        "    ...",
    ]
    return _assembled(
        [_TEN, *functions], _origin("", space), "outputs=outputs,", "step=step,  # or grads=..."
    )


def _origin(name: str, space: Space) -> Origin:
    kind = space.classes.get(name)
    if kind is not None:
        return Origin([f"net = {name}({_signature(kind)})"], '(net, "W1 b1")', {})
    if arrays := [name for name in space.arrays if words.is_parameter(name)]:
        return Origin([], f'(globals(), "{" ".join(arrays)}")', {})
    return Origin(["params = ...  # fill in: all weights and biases"], "params", {})


def _run(usage: Usage, run: Passes) -> bool:
    """Runs the passes as far as they go; returns whether they are a step."""
    places = attempt(lambda: Places(usage.params))
    before = places.read() if places else {}
    try:
        with np.errstate(all="ignore"), at_most(_SECONDS):
            attempt(run.outputs)
            if usage.loss is not None:
                attempt(run.loss)
            attempt(lambda: run.gradients(before))
    except Overtime:
        pass
    after = places.read() if places else {}
    return any(np.any(before[name] != after[name]) for name in before)


def _settings(usage: Usage) -> dict[str, str]:
    """Returns the numbers and lists of them that functions ask for by name, as text."""
    plain = {n: v for n, v in usage.named().items() if isinstance(v, int | float | list)}
    return {name.lower(): repr(value) for name, value in plain.items()}


def _data(batch: Batch) -> list[str]:
    """Returns the lines that make examples of a batch's layout."""
    d, k, n = batch.examples.shape[1], batch.targets.shape[1], len(batch.examples)
    inputs, labels = np.shape(batch.inputs), np.shape(batch.labels)
    x = f"np.random.randn({', '.join(map(str, inputs))})"
    if len(labels) == 0:
        y = "1"
    elif k == 1 or (len(labels) == 1 and n > 1):
        y = f"np.random.randint(0, {max(k, 2)}, {_shape(labels)})"
    else:
        y = f"np.eye({k})[np.random.randint(0, {k}, {n})]"
        is_column = labels == (k, n)
        y += ".T" if is_column else "[0]" if len(labels) == 1 else ""
    if isinstance(batch.inputs, list):
        x = f"np.random.randn({', '.join(map(str, inputs)) if len(inputs) > 1 else d}).tolist()"
        x = f"[*{x}, 1]" if inputs == (d + 1,) else x
        y += ".tolist()" if len(labels) else ""
    return [f"X, y = {x}, {y}"]


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else str(shape)


def _assembled(before: list[str], origin: Origin, value: str, gradient: str) -> str:
    arguments = [f"params={origin.params}, inputs=X, labels=y,", value, gradient]
    return "\n".join(
        [
            "import numpy as np, tfmlp",
            *before,
            *(_wrapped(line, 0) for line in origin.lines),
            "report = tfmlp.check(",
            *(_wrapped(argument, 4) for argument in arguments),
            ")",
            "print(report)",
        ]
    )


def _wrapped(line: str, indent: int) -> str:
    """Returns a line that is no wider than the page, broken after commas, its remark below."""
    code, mark, remark = line.partition("  # ")
    pieces = code.replace(", ", ",\0").split("\0")
    lines = [" " * indent + pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + 1 + len(piece) > _WIDTH:
            lines.append(" " * (indent + 4) + piece)
        else:
            lines[-1] += f" {piece}"
    if len(lines[-1]) + len(mark + remark) > _WIDTH:
        lines.append(" " * (indent + 2))
    lines[-1] += mark + remark
    return "\n".join(lines)


def _signature(kind: Callable[..., Any]) -> str:
    try:
        parameters = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return "..."
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    return ", ".join(f"{name}=..." for name in needed)
