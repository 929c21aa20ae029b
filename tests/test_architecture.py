"""The direction of dependence, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tfmlp"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Floor by the first part of a module's name below tfmlp.
BASE = dict.fromkeys(
    ("errors", "config", "knobs", "seeds", "files", "version", "plan", "signals"), 1
)
FLOORS = BASE | {
    "reference": 2,
    "recipes": 2,
    "runs": 2,
    "check": 3,
    "data": 3,
    "model": 4,
    "training": 5,
    "runner": 6,
    "diagnosis": 7,
    "experiments": 7,
    "cli": 9,
    "__init__": 9,
    "__main__": 9,
}
# Floors that may import these only, and themselves.
ALONE = {
    "runs": set(BASE),
    "recipes": {"config", "errors"},
    "reference": {"plan", "seeds"},
    "check": {"errors", "files", "reference"},
    "data": {*BASE, "reference"},
}
TENSORFLOW_FREE = (*BASE, "reference", "recipes", "runs", "check")


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "tfmlp"
                else [node.module]
            )
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_imports_a_higher_floor(path):
    here = part(path)
    for name in imports(path):
        if name.split(".")[0] != "tfmlp" or name == "tfmlp":
            continue
        there = name.split(".")[1]
        assert there in FLOORS, f"{path}: {name} stands on no floor"
        assert (
            here == there
            or FLOORS[there] < FLOORS[here]
            or FLOORS[here] == 9
            or (here in BASE and there in BASE)
        ), f"{path} imports {name}"
        if here in ALONE:
            assert there == here or there in ALONE[here], f"{path} imports {name}"
        assert there != "runs" or here in ("runs", "runner", "experiments", "diagnosis", "cli"), (
            f"{path} imports {name}"
        )


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if part(path) in TENSORFLOW_FREE],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_floors_without_tensorflow(path):
    assert not {name.split(".")[0] for name in imports(path)} & {
        "tensorflow",
        "keras",
        "tensorflow_datasets",
    }


def test_only_one_gradient_tape():
    assert [path.name for path in MODULES if "GradientTape(" in path.read_text()] == ["step.py"]


def test_the_page_names_every_module():
    page = (ROOT / "docs" / "architecture.md").read_text()
    missing = [
        str(path)
        for path in MODULES
        if not path.name.startswith("__") and f"{path.name}`" not in page
    ]
    assert not missing


def test_importing_the_package_and_the_command_line_imports_no_tensorflow():
    code = (
        "import sys, tfmlp, tfmlp.cli.main, tfmlp.cli.train, tfmlp.cli.evaluate, tfmlp.cli.data;"
        " sys.exit('tensorflow' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_every_public_name_can_be_imported():
    import tfmlp

    for name in tfmlp.__all__:
        assert getattr(tfmlp, name) is not None
    assert set(dir(tfmlp)) == set(tfmlp.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        tfmlp.nonsense
