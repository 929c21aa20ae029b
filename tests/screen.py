"""A terminal for tests: a pseudo-terminal's two ends, and what its screen shows in the end."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading

_PIECE = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


def resize(descriptor: int, columns: int) -> None:
    """Sets a terminal's size; its lines are 24."""
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


class Terminal:
    """A terminal of some columns, whose program writes to `name`; read until `close`."""

    def __init__(self, columns: int = 80):
        self.columns = columns
        self._master, self._slave = pty.openpty()
        resize(self._slave, columns)
        self.name = os.ttyname(self._slave)
        self._pieces: list[bytes] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._master, 1 << 16)
            except OSError:  # no one writes any more
                return
            self._pieces.append(piece)

    def close(self) -> str:
        """Returns all that was written, when no one else has the terminal open."""
        os.close(self._slave)
        self._reader.join(10)
        os.close(self._master)
        return self.written

    @property
    def written(self) -> str:
        """What was written so far."""
        return b"".join(self._pieces).decode()


def show(written: str, columns: int = 80) -> list[str]:
    """Returns the lines that a terminal shows, scrolled ones included, after all this was written.

    Raises:
      AssertionError: when it is told something that lasts, such as a color or a hidden cursor.
    """
    rows, row, column = [""], 0, 0
    for codes, verb, back, down, text in _PIECE.findall(written):
        if back:
            column = 0
        elif down:
            row += 1
        elif verb == "K":
            assert codes == "2", codes
            rows[row] = ""
        elif verb == "A":
            row -= int(codes or 1)
        elif verb:
            assert verb == "m", f"ESC [{codes}{verb}"
        while text:
            if column == columns:
                row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
            now, text = text[: columns - column], text[columns - column :]
            line = rows[row].ljust(column)
            rows[row] = line[:column] + now + line[column + len(now) :]
            column += len(now)
        rows += [""] * (row + 1 - len(rows))
    colors = re.findall(r"\x1b\[([\d;]*)m", written)
    assert not colors or colors[-1] in ("", "0"), colors[-1]
    return [line.rstrip() for line in rows]
