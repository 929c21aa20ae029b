"""The terminal that stderr is, as rich writes to it."""

import contextlib
from typing import Any

from rich.console import Console


class Terminal(Console):
    """The terminal that stderr is.

    Its cursor is never hidden: a program that is killed could not show it again. When it is gone,
    what is written is lost: lost progress must not end the work.

    Args:
      soft_wrap: Whether the terminal itself breaks long lines, so that they are copied whole.
    """

    def __init__(self, soft_wrap: bool = False):
        super().__init__(stderr=True, highlight=False, markup=False, emoji=False)
        self.soft_wrap = soft_wrap

    def show_cursor(self, show: bool = True) -> bool:
        """Leaves the cursor as it is."""
        return False

    def __exit__(self, *error: Any) -> None:
        """Writes what was printed; every writing of a console ends here."""
        with contextlib.suppress(OSError):
            super().__exit__(*error)
