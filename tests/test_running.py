"""A person's file or notebook is run: what it defines is there, whatever else it wants."""

import contextlib
import json
import sqlite3
import textwrap
import time

import pytest

from tests.gallery import WRONG
from tfmlp import DataError
from tfmlp.checks.bounds import Allowance, Overtime, at_most
from tfmlp.checks.sandbox import run_file
from tfmlp.checks.source import read

PAIR = """
import numpy as np
def relu(x):
    return np.maximum(x, 0)
def d_relu(x):
    return (x > 0) * 1.0
"""


@pytest.fixture
def check(tmp_path):
    """Checks a file by its text; other files lie beside it."""

    def run(text, name="mine.py", seconds=20, **beside):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        for other, content in beside.items():
            (tmp_path / f"{other}.py").write_text(textwrap.dedent(content))
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(textwrap.dedent(text))
        return run_file(path, seconds=seconds)

    return run


def notebook(*cells):
    """The JSON of a notebook, a markdown cell before each cell."""
    words = {"cell_type": "markdown", "metadata": {}, "source": ["# relu(:\n"]}
    values = []
    for cell in cells:
        source = textwrap.dedent(cell).strip("\n").splitlines(keepends=True)
        code = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
        values += [words, code | {"execution_count": None}]
    return json.dumps({"cells": values, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def subjects(result):
    assert result.error is None, result.error
    return {finding["subject"]: finding["right"] for finding in result.findings}


FOUND = {"relu / d_relu": True}


# --- a file


@pytest.mark.parametrize(
    "text, note",
    [
        ("X = np.loadtxt('data/train.csv')", "line 7: passed over: it wants the file train.csv"),
        ("X = open(r'D:\\a\\b.csv')", "line 7: passed over: it wants the file b.csv"),
        ("with open('a.pkl', 'rb') as f:\n    X = f.read()", "it wants the file a.pkl"),
        ("import urllib.request as u\nX = u.urlopen('http://a.b/')", "it wants the network"),
        ("import socket\ns = socket.socket()", "line 8: passed over: it wants the network"),
        ("import subprocess as p\nX = p.run(['ls'])", "it wants to start a program"),
        ("out = open('out.txt', 'w')", "line 7: passed over: it wants to write out.txt"),
        (
            "import os\nX = os.makedirs('plots')",
            "line 8: passed over: it wants to make the folder",
        ),
        ("import seaborn_ as sns\nsns.set()", "there is no seaborn_ here: done without"),
        ("import mnist_\nx = mnist_.images() / 255", "it wants the package mnist_"),
        ("from numpy import matmul, nope", "there is no numpy.nope here: done without"),
        ("answer = input('?')", "line 7: passed over: it waits for an answer"),
        ("x = exit()", "line 7: passed over: it ends the program"),
        ("x = 1 / 0", "line 7: passed over: ZeroDivisionError: division by zero"),
        ("x = np.ones(10**12)", "line 7: passed over: it needs too much memory"),
        ("def f(n): return f(n + 1)\nx = f(0)", "passed over: RecursionError"),
        ("x = nope + 1", "line 7: passed over: it wants nope, which is not defined"),
        ("return 3", "passed over: 1 line that only trains, prints or plots"),
        ("for _ in iter(int, 1):\n    x = 3", "passed over: 2 lines that only train"),
        ("exit()", "passed over: 1 line that only trains, prints or plots"),
        ("x: np.float = np.float(3)", "given back: np.float"),
    ],
)
def test_what_a_definition_cannot_have_is_a_note_and_hides_nothing(check, text, note):
    result = check(PAIR + text + "\ndef tanh(x): return np.tanh(x)\n")
    assert subjects(result) == FOUND
    assert sum(note in sentence for sentence in result.notes) == 1, result.notes


def test_nothing_is_written(check, tmp_path):
    check(PAIR + "np.save('w.npy', np.ones(3))\nopen('a.txt', 'w')\n", beside="x = 1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beside.py", "mine.py"]


def test_temporary_files_and_old_files_are_as_always(check):
    result = check(
        PAIR
        + """
import os, tempfile
with tempfile.NamedTemporaryFile("w") as file: size = file.write("abc")
with tempfile.TemporaryDirectory() as folder:
    open(os.path.join(folder, "a.txt"), "w").close()
    os.remove(os.path.join(folder, "a.txt"))
text = open(__file__).read() + open("beside.py").read()
with open(os.devnull, "w") as nothing: nothing.write(text)
""",
        beside="x = 1",
    )
    assert subjects(result) == FOUND and result.notes == []


def test_a_definition_that_takes_too_long_is_passed_over(check):
    result = check("x = [0 for _ in iter(int, 1)]" + PAIR, seconds=8)
    assert subjects(result) == FOUND
    assert result.notes == ["line 1: passed over: it takes too long"]


def test_training_is_cut_short_and_building_is_not(check):
    result = check(
        PAIR
        + """
import random, sys
sys.path.append("elsewhere")
random.seed(3)
sizes, layers, names = [5, 4, 3], [], {}
for a, b in zip(sizes, sizes[1:]):
    layers.append((a, b))
if len(sizes) > 2:
    print("deep")
    names.update(deep=True)
else:
    def relu(x): return x
def train():
    while True:
        try:
            pass
        except Exception:
            pass
print("training")
train()
train()
assert layers == [(5, 4), (4, 3)] and names["deep"] and "elsewhere" in sys.path
print("built")
if __name__ == "__main__":
    del relu
""",
    )
    assert subjects(result) == FOUND and "built" in result.output
    assert result.notes == ["passed over: 2 lines that only train, print or plot"]


def test_many_notes_are_few(check):
    rows = "".join(f"x{row} = open('{row}.csv')\ny{row} = x{row}.read()\n" for row in range(30))
    result = check(PAIR + rows)
    assert subjects(result) == FOUND and len(result.notes) == 10
    assert result.notes[0] == "line 7: passed over: it wants the file 0.csv"
    assert result.notes[-2] == "passed over: 22 more places of this kind"
    assert result.notes[-1].startswith("passed over: 30 statements with names")


def test_an_error_that_hides_everything_stays_an_error(check):
    assert check(PAIR + "def f(:\n").error == "SyntaxError: invalid syntax, line 7"
    bad = "print 'x'\ndef f():\n    raise ValueError, 'x'\n"
    assert "this is Python 2" in check(bad).error and "line 3" in check(bad).error


@pytest.mark.parametrize(
    "content", [b"x = '\xff\xfe'", b"x = 1\0", b"# coding: nope\n", b"\xff\xfe1\0"]
)
def test_a_file_that_is_no_text(check, content):
    assert check(content).error.startswith("SyntaxError: ")


def test_what_comes_after_much_training_is_built(check):
    train = "for _ in iter(int, 1): pass\n"
    result = check(PAIR + "built = []\n" + train * 9 + "built.append(3)\nprint('built', built)\n")
    assert subjects(result) == FOUND and result.output == "built [3]\n"
    assert result.notes == ["passed over: 9 lines that only train, print or plot"]


def test_python_2_is_read_without_its_print_statements(check):
    text = """
    import cPickle
    import numpy as np
    def relu(x):
        if len(x): print "a", \\
            "b"; x = x * 2
        try:
            for i in xrange(3): print i,
        except ValueError, error:
            print error
        print "%s %s" % (
            1, 2)
        return np.maximum(x, 0)
    def d_relu(x):
            if True:
    \t    return (x > 0) * 2.0
    print "trained"
    """
    result = check(text)
    assert subjects(result) == FOUND
    assert "this is Python 2: it is read as Python 3, without its print statements" in result.notes


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + PAIR.encode(),
        PAIR.replace("\n", "\r\n").encode(),
        PAIR.replace("    ", "\t").encode(),
        b"# -*- coding: latin-1 -*-\n# caf\xe9" + PAIR.encode(),
        b"from __future__ import annotations\ndef f(x: Nope): pass" + PAIR.encode(),
    ],
    ids=["byte order mark", "CRLF", "tabs", "cookie", "__future__"],
)
def test_encodings_and_dialects(check, content):
    result = check(content)
    assert subjects(result) == FOUND and result.notes == []


