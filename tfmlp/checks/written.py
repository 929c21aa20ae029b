"""Written calls: the passes of a net as the text of a person's own calls."""

import dis
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.origins import held
from tfmlp.checks.passes import NetParts, Passes
from tfmlp.checks.roles import Role, roles_of

_KNOWN = {
    Role.INPUTS: "X",
    Role.LABELS: "y",
    Role.RATE: "0.1",
    Role.ONCE: "1",
    Role.PENALTY: "0.0",
    Role.KEEP: "1.0",
    Role.QUIET: "False",
}
_INPUT_LIKE = (Role.INPUTS, Role.OUTPUTS, Role.LABELS, Role.GRADIENT)


class Written:
    """The calls of one net.

    Attributes:
      unknown: Names of arguments that nobody but the person knows, and of the functions that need
        them.

    Args:
      usage: The net.
      run: Its passes, as far as they ran.
      known: Texts by the names of arguments in lower case: "params" for all parameters, one for
        each parameter that functions may ask for.
      defined: Names that the file defines.
      examples: The number of examples.
    """

    def __init__(
        self,
        usage: NetParts,
        run: Passes,
        known: Mapping[str, str],
        defined: Mapping[str, Any],
        examples: int,
    ):
        self._usage, self._run, self._known, self._defined = usage, run, known, defined
        self._roles = _KNOWN | {Role.COUNT: str(examples)}
        self._roles |= {Role.PARAMS: known["params"]} if "params" in known else {}
        self.unknown: dict[str, str] = {}

    def value(self) -> str:
        """Returns the argument of `check` that says what the loss or the outputs are."""
        usage = self._usage
        if usage.loss is None:
            return f"outputs=lambda: {self._outputs()}"
        batch, own = self._run.batch, self._roles
        if batch.for_loss is not None:
            columns = ".T" if np.shape(batch.for_loss) != batch.targets.shape else ""
            self._roles = own | {Role.LABELS: f"np.eye({batch.targets.shape[1]})[y]{columns}"}
        text, value = self._call(usage.loss), self._run.loss_value
        self._roles = own
        if isinstance(value, tuple):
            text += "[0]"
        elif getattr(value, "size", 1) > 1:
            text += ".mean()"
        return f"loss=lambda: {text}"

    def gradient(self, is_step: bool) -> str:
        """Returns the argument of `check` that says what the gradients are."""
        usage, text = self._usage, self._call(self._usage.backward)
        if usage.then is not None:
            takes_them = any(name in words.GRADIENTS for name in _names(usage.then))
            then = self._call(usage.then, dict.fromkeys(words.GRADIENTS, text))
            return f"step=lambda: {then if takes_them else f'({text}, {then})'}"
        stored = _stored(usage.backward)
        if is_step or (self.unknown and stored == []):
            return f"step=lambda: {text}"
        if self.unknown and stored:
            return f'grads=lambda: ({text}, (net, "{" ".join(stored)}"))[1]'
        if self._run.item is not None:
            return f"grads=lambda: {text}[{self._run.item}]"
        kept = held(usage.owner, self._run.kept) if self._run.kept is not None else None
        return f"grads=lambda: ({text}, {kept})[1]" if kept else f"grads=lambda: {text}"

    def _outputs(self) -> str:
        if self._usage.forward is None:
            return "..."
        text, run = self._call(self._usage.forward, is_forward=True), self._run
        path = _path(run.value, run.chosen)
        if path is None and run.value is None:
            held = vars(self._usage.owner) if hasattr(self._usage.owner, "__dict__") else {}
            name = next((name for name, value in held.items() if value is run.chosen), None)
            return f"({text}, net.{name})[1]" if name else text
        return text + (path or "")

    def _cache(self) -> str | None:
        """Returns what the forward pass gave besides the outputs, or all of it."""
        if self._usage.forward is None:
            return None
        text, run = self._call(self._usage.forward, is_forward=True), self._run
        value = run.value
        if not isinstance(value, tuple) or (value and value[-1] is run.chosen):
            return text
        rest = [i for i, item in enumerate(value) if item is not run.chosen]
        if len(rest) == 1:
            return f"{text}[{rest[0]}]"
        return f"{text}[1:]" if rest and rest[0] == 1 else text

    def _call(
        self,
        function: Callable[..., Any],
        given: Mapping[str, str] | None = None,
        is_forward: bool = False,
    ) -> str:
        name = getattr(function, "__name__", "f")
        if inspect.ismethod(function):
            name = "net" if name == "__call__" else f"net.{name}"
        return f"{name}({', '.join(self._arguments(function, given or {}, is_forward))})"

    def _arguments(
        self, function: Callable[..., Any], given: Mapping[str, str], is_forward: bool
    ) -> Iterator[str]:
        is_named, meant = False, roles_of(function)
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            role = meant[name]
            has_default = parameter.default is not parameter.empty
            if has_default and role not in (Role.INPUTS, Role.LABELS):
                continue
            text = given.get(name.lower()) or self._argument(name, role, is_forward)
            if text is None:
                self.unknown[name] = function.__name__
            # After an argument with its name, all others need theirs.
            is_named |= text is None or has_default or parameter.kind is parameter.KEYWORD_ONLY
            yield f"{name}={text or '...'}" if is_named else str(text)

    def _argument(self, name: str, role: Role | None, is_forward: bool) -> str | None:
        """Returns the text of an argument, or None if nobody but the person knows it."""
        plain = name.lower().strip("_")
        if plain in self._known and role not in (Role.INPUTS, Role.LABELS, Role.RATE):
            return self._known[plain]
        if is_forward and role in _INPUT_LIKE:
            return "X"
        if role is Role.OUTPUTS and not is_forward and self._usage.forward is not None:
            return self._outputs()
        if role is Role.CACHE and not is_forward:
            return self._cache()
        if role in self._roles:
            return self._roles[role]
        path = _path(self._run.value, self._run.local.get(name, self)) if not is_forward else None
        if path and self._usage.forward is not None:
            return self._call(self._usage.forward, is_forward=True) + path
        return name if name in self._defined else None


def _stored(function: Callable[..., Any]) -> list[str] | None:
    """Returns the attributes that sound like gradients and that a function sets; None if it returns
    something.
    """
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    steps = list(dis.get_instructions(code)) if code is not None else []
    for before, step in itertools.pairwise(steps):
        if step.opname == "RETURN_VALUE" and before.argval is not None:
            return None
    names = dict.fromkeys(step.argval for step in steps if step.opname == "STORE_ATTR")
    return [name for name in names if words.is_gradient(name)]


def _names(function: Callable[..., Any]) -> list[str]:
    return [name.lower() for name in inspect.signature(function).parameters]


def _path(value: Any, item: Any) -> str | None:
    """Returns how an item is taken from what a function returned, or None."""
    if value is item:
        return ""
    if isinstance(value, tuple | list):
        found = next((i for i, part in enumerate(value) if part is item), None)
        return None if found is None else f"[{found}]" if found < len(value) - 1 else "[-1]"
    if isinstance(value, dict):
        return next((f'["{key}"]' for key, part in value.items() if part is item), None)
    return None
