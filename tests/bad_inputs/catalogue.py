"""What people, disks and attackers hand to the program, and the one line that they get for it."""

from dataclasses import dataclass

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
    nothing,
    npz,
    npz_header,
    record,
    remove,
    rows,
    unpacked,
    write,
)

CSV = "a,b,kind\n" + "".join(f"{n},{n % 7},{'xyz'[n % 3]}\n" for n in range(60))
QUICK = ("--recipe", "none", "--hidden-units", "4", "--epochs", "1")
DIGITS = ("train", "--data-dir", "digits", *QUICK)
SVHN = ("train", "--dataset", "mat:a.mat", *QUICK)
NPZ = ("train", "--dataset", "arrays:a.npz", *QUICK)
TABLE = ("train", "--dataset", "csv:a.csv", "--target", "kind", *QUICK)
EVALUATE = ("evaluate", "run")
CONFIG = ("train", "--data-dir", "digits", "--config", "a.toml")


@dataclass(frozen=True)
class Case:
    """A bad input.

    Attributes:
      name: What is wrong.
      arguments: The command line.
      message: A pattern that the one line on stderr must hold.
      spoil: What is done to the files first.
      status: The exit status.
    """

    name: str
    arguments: tuple[str, ...]
    message: str
    spoil: Spoil = nothing
    status: int = 1


def _cell(line: int, text: str) -> str:
    lines = CSV.splitlines()
    lines[line] = text
    return "\n".join(lines)


