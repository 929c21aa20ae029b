"""Bad input gets one line, an exit status, and nothing else.

There is no traceback, no run folder, no long wait, and no use of much memory.
"""

import re
import shutil

import numpy as np
import pytest

from tests.bad_inputs.catalogue import CASES, Case
from tests.bad_inputs.spoil import rows
from tests.forked import run_forked

SECONDS = 20  # for a machine that does other things, too; a case takes one or two
MEGABYTES = 400


@pytest.fixture(scope="session")
def template(tmp_path_factory, mnist_dir):
    """A folder with good files, which each case gets a copy of."""
    folder = tmp_path_factory.mktemp("template")
    shutil.copytree(mnist_dir, folder / "digits")
    (folder / "rows").mkdir()
    for name, array in rows().items():
        np.save(folder / "rows" / f"{name}.npy", array)
    command = "train --data-dir digits --recipe none --hidden-units 8 --epochs 2 --out run"
    trained = run_forked(command.split(), folder)
    assert trained.status == 0, trained.stderr
    return folder


def test_there_are_many_and_their_names_differ():
    assert len({case.name for case in CASES}) == len(CASES) >= 80


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_bad_input(case: Case, template, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(template, folder)
    case.spoil(folder)
    before = set(folder.rglob("*"))
    outcome = run_forked(case.arguments, folder)
    told = outcome.stderr.splitlines()
    lines = [line for line in told if not line.startswith(("warning:", "note:"))]
    assert outcome.status == case.status, outcome.stderr
    assert re.search(case.message, lines[-1], re.IGNORECASE), outcome.stderr
    assert "Traceback" not in outcome.stderr and "defect" not in outcome.stderr
    usage = [line for line in lines if line.startswith(("Usage:", "Try ")) or not line]
    assert len(lines) - len(usage) == 1, outcome.stderr
    assert set(folder.rglob("*")) == before, "something was left behind"
    assert outcome.seconds < SECONDS and outcome.grown_mb < MEGABYTES, outcome
