"""What the tests share: small files in the real layouts, and a way to run the program."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tfmlp.data.mnist import OFFICIAL, find_mnist, read_mnist
from tfmlp.data.synthetic import draw_images, write_mat

ROOT = Path(__file__).resolve().parent.parent
# Larger real samples, which may not be part of the project. Tests that want them skip where they
# are not.
SAMPLES = Path(os.environ.get("TFMLP_TEST_SAMPLES", ROOT.parent / "shared" / "data"))


def write_idx(path: Path, values: np.ndarray) -> Path:
    """Writes uint8 values as an IDX file, gzipped if the name says so."""
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    content = header + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    return path


@pytest.fixture(scope="session")
def digits():
    """600 training and 200 test digits of MNIST: ((images, labels), (images, labels))."""
    raw = read_mnist(find_mnist(str(ROOT / "data" / "mnist")))
    (images, labels), (test_images, test_labels) = raw.train, raw.test
    return (images[:600], labels[:600]), (test_images[:200], test_labels[:200])


@pytest.fixture(scope="session")
def mnist_dir(tmp_path_factory, digits) -> Path:
    """A folder with a cut of MNIST in its four files."""
    folder = tmp_path_factory.mktemp("mnist")
    values = [part for pair in digits for part in pair]
    for stem, array in zip(OFFICIAL, values):
        write_idx(folder / f"{stem}-idx{array.ndim}-ubyte.gz", array)
    return folder


@pytest.fixture(scope="session")
def svhn_dir(tmp_path_factory, digits) -> Path:
    """A folder with 300 and 100 synthetic images in SVHN's files."""
    folder = tmp_path_factory.mktemp("svhn")
    for part, (name, count) in enumerate((("train_32x32.mat", 300), ("test_32x32.mat", 100))):
        images, labels = draw_images(*digits[part], count, np.random.default_rng(part))
        write_mat(folder / name, images, labels)
    return folder


@pytest.fixture
def sample():
    """Returns the folder of a larger real sample by name, or skips."""

    def find(name: str) -> Path:
        if not (SAMPLES / name).exists():
            pytest.skip(f"the sample {name} is not at {SAMPLES}")
        return SAMPLES / name

    return find


@pytest.fixture(scope="session")
def run_cli():
    """Runs `tfmlp` within this process.

    run_cli("train", "--epochs", 1).exit_code, .stdout, .stderr
    """
    from tfmlp.cli.main import main

    def run(*args):
        return CliRunner().invoke(main, [str(arg) for arg in args])

    return run


@pytest.fixture
def train(run_cli, mnist_dir):
    """Trains eight hidden units on 600 digits for an epoch, with further options."""
    base = ("train", "--data-dir", mnist_dir, "--epochs", 1, "--hidden-units", 8)
    return lambda *options: run_cli(*base, *options)
