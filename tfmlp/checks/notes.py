"""Notes: what of a person's file was passed over, in a few short sentences.

notes = Notes()
notes.passed_over("line 12", FileNotFoundError(2, "No such file", "data/train.csv"), {"X"})
notes.sentences()  # ["line 12: passed over: it wants the file train.csv"]

A note is never an accusation: the file may run where its author has it.
"""

import os
import re

from tfmlp.checks.bounds import Overtime
from tfmlp.checks.refusals import Refused

_MOST = 8  # sentences of their own; the rest is counted
_LONGEST = 200  # characters of an error's message
_FILE_NAME = re.compile(r"[^\s'\"]*\w\.\w+")  # in the messages of libraries


class Notes:
    """Collects what was passed over."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._missing: set[str] = set()  # names that a statement would have given
        self._follow, self._actions = 0, 0

    def say(self, sentence: str) -> None:
        """Adds a sentence, once."""
        if sentence not in self._said:
            self._said.append(sentence)

    def passed_over(self, where: str, error: BaseException, names: set[str]) -> None:
        """Adds a statement that defines something, and could not.

        Args:
          where: Its place.
          error: What it raised.
          names: What it would have defined.
        """
        if isinstance(error, NameError) and error.name in self._missing:
            self._follow += 1
        else:
            self.say(f"{where}: passed over: {reason(error)}")
        self._missing |= names

    def action(self, lines: int, names: set[str]) -> None:
        """Counts the lines of a statement that does something, and was not run to its end."""
        self._actions += lines
        self._missing |= names

    def sentences(self) -> list[str]:
        """Returns all notes, a bounded number."""
        sentences = self._said[:_MOST]
        if more := len(self._said) - _MOST:
            if more > 0:
                sentences.append(f"passed over: {_counted(more, 'more place')} of this kind")
        if self._follow:
            what = _counted(self._follow, "statement")
            sentences.append(f"passed over: {what} with names that these would have given")
        if self._actions:
            what = _counted(self._actions, "line")
            does = "train, print or plot" if self._actions > 1 else "trains, prints or plots"
            sentences.append(f"passed over: {what} that only {does}")
        return sentences


def reason(error: BaseException) -> str:
    """Returns why a statement could not be run, in a few words."""
    match error:
        case Overtime():
            return "it takes too long"
        case Refused():
            return str(error)
        case MemoryError():
            return "it needs too much memory"
        case SystemExit():
            return "it ends the program"
        case EOFError():
            return "it waits for an answer"
        case ModuleNotFoundError(name=str(name)):
            return f"it wants the package {name}"
        case FileNotFoundError() if file := _file(error):
            return f"it wants the file {file}"
        case NameError(name=str(name)):
            return f"it wants {name}, which is not defined"
    return summary(error)


def summary(error: BaseException) -> str:
    """Returns an error's type and the first line of its message."""
    message = str(getattr(error, "msg", error)).strip().splitlines()
    return f"{type(error).__name__}: {message[0][:_LONGEST] if message else 'no message'}"


def _file(error: OSError) -> str | None:
    """Returns the name of the file that is not there."""
    if isinstance(error.filename, str | bytes | os.PathLike):
        return _last(os.fsdecode(error.filename))
    named = _FILE_NAME.search(str(error))
    return _last(named[0]) if named else None


def _last(path: str) -> str:
    """Returns a path's last part, of whatever system it is."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] or path


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number > 1 else "")
