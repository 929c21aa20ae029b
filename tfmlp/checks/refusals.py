"""Refusals: what a file that is only looked at may not do, from now to the end of the process.

    refuse(writable=Path(folder))
    socket.socket()  # raises Refused: it wants the network

A check looks at a file, and leaves the network, other files and other programs as they are. It is
no defense against malice.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_REASONS = {
    "socket.": "it wants the network",
    "subprocess.": "it wants to start a program",
    "os.system": "it wants to start a program",
    "os.exec": "it wants to start a program",
    "os.spawn": "it wants to start a program",
    "os.posix_spawn": "it wants to start a program",
    "os.mkdir": "it wants to make a folder",
    "os.rename": "it wants to rename a file",
    "os.remove": "it wants to remove a file",
    "os.rmdir": "it wants to remove a folder",
}
_HARMLESS = ("socket.gethostname",)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(PermissionError):
    """A person's file wanted to do what a check does not let it do."""


def refuse(writable: Path) -> None:
    """Refuses the network, other programs, and changes of files, for good.

    Args:
      writable: The one folder whose files may be written.
    """
    sys.dont_write_bytecode = True
    sys.addaudithook(_hook(os.path.realpath(writable) + os.sep))


def _hook(writable: str) -> Callable[[str, tuple[Any, ...]], None]:
    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = flags & _WRITING if isinstance(flags, int) else set(mode or "") & set("wax+")
            if writes and not _is_free(path, writable):
                raise Refused(f"it wants to write the file {os.path.basename(os.fsdecode(path))}")
        elif event.startswith(("socket.", "os.", "subprocess.")):
            for start, reason in _REASONS.items():
                if event.startswith(start) and event not in _HARMLESS:
                    if start.startswith("os.m") or start.startswith("os.r"):
                        if _is_free(arguments[0], writable):
                            return
                    raise Refused(reason)

    return look


def _is_free(path: Any, writable: str) -> bool:
    """Whether a path, or an open file, may be written."""
    if isinstance(path, int):
        return True
    place = os.path.realpath(os.fsdecode(path))
    return place.startswith(writable) or place == os.devnull
