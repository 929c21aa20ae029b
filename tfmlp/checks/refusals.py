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

_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.spawn", "os.posix_spawn")
_CHANGES = {
    "os.mkdir": "make the folder",
    "os.rmdir": "remove the folder",
    "os.remove": "remove",
    "os.rename": "rename",
    "os.truncate": "cut",
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CACHES = ("~/.cache", "~/.config")  # libraries keep there what they found out about this machine


class Refused(PermissionError):
    """A person's file wanted to do what a check does not let it do."""


def refuse(writable: Path) -> None:
    """Refuses the network, other programs, and changes of files, for good.

    Args:
      writable: The folder whose files may be written, as may caches.
    """
    sys.dont_write_bytecode = True
    free = [os.path.realpath(os.path.expanduser(place)) for place in (writable, *_CACHES)]
    sys.addaudithook(_hook(tuple(place + os.sep for place in free)))


def _hook(free: tuple[str, ...]) -> Callable[[str, tuple[Any, ...]], None]:
    def is_free(path: Any) -> bool:
        if isinstance(path, int):  # a file that is open
            return True
        place = os.path.realpath(os.fsdecode(path)) + os.sep
        return place.startswith(free) or place == os.devnull + os.sep

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = flags & _WRITING if isinstance(flags, int) else set(mode or "") & set("wax+")
            if writes and not is_free(path):
                raise Refused(f"it wants to write {_name(path)}")
        elif event in _CHANGES:
            if not is_free(arguments[0]):
                raise Refused(f"it wants to {_CHANGES[event]} {_name(arguments[0])}")
        elif event == "sqlite3.connect":
            if arguments[0] != ":memory:" and not is_free(arguments[0]):
                raise Refused(f"it wants the database {_name(arguments[0])}")
        elif event.startswith("socket.") and event != "socket.gethostname":
            raise Refused("it wants the network")
        elif event.startswith(_PROGRAMS):
            raise Refused("it wants to start a program")

    return look


def _name(path: Any) -> str:
    return os.path.basename(os.path.normpath(os.fsdecode(path)))
