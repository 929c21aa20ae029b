"""Old names: what Python 2 and older versions of NumPy had, and this one has under another name.

restore("x = np.float(1)")  # and now it can be run
"""

import functools
import re
from typing import Any

import numpy as np

PYTHON_2: dict[str, Any] = {
    "xrange": range,
    "raw_input": input,
    "unicode": str,
    "long": int,
    "reduce": functools.reduce,
}
_NUMPY: dict[str, Any] = {
    "float": float,
    "int": int,
    "complex": complex,
    "object": object,
    "str": str,
    "float_": np.float64,
    "Inf": np.inf,
    "NaN": np.nan,
    "product": np.prod,
}
_USED = re.compile(rf"\b(?:np|numpy)\.({'|'.join(_NUMPY)})\b(?!\.)")


def is_python2(text: str) -> bool:
    """Whether a text that Python 3 can parse was written for Python 2."""
    return re.search(r"\b(xrange|raw_input)\(|\bcPickle\b", text) is not None


def restore(text: str) -> list[str]:
    """Gives NumPy the old names that a text uses, for this process; returns notes about them."""
    gone = sorted({name for name in _USED.findall(text) if not hasattr(np, name)})
    for name in gone:
        setattr(np, name, _NUMPY[name])
    names = ", ".join(f"np.{name}" for name in gone)
    return [f"gone from this version of NumPy, and given back: {names}"] if gone else []