def test_the_module_is_one(check):
    result = check(
        PAIR
        + """
import inspect, pickle
from dataclasses import dataclass
from pathlib import Path
@dataclass
class Options:
    rate: float = 0.1
assert pickle.loads(pickle.dumps(Options())) == Options()
assert "np.maximum" in inspect.getsource(relu) and "rate" in inspect.getsource(Options)
assert Path(__file__).name == "mine.py" and __name__ != "__main__"
print("all is well")
"""
    )
    assert subjects(result) == FOUND and "all is well" in result.output and not result.notes


# --- what lies beside it, and what is not there


def test_modules_beside_it_are_run_as_it_is(check):
    result = check(
        "from layers import *\n" + PAIR + "value = helper()\nprint('helped', value)\n",
        layers="import nowhere_\nX = open('x.csv')\nfor _ in iter(int, 1): pass\n"
        "from other import seven\ndef helper(): return seven\n",
        other="seven = 7\nprint 'Python 2'\n",
    )
    assert subjects(result) == FOUND and "helped 7" in result.output
    assert "layers.py, line 2: passed over: it wants the file x.csv" in result.notes


def test_relative_imports(check):
    text = PAIR + "from .layers_ import a\nfrom . import layers_\nfrom ..above import b\n"
    text += "from inner.layers_ import a as c\n"  # as if run from the folder above
    text += "print('sum', a + b + layers_.a + c)\n"
    result = check(text, "inner/mine.py", above="b = 2\n", **{"inner/layers_": "a = 1\n"})
    assert subjects(result) == FOUND and "sum 5" in result.output and result.notes == []


