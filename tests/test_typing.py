"""Editors and type checkers know the public names, though they are imported when they are used."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import tfmlp

ROOT = Path(__file__).resolve().parent.parent


def check(name: str) -> list[str]:
    script = ROOT / "tests" / "typing" / name
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(script)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()


def test_a_users_script_has_the_types_that_it_says():
    lines = check("user_script.py")
    script = (ROOT / "tests" / "typing" / "user_script.py").read_text().splitlines()
    expected = {
        number: line.split("  # ")[1]
        for number, line in enumerate(script, 1)
        if line.lstrip().startswith("reveal_type(")
    }
    note = re.compile(r'.*:(\d+): note: Revealed type is "(.*)"')
    revealed = {int(found[1]): found[2] for line in lines if (found := note.fullmatch(line))}
    assert len(revealed) == len(lines), lines  # nothing else is said
    assert {number: shortened(kind) for number, kind in revealed.items()} == expected


def shortened(kind: str) -> str:
    """Returns a type without the names of modules, and an array without what NumPy adds to it."""
    kind = re.sub(r"\b(\w+\.)+(?=\w)", "", kind)
    return re.sub(r"ndarray\[.*?, dtype\[Any\]\]", "ndarray", kind)


def test_a_users_mistakes_are_found():
    lines = check("mistakes.py")
    script = (ROOT / "tests" / "typing" / "mistakes.py").read_text().splitlines()
    expected = {n for n, line in enumerate(script, 1) if line.startswith("tfmlp.")}
    found = {int(match.group(1)) for line in lines if (match := re.search(r":(\d+): error", line))}
    assert found == expected, lines


def test_what_type_checkers_see_is_what_there_is():
    tree = ast.parse((ROOT / "tfmlp" / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        (node.module.removeprefix("tfmlp."), alias.name)
        for node in block.body
        for alias in node.names
    }
    assert imported == {(module, name) for module, names in tfmlp._NAMES.items() for name in names}
    assert {name for _, name in imported} | {"__version__"} == set(tfmlp.__all__)
    assert (ROOT / "tfmlp" / "py.typed").exists()
