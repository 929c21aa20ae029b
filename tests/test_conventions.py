"""What `check` understands unasked: each convention, right and wrong; and what it cannot judge."""

import ast

import numpy as np
import pytest

from tests.conventions import RIGHT, WRONG
from tests.test_check import said_against
from tfmlp.checks import conventions, guessing
from tfmlp.checks.discovery import check_namespace


def found_in(text, seed=0):
    values = {"__name__": "checked", "np": np}
    np.random.seed(seed)
    exec(text, values)
    return check_namespace(values, seed, ast.parse(text).body)


@pytest.mark.parametrize("name, layout, text", RIGHT, ids=[f"{n}, {lay}" for n, lay, _ in RIGHT])
def test_a_convention_alone_judges_a_right_file(name, layout, text, monkeypatch):
    monkeypatch.setattr(guessing, "CONVENTIONS", (getattr(conventions, name),))
    for seed in range(2):
        found = found_in(text, seed)
        judged = [finding.report for finding in found.findings if finding.kind == "gradient"]
        assert judged and all(report.right for report in judged), list(map(str, judged))


def test_every_convention_has_two_layouts():
    names = [name for name, _, _ in RIGHT]
    modules = [module.__name__.split(".")[-1] for module in guessing.CONVENTIONS]
    assert set(names) == set(modules) and all(names.count(name) >= 2 for name in names)


@pytest.mark.parametrize(
    "text, right, wrong, said", WRONG, ids=[f"{s}, {r}" for _, r, _, s in WRONG]
)
def test_a_wrong_file_is_never_right_and_its_cause_is_named(text, right, wrong, said):
    assert text.count(right) == 1
    found = found_in(text.replace(right, wrong))
    against = [name for finding in found.findings if (name := said_against(finding.report))]
    assert against and against[0] in said.split(), [str(f.report) for f in found.findings]
