"""Watching a person's function: what it returned, and its local variables when it did."""

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from tfmlp.checks.calls import guarded


class Seen(NamedTuple):
    """What a call gave.

    Attributes:
      value: What it returned.
      local: Its local variables when it returned, by name.
    """

    value: Any
    local: dict[str, Any]

    @property
    def named(self) -> Any:
        """The value; a tuple whose items all are local variables as a dict, by their names."""
        if not isinstance(self.value, tuple) or not self.value:
            return self.value
        names = [self._name(item) for item in self.value]
        if None in names or len(set(names)) < len(names):
            return self.value
        return dict(zip(names, self.value, strict=True))

    def _name(self, item: Any) -> str | None:
        return next((name for name, value in self.local.items() if value is item), None)


def watched(function: Callable[..., Any], *args: Any, **options: Any) -> Seen:
    """Calls a person's function. Raises `UserCodeError` when it raises."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    local: dict[str, Any] = {}

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "return" and frame.f_code is code:
            local.clear()
            local.update(frame.f_locals)

    before = sys.getprofile()
    if code is not None and threading.current_thread() is threading.main_thread():
        sys.setprofile(profile)
    try:
        value = guarded(function)(*args, **options)
    finally:
        sys.setprofile(before)
    return Seen(value, local)
