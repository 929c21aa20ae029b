"""What tests and the examples in docstrings share: a folder of their own, and names."""

import os
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from click.testing import CliRunner

import tfmlp

_RUN = "runs/third"  # the run folder in examples
# Whose examples read it.
_READERS = (
    "tfmlp.exports.",
    "tfmlp.loaded.",
    "tfmlp.model.saved.load_model",
    "tfmlp.reports.",
    "tfmlp.runs.evaluation.",
    "tfmlp.runs.record.",
)


@pytest.fixture(autouse=True)
def own_folders(request, tmp_path, monkeypatch):
    """Every test and every example runs in a folder of its own, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TFMLP_DATA_DIR", raising=False)
    if isinstance(request.node, pytest.DoctestItem):
        if request.node.name.startswith(_READERS):
            shutil.copytree(request.getfixturevalue("example_run"), tmp_path / _RUN)
        if request.node.name.endswith("from_frame"):
            pytest.importorskip("pandas")


@pytest.fixture(scope="session")
def example_run(tmp_path_factory):
    """The folder of a short run on mnist-small."""
    from tfmlp.cli.main import main

    folder = tmp_path_factory.mktemp("examples") / "run"
    options = "--dataset mnist-small --recipe none --hidden-units 16 --epochs 2 --seed 0"
    result = CliRunner().invoke(main, ["train", *options.split(), "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(autouse=True, scope="session")
def imported_names(doctest_namespace):
    """Examples take for granted what a user's script begins with."""
    doctest_namespace |= {"np": np, "tfmlp": tfmlp}
