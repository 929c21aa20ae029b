"""What people, disks and attackers hand to the program, and the one line that they get for it."""

import shlex
from dataclasses import dataclass

import numpy as np

from tests.bad_inputs.spoil import LABELS, Spoil, at, cut, nothing, rows, unpacked, write
from tests.bad_inputs.spoiled import (
    ARRAYS,
    CONFIGURATIONS,
    CSV,
    DIGITS,
    MATLAB,
    NUMBERED,
    RUNS,
    TABLES,
    Spoiled,
    table,
)

_QUICK = "--recipe none --hidden-units 4 --epochs 1"
# What a word at the beginning of a command stands for.
_COMMANDS = {
    "DIGITS": f"train --data-dir digits {_QUICK}",
    "SVHN": f"train --dataset mat:a.mat {_QUICK}",
    "NPZ": f"train --dataset arrays:a.npz {_QUICK}",
    "NPY": f"train --dataset arrays:rows {_QUICK}",
    "CSV": f"train --dataset csv:a.csv {_QUICK}",
    "TABLE": f"train --dataset csv:a.csv --target kind {_QUICK}",
    "CONFIG": "train --data-dir digits --config a.toml",
}


@dataclass(frozen=True)
class Case:
    """A bad input.

    Attributes:
      name: What is wrong.
      command: The command line, which may begin with a word for another.
      message: A pattern that the one line on stderr must hold.
      spoil: What is done to the files first.
      status: The exit status.
    """

    name: str
    command: str
    message: str
    spoil: Spoil = nothing
    status: int = 1

    @property
    def arguments(self) -> list[str]:
        """The words of the command line."""
        first, *others = shlex.split(self.command)
        return [*shlex.split(_COMMANDS.get(first, first)), *others]