def test_stand_ins(check):
    result = check(
        """
        try:
            import cupy as np
            print("never")
        except ImportError:
            import numpy as np
        import cupy as cp
        import framework_
        from framework_.data import load
        from numba_ import jit, njit
        class Net(framework_.Module):
            def __init__(self): super().__init__()
        @njit
        def relu(x):
            return cp.maximum(x, 0)
        @jit(nopython=True)
        def d_relu(x):
            import framework_.later
            return (x > 0) * 1.0
        x, y = load()
        assert isinstance(Net(), Net) and not isinstance(3, framework_.Tensor)
        if framework_.is_available():
            del relu
        print("still here")
        """
    )
    assert subjects(result) == FOUND
    assert "still here" in result.output and "never" not in result.output
    assert [note for note in result.notes if "line 20: passed over: it wants the" in note]
    assert "there is no cupy here: numpy stands in for it" in result.notes


@pytest.mark.parametrize(
    "line", ["from keras.datasets import mnist", "import keras.datasets.mnist as mnist"]
)
def test_a_framework_that_is_there_for_its_data_alone_is_not_imported(check, line):
    text = line + "\n(x, y), _ = mnist.load_data()\nimport sys\nprint('keras' in sys.modules)\n"
    result = check(text + PAIR)
    assert subjects(result) == FOUND and result.output == "False\n"
    assert result.notes == [
        "no function here uses keras: done without",
        "line 2: passed over: it wants the package keras",
    ]


def test_a_library_is_told_what_is_not_there(check):
    """Only a person's own import gets a stand-in: importing one's way around is a library's."""
    text = "import importlib\ntry:\n    importlib.import_module('nowhere_')\nexcept ImportError:\n"
    result = check(PAIR + text + "    print('told')\n")
    assert subjects(result) == FOUND and "told" in result.output and result.notes == []


# --- a notebook


CELLS = (
    "%matplotlib inline\n!pip install nothing\nimport numpy as np\nimport inspect",
    "def relu(x):\n    return np.maximum(x, 0)\nrelu?\n?relu\nfiles = !ls \\\n   -l\n",
    "%%bash\nfor f in *; do cat $f; done",
    "%%time\ndef d_relu(x):\n    %time y = 3\n    return (x > 0) * 1.0\n",
    "def broken(:\n",
    "X = open('x.csv')\n",
    "assert '(x > 0)' in inspect.getsource(d_relu)\nprint('found it')\n",
    "rest = (7\n  % 4)\nassert rest == 3\nclass A: pass\nprint(inspect.getsource(A))\n",
)


