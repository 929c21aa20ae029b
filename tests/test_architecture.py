"""The direction of dependence, what an import costs, and measures that keep modules readable."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tfmlp"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST, MEDIAN = 250, 110  # lines of a module

# Floor by the first part of a module's name below tfmlp.
_BASE = "errors config settings knobs metrics plan seeds signals files quiet version".split()
BASE = dict.fromkeys(_BASE, 1)
FLOORS = BASE | {
    "reference": 2,
    "recipes": 2,
    "runs": 2,
    "checks": 3,
    "data": 3,
    "model": 4,
    "training": 5,
    "events": 6,
    "saver": 6,
    "tensorboard": 7,
    "examination": 6,
    "loaded": 7,
    "runner": 7,
    "sklearn": 8,
    "diagnosis": 8,
    "experiments": 8,
    "reports": 8,
    "exports": 8,
    "cli": 9,
    "__init__": 9,
    "__main__": 9,
}
# Floors that may import these only, and themselves.
ALONE = {
    "runs": {"errors", "files", "version"},
    "recipes": {"config", "errors"},
    "reference": {"plan", "seeds"},
    "checks": {"errors", "files", "reference"},
    "data": {*BASE, "reference"},
}
# Who drives run folders.
RUN_FOLDERS = ("runs", "saver", "examination", "runner", "loaded", "reports", "experiments", "cli")
TENSORFLOW_FREE = (*BASE, "reference", "recipes", "runs", "checks", "reports")


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            is_package = node.module == "tfmlp"
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            names += parts if is_package else [node.module]
    return names


def shown(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_no_module_imports_a_higher_floor(path):
    here = part(path)
    for name in imports(path):
        if name.split(".")[0] != "tfmlp" or name == "tfmlp":
            continue
        there = name.split(".")[1]
        assert there in FLOORS, f"{path}: {name} stands on no floor"
        below = FLOORS[there] < FLOORS[here] or FLOORS[here] == 9
        assert here == there or below or (here in BASE and there in BASE), f"{path} imports {name}"
        if here in ALONE:
            assert there == here or there in ALONE[here], f"{path} imports {name}"
        assert there != "runs" or here in RUN_FOLDERS, f"{path} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_no_module_takes_a_private_name_of_another(path):
    taken = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert not taken


def test_no_circle_of_imports():
    """Imports within functions count, too: a circle is a circle whenever it is closed."""
    names = {module_name(path): path for path in MODULES}
    graph = {
        name: {one for one in imports(path) if one in names and one != name}
        for name, path in names.items()
    }
    while free := [name for name, needed in graph.items() if not needed & graph.keys()]:
        for name in free:
            del graph[name]
    assert not graph.keys() - {"tfmlp"}, f"a circle among {sorted(graph)}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_no_module_is_too_long(path):
    assert len(path.read_text().splitlines()) <= LONGEST


def test_the_median_module_is_short():
    lengths = [len(path.read_text().splitlines()) for path in MODULES]
    assert statistics.median(lengths) <= MEDIAN


def test_lines_end_at_100_columns_and_the_formatter_is_never_overruled():
    for path in ROOT.rglob("*.py"):
        if any(name.startswith(".") or name == "build" for name in path.relative_to(ROOT).parts):
            continue
        text = path.read_text()
        assert max(map(len, text.splitlines()), default=0) <= 100, path
        assert "fmt" + ": " not in text, path


FREE = [path for path in MODULES if part(path) in TENSORFLOW_FREE]


@pytest.mark.parametrize("path", FREE, ids=shown)
def test_floors_without_tensorflow(path):
    named = {name.split(".")[0] for name in imports(path)}
    assert not named & {"tensorflow", "keras", "tensorflow_datasets"}


def test_gradient_tapes_are_in_the_two_steps_alone():
    found = [path.name for path in MODULES if "GradientTape(" in path.read_text()]
    assert found == ["mixed_step.py", "step.py"]


def test_the_page_names_every_module():
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = [path for path in MODULES if not path.name.startswith("__")]
    missing = [shown(path) for path in named if f"{path.name}`" not in page]
    assert not missing


@pytest.mark.parametrize(
    "code",
    [
        "import tfmlp, tfmlp.cli.main, tfmlp.cli.train, tfmlp.cli.evaluate, tfmlp.cli.data",
        "import tfmlp.checks.gradients, tfmlp.runs.folder, tfmlp.plan, tfmlp.reference.interpreter",
    ],
)
def test_what_imports_no_tensorflow(code):
    code += "; import sys; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_numpy_backend_trains_without_tensorflow():
    code = (
        "import sys, numpy as np, tfmlp\n"
        "np.savez('t.npz', x=np.random.rand(60, 3), y=np.arange(60) % 3)\n"
        "config = tfmlp.Config.from_options(dataset='arrays:t.npz', backend='numpy', epochs=2)\n"
        "training = tfmlp.fit(config)\n"
        "assert len(list(training)) == 2 and training.evaluate('test').loss > 0\n"
        "sys.exit('tensorflow' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_every_public_name_can_be_imported():
    import tfmlp

    for name in tfmlp.__all__:
        assert getattr(tfmlp, name) is not None
    assert set(dir(tfmlp)) == set(tfmlp.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        tfmlp.nonsense()