def _listed(text: str, status: int) -> list[Case]:
    """Returns cases from lines of the form name | command | message."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [Case(*cells, status=status) for cells in lines]


def _spoiled(command: str, spoiled: Spoiled) -> list[Case]:
    return [Case(name, command, *how) for name, how in spoiled.items()]


USAGE = """
a mistyped command           | trian                            | did you mean 'train'
a mistyped option            | train --learnin-rate 1           | --learning-rate
an option without a value    | train --epochs                   | requires an argument
too many arguments           | train mnist                      | unexpected extra argument
a word for a number          | DIGITS --learning-rate fast      | learning_rate must be a number
a negative learning rate     | DIGITS --learning-rate -1        | greater than 0
no number as a learning rate | DIGITS --learning-rate nan       | learning_rate must be
an infinite learning rate    | DIGITS --learning-rate inf       | learning_rate must be
no epochs                    | train --epochs 0 | epochs must be a whole number, at least 1
half an epoch                | train --epochs 1.5               | epochs must be a whole number
too many epochs              | train --epochs 1000000000        | at most 1,000,000
an empty batch               | train --batch-size 0             | batch_size must be
a layer without units        | train --hidden-units 128,,64     | hidden_units must be
a layer of negative width    | train --hidden-units -3          | hidden_units must be
a dropout of everything      | train --dropout 1                | less than 1
a mistyped activation        | train --activation rellu         | did you mean 'relu'
a negative seed              | train --seed -1                  | seed must be
a seed too large             | train --seed 4294967296          | at most 4,294,967,295
no restores                  | DIGITS --max-restores 0          | max_restores must be
checkpoints all the time     | DIGITS --checkpoint-minutes 0    | greater than 0
an empty name                | DIGITS --out ''                  | --out is empty
going on elsewhere           | train --resume run --out b       | leave out
"""

REFUSED = """
more weights than memory | train --data-dir digits --hidden-units 1000000,1000000 | this machine has
an unknown dataset              | train --dataset mnst             | did you mean 'mnist'
a dataset without its file      | train --dataset csv:             | expected csv:FILE
a dataset that takes no file    | train --dataset mnist:x          | expected mnist; received
a metric of another task        | DIGITS --monitor mae | monitor mae is no metric of classification
patience alone | DIGITS --patience 2 --validation 0 | patience needs validation examples
a warm-up longer than the run   | DIGITS --warmup 5                | warmup must be shorter
a decay to nothing | DIGITS --schedule exponential --final-learning-rate 0 | never reaches 0
no step in an epoch             | DIGITS --batch-size 9999 --drop-remainder | leaves no step
bfloat16 in NumPy               | DIGITS --backend numpy --precision bfloat16 | float32 or float64
batch norm by trying            | DIGITS --backend numeric --batch-norm | cannot train batch_norm
a GPU where there is none       | DIGITS --device gpu              | sees no GPU
values of digits                | DIGITS --task regression         | is for csv and arrays
more validation rows than rows  | DIGITS --validation 5000000      | validation
a folder with a run             | DIGITS --out run                 | already holds a run
a folder where none can be      | DIGITS --out /proc/run           | /proc
a mistyped recipe               | train --recipe mnst              | did you mean 'mnist'
no such configuration           | CONFIG                           | No such file
going on with nothing           | train --resume nowhere           | expected a run folder
going on with another net       | train --resume run --hidden-units 9 | cannot change hidden_units
going on with another seed      | train --resume run --seed 9      | cannot change seed
going on for less               | train --resume run --epochs 1    | can only be made longer
no such folder                  | train --data-dir nowhere         | found none
three .mat files                | train --dataset mat:a,b,c        | received 3 paths
no .npz file                    | NPZ                              | No such file
an empty folder                 | train --dataset arrays:digits    | no .npy file
no run                          | evaluate nowhere                 | expected a run folder
no run to report of             | report nowhere                   | expected a run folder
a report in the place of a folder | report run --format html --out digits | is no html report
a report in the place of the record | report run --out run/run.json | is no json report
a report where nothing can be     | report run --out /proc/r.html  | cannot write the report
predictions in a record's place   | predict run a.png --csv run/run.json | was not written by
no file to check                | check nowhere.py                 | nowhere.py
no run to diagnose              | diagnose nowhere                 | nowhere
data that are nowhere to verify | data verify svhn --data-dir nowhere | nothing to verify
data that cannot be downloaded  | data download mars               | mars
no experiment of that name      | reproduce mars                   | mars
"""


def _columns_first(folder) -> None:
    np.save(folder / "rows" / "x.npy", np.asfortranarray(rows()["x"]))


CASES = [
    *_listed(USAGE, status=2),
    *_listed(REFUSED, status=1),
    *_spoiled("CONFIG", CONFIGURATIONS),
    *_spoiled("DIGITS", DIGITS),
    *_spoiled("SVHN", MATLAB),
    *_spoiled("NPZ", ARRAYS),
    *_spoiled("TABLE", TABLES),
    *_spoiled("evaluate run", RUNS),
    Case("hundreds of layers", f"DIGITS --hidden-units 4{300 * ',4'}", "at most 256 layers"),
    Case("a name too long", f"DIGITS --out {'x' * 300}", "File name too long"),
    Case("a file in the place of the folder", "DIGITS --out a", "is no folder", write("a", "")),
    Case(
        "a folder in a file",
        "DIGITS --out a/b",
        "Not a directory|is not a writable folder",
        write("a", ""),
    ),
    Case(
        "a configuration that is no JSON",
        "train --config a.json",
        "not valid JSON",
        write("a.json", "{"),
    ),
    Case(
        "tables in tables in tables",
        "train --config a.json",
        "not valid JSON",
        write("a.json", "[" * 100_000),
    ),
    Case(
        "going on with other data",
        "train --resume run",
        "sha256 differ",
        unpacked(LABELS, at(20, b"\3\3\3\3")),
    ),
    Case("a file as a folder", "train --data-dir a", "found none", write("a", "")),
    Case("a .npy file cut off", "NPY", "not a whole .npy file", cut("rows/x.npy")),
    Case("columns first, on disk", "NPY --features-in disk", "C order", _columns_first),
    Case("no target", "CSV", "expected --target", table(CSV)),
    Case("a mistyped target", "CSV --target knd", "did you mean 'kind'", table(CSV)),
    Case("classes that do not repeat", "CSV --target a", "give --task regression", table(NUMBERED)),
    Case("images of a table", "TABLE --shift 1", "for images", table(CSV)),
    Case("a file to check that is no Python", "check a.py", "a.py", write("a.py", "def net(:\n")),
    Case(
        "data of no kind to verify",
        "data verify a.txt",
        "expected a file that ends in",
        write("a.txt", ""),
    ),
]