def test_a_notebook_is_run_cell_by_cell(check):
    result = check(notebook(*CELLS), "mine.ipynb")
    assert subjects(result) == FOUND
    assert "found it" in result.output and "class A: pass" in result.output
    assert result.notes == [
        "cell 5: passed over: it is no Python: invalid syntax, line 1",
        "passed over: magics, shell lines and help, which are no Python",
        "cell 6, line 1: passed over: it wants the file x.csv",
    ]


def test_a_notebook_of_a_wrong_net_gives_its_cause(check):
    from pathlib import Path

    name, right, wrong, cause = WRONG[1]
    text = (Path(__file__).parent / "gallery" / f"{name}.py").read_text().replace(right, wrong)
    result = check(notebook("%matplotlib inline", *text.split("\n\n\n")), "mine.ipynb")
    assert [finding["cause"]["name"] for finding in result.findings] == [cause]


def test_where_a_notebook_raised(check):
    cells = ("import numpy as np", "\ndef tfmlp_check():\n    return 1 / 0")
    result = check(notebook(*cells), "mine.ipynb")
    assert result.error == "ZeroDivisionError: division by zero, cell 2, line 2"


def test_notebooks_of_other_kinds(tmp_path):
    path = tmp_path / "mine.ipynb"
    for text in ("{", "[]", "{}", '{"cells": [3]}', "a,b\n1,2\n"):
        path.write_text(text)
        with pytest.raises(DataError, match=r"mine\.ipynb is none"):
            read(path)
    path.write_text(notebook("x <- 3").replace('"metadata": {}, "nb', _R))
    with pytest.raises(DataError, match="is in R"):
        read(path)
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1\ny = 2"}]}]}
    path.write_text(json.dumps(old))
    source = read(path)
    places = [source.where(statement.lineno) for statement in source.statements]
    assert places == ["cell 1, line 1", "cell 1, line 2"]


_R = '"metadata": {"kernelspec": {"language": "R"}}, "nb'


# --- the command


def test_the_command_prints_notes_apart_from_findings(run_cli, tmp_path):
    path = tmp_path / "mine.ipynb"
    path.write_text(notebook(*CELLS))
    result = run_cli("check", str(path))
    assert result.exit_code == 0
    assert "wants the file x.csv" in result.stderr and "x.csv" not in result.stdout
    values = json.loads(run_cli("check", str(path), "--json").stdout)
    assert values["right"] and "cell 6, line 1: passed over" in " ".join(values["notes"])


# --- bounds


def test_bounds_surround_each_other():
    with pytest.raises(Overtime), at_most(0.3):
        with pytest.raises(Overtime), at_most(0.05):
            time.sleep(5)
        time.sleep(5)
    start = time.monotonic()
    with at_most(0.01):
        pass
    time.sleep(0.05)  # nothing comes afterwards
    allowance = Allowance(0.1, 0.15, least=0.01)
    for _ in range(3):
        with pytest.raises(Overtime), allowance.used():
            time.sleep(5)
    assert time.monotonic() - start < 2


def test_modules_beside_it_are_none_of_ours(check):
    text = "import tfmlp\nreport = tfmlp.check_gradients(lambda w: (w**2).sum(), [1.0], [2.0])"
    result = check(text, tfmlp="check_gradients = None", click="raise KeyError", json="loads = 0")
    assert result.error is None and [finding["right"] for finding in result.findings] == [True]


def test_a_database_is_left_as_it_is(check, tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "grades.db")) as database, database:
        database.execute("create table t (x)")
        database.execute("insert into t values (1)")
    text = "import sqlite3\nc = sqlite3.connect('grades.db')\nr = c.execute('delete from t')"
    result = check(PAIR + text + "\nz = c.commit()")
    assert any("it wants the database grades.db" in note for note in result.notes)
    with contextlib.closing(sqlite3.connect(tmp_path / "grades.db")) as database:
        assert database.execute("select count(*) from t").fetchone() == (1,)
