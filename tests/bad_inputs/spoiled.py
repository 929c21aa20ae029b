"""Files that were spoiled: what is wrong -> the pattern of the one line, and how it comes about."""

import numpy as np

from tests.bad_inputs.spoil import (
    IMAGES,
    LABELS,
    Spoil,
    at,
    cut,
    every,
    flip,
    idx_header,
    images,
    mat,
    mat_bytes,
    model,
    npz,
    npz_header,
    record,
    remove,
    rows,
    unpacked,
    write,
)

Spoiled = dict[str, tuple[str, Spoil]]

CSV = "a,b,kind\n" + "".join(f"{n},{n % 7},{'xyz'[n % 3]}\n" for n in range(60))
NUMBERED = CSV.replace("x", "1").replace("y", "2").replace("z", "3")


def config(content: str | bytes) -> Spoil:
    return write("a.toml", content)


def table(content: str | bytes) -> Spoil:
    return write("a.csv", content)


def line_6(text: str) -> Spoil:
    """Writes a good table with another sixth line."""
    lines = CSV.splitlines()
    lines[5] = text
    return table("\n".join(lines))


def svhn(**changes) -> Spoil:
    return mat("a.mat", images(**changes))


def arrays(**changes) -> Spoil:
    return npz("a.npz", **rows(**changes))


def option(group: str, **values) -> Spoil:
    """Changes options in the record of the run."""
    return record(lambda tables: tables["config"][group].update(values))


def described(**values) -> Spoil:
    """Changes what the model says of its class."""
    return model(lambda tables: tables.update(values))


def built(**values) -> Spoil:
    """Changes what the model says it was built with."""
    return model(lambda tables: tables["config"].update(values))


CONFIGURATIONS: Spoiled = {
    "a folder as a configuration": ("no regular file", write("a.toml/x", "")),
    "a configuration that is no TOML": ("not valid TOML", config("[model\n")),
    "a table that there is not": ("expected the tables", config("[modl]\nx = 1\n")),
    "an option in another's table": ("belongs into", config("[model]\nepochs = 1\n")),
    "a mistyped option in a table": ("did you mean 'epochs'", config("[optimization]\nepoch = 1")),
    "text for a number": ("epochs must be", config('[optimization]\nepochs = "3"\n')),
    "an endless configuration": ("at most 1,048,576 bytes", config("#" * 2_000_000)),
    "a configuration in another encoding": ("not valid TOML", config(b"[model]\n# \xff\xfe\n")),
}

DIGITS: Spoiled = {
    "a file missing": ("train-labels", remove(LABELS)),
    "an empty file": ("an empty file", write(IMAGES, b"")),
    "a gzip file cut off": ("damaged gzip", cut(IMAGES)),
    "a gzip file with a flipped byte": ("damaged gzip|promises", flip(IMAGES, -6)),
    "something else": ("expected an IDX file", write(IMAGES, "no digits in here")),
    "another magic number": ("expected an IDX file", unpacked(IMAGES, at(2, b"\x77"))),
    "a header alone": ("ends within its header", unpacked(IMAGES, lambda old: old[:9])),
    "two thousand million images": (
        "promises 2147483647x28x28",
        unpacked(IMAGES, at(4, b"\x7f\xff\xff\xff")),
    ),
    "more images than promised": ("promises", unpacked(IMAGES, lambda old: old + b"\0")),
    "fewer labels than images": (
        "rows|labels",
        unpacked(LABELS, lambda old: idx_header(9) + old[8:17]),
    ),
    "a label that is no digit": ("77", unpacked(LABELS, at(30, b"\x4d"))),
    "no images": ("promises none", unpacked(IMAGES, lambda old: idx_header(0, 28, 28))),
}

MATLAB: Spoiled = {
    "an empty .mat file": ("an empty file", write("a.mat", b"")),
    "a text with another name": ("expected a MATLAB 5", write("a.mat", "hello " * 100)),
    "MATLAB 7.3": ("-v7", write("a.mat", b"MATLAB 7.3 MAT-file" + b"\0" * 600)),
    "a .mat file cut off": ("damaged", every(svhn(), cut("a.mat"))),
    "a .mat file's header": ("missing: X and y", every(svhn(), cut("a.mat", to=128))),
    "no labels": ("missing: y", svhn(y=None)),
    "pixels between 0 and 1": ("X must be uint8", svhn(X=np.zeros((32, 32, 3, 20)))),
    "images of another size": ("X must be uint8", svhn(X=np.zeros((28, 28, 3, 20), np.uint8))),
    "a label of 11": ("labels must be 1 to 10", svhn(y=np.full((20, 1), 11, np.uint8))),
    "too few labels": ("one number per image", svhn(y=np.ones((7, 1), np.uint8))),
    "a cell array": ("plain array of numbers", svhn(X=np.array([{}, 1], object))),
    "a struct": ("plain array of numbers", svhn(X={"pixels": 1})),
    "complex labels": ("plain array of numbers", svhn(y=np.ones((20, 1)) * 1j)),
    "a .mat file that claims 2^31 images": (
        "claims",
        mat_bytes("a.mat", b"\x03\0\0\0\x14\0\0\0", b"\x03\0\0\0\xff\xff\xff\x7f"),
    ),
    "values of no type": (
        "claims",
        mat_bytes("a.mat", b"\x02\0\0\0\0\xf0\0\0", b"\x0e\0\0\0\0\xf0\0\0"),
    ),
    "a compressed .mat file with a flipped byte": ("damaged", every(svhn(), flip("a.mat", 3000))),
}

