"""Small files in the real layouts, and ways to spoil them.

What returns a `Spoil` returns a function of the folder, to be called later.
"""

import gzip
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.io

Spoil = Callable[[Path], None]
IMAGES, LABELS = "digits/train-images-idx3-ubyte.gz", "digits/train-labels-idx1-ubyte.gz"


def nothing(folder: Path) -> None:
    """Spoils nothing."""


def write(name: str, content: str | bytes) -> Spoil:
    """Writes a file anew."""

    def spoil(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return spoil


def remove(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


def cut(name: str, to: int | None = None) -> Spoil:
    """Cuts a file off, in its middle or after some bytes."""

    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2 if to is None else to])

    return spoil


def flip(name: str, at: int) -> Spoil:
    """Flips every bit of one byte; a negative place counts from the end."""

    def spoil(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[at] ^= 0xFF
        (folder / name).write_bytes(content)

    return spoil


def unpacked(name: str, change: Callable[[bytearray], bytes | bytearray]) -> Spoil:
    """Changes what a gzip file holds."""

    def spoil(folder: Path) -> None:
        content = bytearray(gzip.decompress((folder / name).read_bytes()))
        (folder / name).write_bytes(gzip.compress(bytes(change(content))))

    return spoil


def at(place: int, value: bytes) -> Callable[[bytearray], bytearray]:
    """Returns a change of some bytes, for `unpacked`."""
    return lambda content: content[:place] + value + content[place + len(value) :]


def images(count: int = 20, **changes) -> dict:
    """Returns the variables of an SVHN file, some of them changed."""
    stream = np.random.default_rng(0)
    variables = {
        "X": stream.integers(0, 256, (32, 32, 3, count), np.uint8),
        "y": (np.arange(count) % 10 + 1).astype(np.uint8)[:, None],
    }
    return {name: value for name, value in (variables | changes).items() if value is not None}


def mat(name: str, variables: dict, compressed: bool = True) -> Spoil:
    return lambda folder: scipy.io.savemat(folder / name, variables, do_compression=compressed)


def mat_bytes(name: str, find: bytes, replace: bytes) -> Spoil:
    """Writes an SVHN file without compression, and replaces the first occurrence of some bytes."""

    def spoil(folder: Path) -> None:
        scipy.io.savemat(folder / name, images(), do_compression=False)
        content = (folder / name).read_bytes()
        assert find in content
        (folder / name).write_bytes(content.replace(find, replace, 1))

    return spoil


def npz(name: str, **arrays) -> Spoil:
    return lambda folder: np.savez(folder / name, **arrays)


def npz_header(name: str, rows: int) -> Spoil:
    """Writes an archive whose features claim another number of rows than they have."""

    def spoil(folder: Path) -> None:
        np.savez(folder / name, x=np.zeros((60, 4), np.float32), y=np.arange(60) % 2)
        with zipfile.ZipFile(folder / name) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
        old, new = b"(60, 4), }", f"({rows}, 4), }}".encode()
        members["x.npy"] = members["x.npy"].replace(old + b" " * (len(new) - len(old)), new)
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)

    return spoil


def record(change: Callable[[dict], object]) -> Spoil:
    """Changes the record of the run in run/."""

    def spoil(folder: Path) -> None:
        path = folder / "run" / "run.json"
        tables = json.loads(path.read_text())
        change(tables)
        path.write_text(json.dumps(tables))

    return spoil


def model(change: Callable[[dict], object]) -> Spoil:
    """Changes what the model in run/ says of itself."""

    def spoil(folder: Path) -> None:
        path = folder / "run" / "model.keras"
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
        tables = json.loads(members["config.json"])
        change(tables)
        members["config.json"] = json.dumps(tables).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return spoil


def every(*spoils: Spoil) -> Spoil:
    def spoil(folder: Path) -> None:
        for one in spoils:
            one(folder)

    return spoil


def rows(**changes) -> dict[str, np.ndarray]:
    """Returns arrays that could be trained on, some of them changed."""
    return {
        "x": np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32),
        "y": np.arange(60) % 3,
    } | changes


def idx_header(*sizes: int) -> bytes:
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, 8, len(sizes), *sizes)