CASES = [
    # the command line
    Case("a mistyped command", ("trian",), "did you mean 'train'", status=2),
    Case("a mistyped option", ("train", "--learnin-rate", "1"), "--learning-rate", status=2),
    Case("an option without a value", ("train", "--epochs"), "requires an argument", status=2),
    Case("too many arguments", ("train", "mnist"), "unexpected extra argument", status=2),
    Case(
        "a word for a number",
        (*DIGITS, "--learning-rate", "fast"),
        "learning_rate must be a number",
        status=2,
    ),
    Case(
        "a negative learning rate", (*DIGITS, "--learning-rate", "-1"), "greater than 0", status=2
    ),
    Case(
        "no number as a learning rate",
        (*DIGITS, "--learning-rate", "nan"),
        "learning_rate must be",
        status=2,
    ),
    Case(
        "an infinite learning rate",
        (*DIGITS, "--learning-rate", "inf"),
        "learning_rate must be",
        status=2,
    ),
    Case(
        "no epochs",
        ("train", "--epochs", "0"),
        "epochs must be a whole number, at least 1",
        status=2,
    ),
    Case("half an epoch", ("train", "--epochs", "1.5"), "epochs must be a whole number", status=2),
    Case("too many epochs", ("train", "--epochs", "1000000000"), "at most 1,000,000", status=2),
    Case("an empty batch", ("train", "--batch-size", "0"), "batch_size must be", status=2),
    Case(
        "a layer without units",
        ("train", "--hidden-units", "128,,64"),
        "hidden_units must be",
        status=2,
    ),
    Case(
        "a layer of negative width",
        ("train", "--hidden-units", "-3"),
        "hidden_units must be",
        status=2,
    ),
    Case(
        "more weights than memory",
        ("train", "--data-dir", "digits", "--hidden-units", "1000000,1000000"),
        "this machine has",
    ),
    Case(
        "hundreds of layers",
        ("train", "--data-dir", "digits", "--hidden-units", ",".join(["4"] * 300)),
        "at most 256 layers",
    ),
    Case("a dropout of everything", ("train", "--dropout", "1"), "less than 1", status=2),
    Case(
        "a mistyped activation", ("train", "--activation", "rellu"), "did you mean 'relu'", status=2
    ),
    Case("a negative seed", ("train", "--seed", "-1"), "seed must be", status=2),
    Case("a seed too large", ("train", "--seed", "4294967296"), "at most 4,294,967,295", status=2),
    Case("an unknown dataset", ("train", "--dataset", "mnst"), "did you mean 'mnist'"),
    Case("a dataset without its file", ("train", "--dataset", "csv:"), "expected csv:FILE"),
    Case(
        "a dataset that takes no file",
        ("train", "--dataset", "mnist:x"),
        "expected mnist; received",
    ),
    Case(
        "a metric of another task",
        (*DIGITS, "--monitor", "mae"),
        "monitor mae is no metric of classification",
    ),
    Case(
        "patience without validation examples",
        (*DIGITS, "--patience", "2", "--validation", "0"),
        "patience needs validation examples",
    ),
    Case("a warm-up longer than the run", (*DIGITS, "--warmup", "5"), "warmup must be shorter"),
    Case(
        "a decay to nothing",
        (*DIGITS, "--schedule", "exponential", "--final-learning-rate", "0"),
        "never reaches 0",
    ),
    Case(
        "no step in an epoch",
        (*DIGITS, "--batch-size", "9999", "--drop-remainder"),
        "leaves no step",
    ),
    Case(
        "bfloat16 in NumPy",
        (*DIGITS, "--backend", "numpy", "--precision", "bfloat16"),
        "float32 or float64",
    ),
    Case(
        "batch norm by trying",
        (*DIGITS, "--backend", "numeric", "--batch-norm"),
        "cannot train batch_norm",
    ),
    Case("a GPU where there is none", (*DIGITS, "--device", "gpu"), "sees no GPU"),
    Case("values of digits", (*DIGITS, "--task", "regression"), "is for csv and arrays"),
    Case("more validation rows than rows", (*DIGITS, "--validation", "5000000"), "validation"),
    Case("no restores", (*DIGITS, "--max-restores", "0"), "max_restores must be", status=2),
    Case(
        "checkpoints all the time",
        (*DIGITS, "--checkpoint-minutes", "0"),
        "greater than 0",
        status=2,
    ),
    # where a run is written
    Case("an empty name", (*DIGITS, "--out", ""), "--out is empty", status=2),
    Case(
        "a file in the place of the folder", (*DIGITS, "--out", "a"), "is no folder", write("a", "")
    ),
    Case("a folder with a run", (*DIGITS, "--out", "run"), "already holds a run"),
    Case(
        "a folder in a file",
        (*DIGITS, "--out", "a/b"),
        "Not a directory|is not a writable folder",
        write("a", ""),
    ),
    Case("a folder where none can be", (*DIGITS, "--out", "/proc/run"), "/proc"),
    Case("a name too long", (*DIGITS, "--out", "x" * 300), "File name too long"),
    # recipes and configurations
    Case("a mistyped recipe", ("train", "--recipe", "mnst"), "did you mean 'mnist'"),
    Case("no such configuration", CONFIG, "No such file"),
    Case("a folder as a configuration", CONFIG, "no regular file", write("a.toml/x", "")),
    Case("a configuration that is no TOML", CONFIG, "not valid TOML", write("a.toml", "[model\n")),
    Case(
        "a configuration that is no JSON",
        ("train", "--config", "a.json"),
        "not valid JSON",
        write("a.json", "{"),
    ),
    Case(
        "a table that there is not",
        CONFIG,
        "expected the tables",
        write("a.toml", "[modl]\nx = 1\n"),
    ),
    Case(
        "an option in another's table",
        CONFIG,
        "belongs into",
        write("a.toml", "[model]\nepochs = 1\n"),
    ),
    Case(
        "a mistyped option in a table",
        CONFIG,
        "did you mean 'epochs'",
        write("a.toml", "[optimization]\nepoch = 1\n"),
    ),
    Case(
        "text for a number",
        CONFIG,
        "epochs must be",
        write("a.toml", '[optimization]\nepochs = "3"\n'),
    ),
    Case(
        "an endless configuration",
        CONFIG,
        "at most 1,048,576 bytes",
        write("a.toml", "#" * 2_000_000),
    ),
    Case(
        "a configuration in another encoding",
        CONFIG,
        "not valid TOML",
        write("a.toml", b"[model]\n# \xff\xfe\n"),
    ),
    Case(
        "tables in tables in tables",
        ("train", "--config", "a.json"),
        "not valid JSON",
        write("a.json", "[" * 100_000),
    ),
    # going on
    Case("going on with nothing", ("train", "--resume", "nowhere"), "expected a run folder"),
    Case("going on elsewhere", ("train", "--resume", "run", "--out", "b"), "leave out", status=2),
    Case(
        "going on with another net",
        ("train", "--resume", "run", "--hidden-units", "9"),
        "cannot change hidden_units",
    ),
    Case(
        "going on with another seed",
        ("train", "--resume", "run", "--seed", "9"),
        "cannot change seed",
    ),
    Case(
        "going on for less",
        ("train", "--resume", "run", "--epochs", "1"),
        "can only be made longer",
    ),
    Case(
        "going on with other data",
        ("train", "--resume", "run"),
        "sha256 differ",
        unpacked(LABELS, at(20, b"\3\3\3\3")),
    ),
    # IDX files
    Case("no such folder", ("train", "--data-dir", "nowhere"), "found none"),
    Case("a file as a folder", ("train", "--data-dir", "a"), "found none", write("a", "")),
    Case("a file missing", DIGITS, "train-labels", remove(LABELS)),
    Case("an empty file", DIGITS, "an empty file", write(IMAGES, b"")),
    Case("a gzip file cut off", DIGITS, "damaged gzip", cut(IMAGES)),
    Case("a gzip file with a flipped byte", DIGITS, "damaged gzip|promises", flip(IMAGES, -6)),
    Case("something else", DIGITS, "expected an IDX file", write(IMAGES, "no digits in here")),
    Case("another magic number", DIGITS, "expected an IDX file", unpacked(IMAGES, at(2, b"\x77"))),
    Case(
        "a header alone",
        DIGITS,
        "ends within its header",
        unpacked(IMAGES, lambda content: content[:9]),
    ),
    Case(
        "two thousand million images",
        DIGITS,
        "promises 2147483647x28x28",
        unpacked(IMAGES, at(4, b"\x7f\xff\xff\xff")),
    ),
    Case(
        "more images than promised",
        DIGITS,
        "promises",
        unpacked(IMAGES, lambda content: content + b"\0"),
    ),
    Case(
        "fewer labels than images",
        DIGITS,
        "rows|labels",
        unpacked(LABELS, lambda content: idx_header(9) + content[8:17]),
    ),
    Case("a label that is no digit", DIGITS, "77", unpacked(LABELS, at(30, b"\x4d"))),
    Case(
        "no images",
        DIGITS,
        "promises none",
        unpacked(IMAGES, lambda content: idx_header(0, 28, 28)),
    ),
    # MATLAB files
    Case("an empty .mat file", SVHN, "an empty file", write("a.mat", b"")),
    Case("a text with another name", SVHN, "expected a MATLAB 5", write("a.mat", "hello " * 100)),
    Case("MATLAB 7.3", SVHN, "-v7", write("a.mat", b"MATLAB 7.3 MAT-file" + b"\0" * 600)),
    Case("a .mat file cut off", SVHN, "damaged", every(mat("a.mat", images()), cut("a.mat"))),
    Case(
        "a .mat file's header",
        SVHN,
        "missing: X and y",
        every(
            mat("a.mat", images()),
            lambda folder: (folder / "a.mat").write_bytes((folder / "a.mat").read_bytes()[:128]),
        ),
    ),
    Case("no labels", SVHN, "missing: y", mat("a.mat", images(y=None))),
    Case(
        "pixels between 0 and 1",
        SVHN,
        "X must be uint8",
        mat("a.mat", images(X=np.zeros((32, 32, 3, 20)))),
    ),
    Case(
        "images of another size",
        SVHN,
        "X must be uint8",
        mat("a.mat", images(X=np.zeros((28, 28, 3, 20), np.uint8))),
    ),
    Case(
        "a label of 11",
        SVHN,
        "labels must be 1 to 10",
        mat("a.mat", images(y=np.full((20, 1), 11, np.uint8))),
    ),
    Case(
        "too few labels",
        SVHN,
        "one number per image",
        mat("a.mat", images(y=np.ones((7, 1), np.uint8))),
    ),
    Case(
        "a cell array",
        SVHN,
        "plain array of numbers",
        mat("a.mat", images(X=np.array([{}, 1], object))),
    ),
    Case("a struct", SVHN, "plain array of numbers", mat("a.mat", images(X={"pixels": 1}))),
    Case(
        "complex labels",
        SVHN,
        "plain array of numbers",
        mat("a.mat", images(y=np.ones((20, 1)) * 1j)),
    ),
    Case(
        "a .mat file that claims 2^31 images",
        SVHN,
        "claims",
        mat_bytes("a.mat", b"\x03\0\0\0\x14\0\0\0", b"\x03\0\0\0\xff\xff\xff\x7f"),
    ),
    Case(
        "values of no type",
        SVHN,
        "claims",
        mat_bytes("a.mat", b"\x02\0\0\0\0\xf0\0\0", b"\x0e\0\0\0\0\xf0\0\0"),
    ),
    Case(
        "a compressed .mat file with a flipped byte",
        SVHN,
        "damaged",
        every(mat("a.mat", images()), flip("a.mat", 3000)),
    ),
    Case("three .mat files", ("train", "--dataset", "mat:a,b,c", *QUICK), "received 3 paths"),
    # arrays
    Case("no .npz file", NPZ, "No such file"),
    Case("a text as .npz", NPZ, "expected an .npz file", write("a.npz", "x, y")),
    Case(
        "an archive cut off",
        NPZ,
        "expected an .npz file|not a whole",
        every(npz("a.npz", **rows()), cut("a.npz")),
    ),
    Case(
        "an archive with a flipped byte",
        NPZ,
        "not a whole .npz file",
        every(npz("a.npz", **rows()), flip("a.npz", 400)),
    ),
    Case("other names", NPZ, "received a, b", npz("a.npz", a=np.zeros(3), b=np.zeros(3))),
    Case(
        "pickled objects",
        NPZ,
        "not a whole .npz file of plain arrays",
        npz("a.npz", **rows(x=np.array([{}] * 60, object))),
    ),
    Case(
        "text in arrays", NPZ, "must hold numbers", npz("a.npz", **rows(x=np.array([["a"]] * 60)))
    ),
    Case(
        "complex numbers",
        NPZ,
        "must hold numbers",
        npz("a.npz", **rows(x=np.ones((60, 4), complex))),
    ),
    Case(
        "a missing value",
        NPZ,
        "nan|finite",
        npz("a.npz", **rows(x=np.full((60, 4), np.nan, np.float32))),
    ),
    Case("rows without labels", NPZ, "60", npz("a.npz", **rows(y=np.arange(50) % 3))),
    Case(
        "labels between classes",
        NPZ,
        "whole|integer|classes",
        npz("a.npz", **rows(y=np.linspace(0, 2, 60))),
    ),
    Case("one class", NPZ, "class", npz("a.npz", **rows(y=np.zeros(60, int)))),
    Case("no rows", NPZ, "row", npz("a.npz", x=np.zeros((0, 4), np.float32), y=np.zeros(0, int))),
    Case("arrays that claim 10^12 rows", NPZ, "promises", npz_header("a.npz", 10**12)),
    Case("arrays that claim fewer rows", NPZ, "promises", npz_header("a.npz", 50)),
    Case("an empty folder", ("train", "--dataset", "arrays:digits", *QUICK), "no .npy file"),
    Case(
        "a .npy file cut off",
        ("train", "--dataset", "arrays:rows", *QUICK),
        "not a whole .npy file",
        cut("rows/x.npy"),
    ),
    Case(
        "columns first, on disk",
        ("train", "--dataset", "arrays:rows", "--features-in", "disk", *QUICK),
        "C order",
        lambda folder: np.save(folder / "rows" / "x.npy", np.asfortranarray(rows()["x"])),
    ),
    # tables
    Case("an empty table", TABLE, "expected a header line", write("a.csv", "")),
    Case("a header and no rows", TABLE, "0 row", write("a.csv", "a,b,kind\n")),
    Case(
        "no target",
        ("train", "--dataset", "csv:a.csv", *QUICK),
        "expected --target",
        write("a.csv", CSV),
    ),
    Case(
        "a mistyped target",
        ("train", "--dataset", "csv:a.csv", "--target", "knd", *QUICK),
        "did you mean 'kind'",
        write("a.csv", CSV),
    ),
    Case(
        "text in a column of numbers",
        TABLE,
        "line 6, column b: expected a number",
        write("a.csv", _cell(5, "1,two,x")),
    ),
    Case(
        "thousands with an underscore",
        TABLE,
        "expected a number",
        write("a.csv", _cell(5, "1_000,2,x")),
    ),
    Case("a cell missing", TABLE, "line 6: expected 3 cells", write("a.csv", _cell(5, "1,2"))),
    Case("an empty cell", TABLE, "expected a number", write("a.csv", _cell(5, "1,,x"))),
    Case("no class", TABLE, "expected a class", write("a.csv", _cell(5, "1,2,"))),
    Case(
        "not a number in a table",
        TABLE,
        "expected a finite number",
        write("a.csv", _cell(5, "nan,2,x")),
    ),
    Case(
        "two columns of one name", TABLE, "'a' twice", write("a.csv", CSV.replace("a,b", "a,a", 1))
    ),
    Case(
        "a table in another encoding",
        TABLE,
        "expected UTF-8",
        write("a.csv", CSV.encode() + b"\xff,1,x\n"),
    ),
    Case(
        "classes that do not repeat",
        ("train", "--dataset", "csv:a.csv", "--target", "a", *QUICK),
        "classes repeat",
        write("a.csv", CSV.replace("x", "1").replace("y", "2").replace("z", "3")),
    ),
    Case(
        "a cell without an end",
        TABLE,
        "not valid CSV|expected",
        write("a.csv", CSV + '1,2,"' + "x" * 200_000),
    ),
    Case("zero bytes", TABLE, "expected|not valid", write("a.csv", CSV + "\0\0\0\n")),
    Case("images of a table", (*TABLE, "--shift", "1"), "for images", write("a.csv", CSV)),
    # runs and models
    Case("no run", ("evaluate", "nowhere"), "expected a run folder"),
    Case("a run without its record", EVALUATE, "expected a run folder", remove("run/run.json")),
    Case("a record cut off", EVALUATE, "not valid JSON", cut("run/run.json")),
    Case("a record that is a list", EVALUATE, "expected a record", write("run/run.json", "[1, 2]")),
    Case(
        "a record of another format",
        EVALUATE,
        "received 99",
        record(lambda tables: tables.update(format=99)),
    ),
    Case(
        "a record with an unknown option",
        EVALUATE,
        "unknown option 'x'",
        record(lambda tables: tables["config"]["model"].update(x=1)),
    ),
    Case(
        "a record with another type",
        EVALUATE,
        "epochs must be",
        record(lambda tables: tables["config"]["optimization"].update(epochs=[])),
    ),
    Case(
        "a record that reads another file",
        EVALUATE,
        "at least two columns|expected --target|UTF-8",
        record(lambda tables: tables["config"]["data"].update(dataset="csv:/etc/hostname")),
    ),
    Case(
        "a record without depth limit",
        EVALUATE,
        "not valid JSON",
        write("run/run.json", "[" * 200_000),
    ),
    Case("a model missing", EVALUATE, "there is none", remove("run/model.keras")),
    Case("a model cut off", EVALUATE, "not a whole model file", cut("run/model.keras")),
    Case(
        "a model with a flipped byte",
        EVALUATE,
        "not a whole model file",
        flip("run/model.keras", 2000),
    ),
    Case(
        "a text as a model", EVALUATE, "not a whole model file", write("run/model.keras", "weights")
    ),
    Case(
        "a model that claims a million units",
        EVALUATE,
        "weights in",
        model(lambda tables: tables["config"].update(hidden_units=[10**6, 10**6])),
    ),
    Case(
        "a model of another class",
        EVALUATE,
        "expected a tfmlp MLP",
        model(lambda tables: tables.update(registered_name="evil>Model", class_name="Model")),
    ),
    Case(
        "a model with code",
        EVALUATE,
        "expected a tfmlp MLP",
        model(
            lambda tables: tables.update(
                registered_name=None, class_name="Lambda", module="keras.layers"
            )
        ),
    ),
    Case(
        "a model of other digits",
        EVALUATE,
        "not a whole model file|expected|digits",
        model(lambda tables: tables["config"].update(num_classes=7)),
    ),
    # the other commands
    Case("no file to check", ("check", "nowhere.py"), "nowhere.py"),
    Case(
        "a file to check that does not parse",
        ("check", "a.py"),
        "a.py",
        write("a.py", "def net(:\n"),
    ),
    Case("no run to diagnose", ("diagnose", "nowhere"), "nowhere"),
    Case(
        "data of no kind to verify",
        ("data", "verify", "a.txt"),
        "expected a file that ends in",
        write("a.txt", ""),
    ),
    Case(
        "data that are nowhere to verify",
        ("data", "verify", "svhn", "--data-dir", "nowhere"),
        "nothing to verify",
    ),
    Case("data that cannot be downloaded", ("data", "download", "mars"), "mars"),
    Case("no experiment of that name", ("reproduce", "mars"), "mars"),
]