ARRAYS: Spoiled = {
    "a text as .npz": ("expected an .npz file", write("a.npz", "x, y")),
    "an archive cut off": ("expected an .npz file|not a whole", every(arrays(), cut("a.npz"))),
    "an archive with a flipped byte": (
        "not a whole .npz file",
        every(arrays(), flip("a.npz", 400)),
    ),
    "other names": ("received a, b", npz("a.npz", a=np.zeros(3), b=np.zeros(3))),
    "pickled objects": (
        "not a whole .npz file of plain arrays",
        arrays(x=np.array([{}] * 60, object)),
    ),
    "text in arrays": ("must hold numbers", arrays(x=np.array([["a"]] * 60))),
    "complex numbers": ("must hold numbers", arrays(x=np.ones((60, 4), complex))),
    "a missing value": ("nan|finite", arrays(x=np.full((60, 4), np.nan, np.float32))),
    "rows without labels": ("60", arrays(y=np.arange(50) % 3)),
    "labels between classes": ("whole|integer|classes", arrays(y=np.linspace(0, 2, 60))),
    "one class": ("class", arrays(y=np.zeros(60, int))),
    "no rows": ("row", arrays(x=np.zeros((0, 4), np.float32), y=np.zeros(0, int))),
    "arrays that claim 10^12 rows": ("promises", npz_header("a.npz", 10**12)),
    "arrays that claim fewer rows": ("promises", npz_header("a.npz", 50)),
}

TABLES: Spoiled = {
    "an empty table": ("expected a header line", table("")),
    "a header and no rows": ("0 row", table("a,b,kind\n")),
    "text in a column of numbers": ("line 6, column b: expected a number", line_6("1,two,x")),
    "thousands with an underscore": ("expected a number", line_6("1_000,2,x")),
    "a cell missing": ("line 6: expected 3 cells", line_6("1,2")),
    "an empty cell": ("the value is missing", line_6("1,,x")),
    "no class": ("the class is missing", line_6("1,2,")),
    "not a number in a table": ("expected a finite number", line_6("nan,2,x")),
    "two columns of one name": ("'a' twice", table(CSV.replace("a,b", "a,a", 1))),
    "a table in another encoding": ("expected a number", table(CSV.encode() + b"\xff,1,x\n")),
    "a cell without an end": ("not valid CSV|expected", table(CSV + '1,2,"' + "x" * 200_000)),
    "zero bytes": ("expected|not valid", table(CSV + "\0\0\0\n")),
}

RUNS: Spoiled = {
    "a run without its record": ("expected a run folder", remove("run/run.json")),
    "a record cut off": ("not valid JSON", cut("run/run.json")),
    "a record that is a list": ("expected a record", write("run/run.json", "[1, 2]")),
    "a record of another format": ("received 99", record(lambda tables: tables.update(format=99))),
    "a record with an unknown option": ("unknown option 'x'", option("model", x=1)),
    "a record with another type": ("epochs must be", option("optimization", epochs=[])),
    "a record that reads another file": (
        "at least two columns|expected --target|UTF-8",
        option("data", dataset="csv:/etc/hostname"),
    ),
    "a record without depth limit": ("not valid JSON", write("run/run.json", "[" * 200_000)),
    "a model missing": ("there is none", remove("run/model.keras")),
    "a model cut off": ("not a whole model file", cut("run/model.keras")),
    "a model with a flipped byte": ("not a whole model file", flip("run/model.keras", 2000)),
    "a text as a model": ("not a whole model file", write("run/model.keras", "weights")),
    "a model that claims a million units": ("weights in", built(hidden_units=[10**6, 10**6])),
    "a model of another class": (
        "expected a tfmlp MLP",
        described(registered_name="evil>Model", class_name="Model"),
    ),
    "a model with code": (
        "expected a tfmlp MLP",
        described(registered_name=None, class_name="Lambda", module="keras.layers"),
    ),
    "a model of other digits": ("not a whole model file|expected|digits", built(num_classes=7)),
}
