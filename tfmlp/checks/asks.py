"""An ask: what was found of a net that could not be judged, what was missing, and the call of
`tfmlp.check` that would ask about it.
"""

from dataclasses import asdict, dataclass
from typing import Any

from tfmlp.checks.batches import Batch
from tfmlp.checks.calls import attempt
from tfmlp.checks.guessing import Guessed
from tfmlp.checks.layer import LayerUsage
from tfmlp.checks.pasted import loop_template, pasted, pasted_layer, template
from tfmlp.checks.roles import UnknownArgument
from tfmlp.checks.space import Space
from tfmlp.checks.usage import Usage


@dataclass(frozen=True)
class Ask:
    """What could not be judged.

    Attributes:
      subject: What it is called in the file.
      found: What was found, in a sentence.
      missing: What was missing, in a sentence.
      call: The lines that ask about it, to be pasted below its code.
    """

    subject: str
    found: str
    missing: str
    call: str

    def to_dict(self) -> dict[str, Any]:
        """Returns it as plain values."""
        return asdict(self)


def ask_for(guess: Guessed, space: Space, line: int | None = None, key: str = "") -> Ask:
    """Returns what is to be said of a net that could not be judged.

    Args:
      guess: What came of the guesses about it.
      space: What its file defines.
      line: Where it stands, if known.
      key: What its backward pass is called, if known.
    """
    usage, batch = _likeliest(guess, key)
    if isinstance(usage, Usage):
        in_doubt = guess.report is not None and "loss" in guess.report.undecided
        call = pasted(usage, batch, space, in_doubt)
        return Ask(guess.name, _found(usage), _missing(guess, usage), call)
    missing = dict(space.unmade()).get(guess.name)
    if isinstance(usage, LayerUsage) and batch is not None and usage.made:
        found_call = attempt(lambda: pasted_layer(usage, batch))
        if found_call is not None:
            found = "a forward and a backward pass"
            return Ask(guess.name, found, _missing(guess, usage), found_call)
    place = f"in line {line} " if line else ""
    found = f"{place}something computes a gradient"
    if guess.name.split(".")[0] not in space.names and not guess.usages:
        missing = "functions: what it does once, and what it computes for X, each in one of its own"
        return Ask(guess.name, found, missing, loop_template(space))
    said = f"{guess.name} could not be made: {missing}" if missing else "a way to call it"
    return Ask(guess.name, found, said, template(guess.name, space))


def _likeliest(guess: Guessed, key: str) -> tuple[Any, Batch | None]:
    """Returns the usage that got furthest, and its batch if it took one."""
    known = {usage.key for usage in guess.usages}
    for reached in (guess.asked, guess.ran):
        if reached is None or (key and reached[0].key != key and key in known):
            continue
        if isinstance(reached[0], Usage | LayerUsage):
            return reached
    usages = [usage for usage in guess.usages if isinstance(usage, Usage)]
    usages = [usage for usage in usages if usage.shapes] or usages
    usages = [usage for usage in usages if usage.key == key] or usages
    with_loss = [usage for usage in usages if usage.loss is not None and usage.forward is not None]
    return next(iter((*with_loss, *usages)), None), None


def _found(usage: Usage) -> str:
    parts = [
        f"{role} `{function.__name__}`"
        for role, function in (
            ("the forward pass", usage.forward),
            ("the backward pass", usage.backward),
            ("the loss", usage.loss),
        )
        if function is not None and hasattr(function, "__name__")
    ]
    return ", ".join(parts)


def _missing(guess: Guessed, usage: Any) -> str:
    if guess.report is not None:
        return guess.report.undecided or "another function computes or changes gradients, too"
    errors = [error for of, error in guess.missing if of is usage] or [e for _, e in guess.missing]
    for error in errors:
        if isinstance(error, UnknownArgument):
            return f"{error.function} needs `{error.name}`, which is not known"
    return str(errors[0]) if errors else "a batch that it takes"
