"""An explanation: the one likely cause behind all the verdicts on a net."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfmlp.checks.causes import Cause, CauseName
from tfmlp.checks.comparison import Compared
from tfmlp.checks.factors import explain_ratio, explain_together
from tfmlp.checks.location import locate
from tfmlp.checks.mistakes import usual_mistakes
from tfmlp.checks.recognized import RecognizedNet

_UNUSABLE = {
    CauseName.MISSING,
    CauseName.NOT_FINITE,
    CauseName.UNREDUCED_BIAS,
    CauseName.TRANSPOSED,
    CauseName.WRONG_AXIS,
    CauseName.SHAPE,
}


def explain(
    parts: list[Compared],
    alone: Sequence[Cause | None],
    net: RecognizedNet | None,
    batch: int | None,
    outputs: int | None,
) -> Cause | None:
    """Returns the cause of it all: shapes first, then one factor, then one mistake, then what each
    gradient shows alone, then where the error comes in.

    Args:
      parts: The parameters from the first layer to the last, at least one of them wrong.
      alone: What is wrong with each taken alone, or None.
      net: The recognized net, or None.
      batch: The number of examples, if known.
      outputs: The number of outputs, if known.
    """
    named = [_naming(part, cause) for part, cause in zip(parts, alone, strict=True) if cause]
    for cause in named:
        if cause.name in _UNUSABLE:
            return cause
    if together := explain_together(parts, batch, outputs):
        return together
    if net is not None and (found := _mistake(parts, net, batch, outputs)):
        return found
    if len({cause.name for cause in named}) == 1:
        return named[0]
    top = max(index for index, part in enumerate(parts) if not part.right)
    own = alone[top]
    if own and own.name is not CauseName.SCALED:
        return _naming(parts[top], own)
    return locate(parts)


def _naming(part: Compared, cause: Cause) -> Cause:
    return Cause(cause.name, f"{part.name}: {cause.text}")


def _mistake(
    parts: list[Compared], net: RecognizedNet, batch: int | None, outputs: int | None
) -> Cause | None:
    """Returns the mistake whose gradients are those that were given, all of them; also up to one
    factor on all of them.
    """
    given = np.concatenate([part.given_entries for part in parts])
    allowed = 1e-6 * np.abs(given).max()
    for exact in (True, False):
        for cause, mistake in usual_mistakes(net, {part.name: part.given for part in parts}):
            gradients = net.gradients(mistake)
            if set(gradients) != {part.name for part in parts}:
                continue
            tried = np.concatenate([part.at_entries(gradients[part.name]) for part in parts])
            if not np.isfinite(tried).all() or not tried.any():
                continue
            ratio = 1.0 if exact else float(np.dot(tried, given) / np.dot(tried, tried))
            if not ratio or not np.allclose(ratio * tried, given, rtol=1e-5, atol=allowed):
                continue
            if exact:
                return replace(cause, reproduced=True)
            besides = explain_ratio(ratio, batch, outputs).text
            return Cause(cause.name, f"{cause.text}; besides, {besides}", reproduced=True)
    return None
