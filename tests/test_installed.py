"""The wheel, installed into an empty folder and used in another: no network, no checkout."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

PARTS = "setup.cfg pyproject.toml README.md LICENSE tfmlp".split()
NOWHERE = "http://127.0.0.1:9"  # a closed port


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built of copies: a build leaves files beside its sources."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name)
        else:
            shutil.copy(ROOT / name, source / name)
    pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", built, source)
    (path,) = built.iterdir()
    return path


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """A folder with the installed package and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    pip("install", "--no-index", "--no-deps", "--target", folder, wheel)
    return folder


@pytest.fixture
def tfmlp(site, tmp_path):
    """Runs the installed `tfmlp` in an empty folder: no home, no cache, no network."""
    here = tmp_path / "here"
    here.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(site),
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "home" / "cache"),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE),
    }

    def run(*arguments, program=("-m", "tfmlp")):
        command = [sys.executable, *program, *map(str, arguments)]
        return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True)

    return run


def test_the_wheel_has_all_that_the_package_reads_and_is_small(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    folder = ROOT / "tfmlp"
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= names
    assert {"tfmlp/py.typed", "tfmlp/recipes/mnist.toml", "tfmlp/data/files/boston.csv"} <= ours
    assert "tfmlp/data/files/mnist-small/LICENSE" in ours
    assert wheel.stat().st_size < 2e6


def test_what_runs_is_the_installed_package(tfmlp, site):
    done = tfmlp(program=("-c", "import tfmlp; print(tfmlp.__file__)"))
    assert Path(done.stdout.strip()).is_relative_to(site)


def test_boston_and_the_small_set_need_no_network(tfmlp):
    done = tfmlp("reproduce", "boston-13")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("exact") == 7
    done = tfmlp("data", "verify", "mnist-small")
    assert done.returncode == 0, done.stderr
    assert "6,000 train" in done.stdout and "published files" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dataset", "source"),
    [("svhn-synthetic", "drawn from mnist-small"), ("mnist-small", "IDX files in")],
)
def test_training_needs_no_network(tfmlp, dataset, source):
    done = tfmlp("train", "--dataset", dataset, "--epochs", 2, "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["status"] == "completed" and len(record["epochs"]) == 2
    assert record["dataset"]["name"] == dataset
    assert record["dataset"]["source"].startswith(source)


def test_the_whole_of_mnist_is_said_to_be_fetched(tfmlp):
    done = tfmlp("train", "--dataset", "mnist", "--epochs", 2)
    assert done.returncode == 1 and not done.stdout
    (line,) = done.stderr.splitlines()
    for said in ("--data-dir with the four IDX files", "--tfds-dir", "--dataset mnist-small"):
        assert said in line
