"""The data that come with the package, and what is drawn from them where MNIST is not."""

import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT
from tfmlp import files
from tfmlp.data import mnist_small, synthetic
from tfmlp.data.idx import read_idx
from tfmlp.data.mnist import find_mnist, read_mnist
from tfmlp.data.sources import load_dataset
from tfmlp.errors import DataError
from tfmlp.recipes.recipe import default_recipe, load_recipe


def test_the_small_set_is_every_tenth_digit_of_mnist(tmp_path):
    """What the program makes today is what the package has."""
    program = ROOT / "data" / "make_mnist_small.py"
    for folder in ("one", "other"):
        subprocess.run([sys.executable, program, tmp_path / folder], check=True, cwd=ROOT)
    made = sorted((tmp_path / "one").iterdir())
    assert len(made) == 4
    for path in made:
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()
        (values, digest), (ours, our_digest) = map(read_idx, (path, mnist_small.FOLDER / path.name))
        assert digest == our_digest and np.array_equal(values, ours)
    whole = load_dataset("mnist", validation=0)
    small = load_dataset("mnist-small", validation=0)
    for name, count in (("train", 6000), ("test", 1000)):
        assert len(small.splits[name]) == count
        off = small.class_counts()[name] - whole.class_counts()[name] / 10
        assert abs(off).max() < 1
        everyone = {image.tobytes() for image in whole.splits[name].features}
        assert {image.tobytes() for image in small.splits[name].features} <= everyone


def test_the_small_set_is_the_published_one_and_trains_like_mnist(recwarn):
    data = load_dataset("mnist-small")
    assert data.provenance.official is True and data.provenance.name == "mnist-small"
    assert data.feature_shape == (28, 28, 1) and data.class_names == tuple("0123456789")
    assert not recwarn.list
    assert load_dataset("mnist").provenance.sha256 != data.provenance.sha256
    small, whole = (load_recipe(default_recipe(name)).config for name in ("mnist-small", "mnist"))
    assert small.replace(dataset="mnist", epochs=whole.optimization.epochs) == whole


def test_small_sets_that_are_not_the_published_one(monkeypatch, mnist_dir, tmp_path):
    assert not read_mnist(
        find_mnist(str(mnist_dir)), official=mnist_small.OFFICIAL
    ).provenance.official
    monkeypatch.setattr(mnist_small, "FOLDER", tmp_path / "nowhere")
    with pytest.raises(DataError, match="where the package brings them; found none. Install"):
        load_dataset("mnist-small")


def test_the_small_set_in_data_commands(run_cli):
    assert "mnist-small" in run_cli("data", "list").stdout
    assert "these are the published files" in run_cli("data", "verify", "mnist-small").stdout
    assert "contact sheet mnist-small.png" in run_cli("data", "show", "mnist-small").stdout


@pytest.fixture
def no_mnist(monkeypatch, tmp_path):
    """Returns what takes MNIST away, as it is in a package that is installed elsewhere."""
    return lambda: monkeypatch.setattr(files, "_CHECKOUT", tmp_path / "nowhere")


@pytest.fixture
def few_images(monkeypatch):
    """30 and 10 of the synthetic images, as drawing thousands takes seconds."""
    names = list(synthetic.SIZES)
    monkeypatch.setattr(synthetic, "SIZES", dict(zip(names, (30, 10))))
    return names


def draw(folder=None):
    return load_dataset("svhn-synthetic", data_dir=folder and str(folder), validation=0).provenance


def test_images_of_the_small_set_are_another_set_in_another_folder(no_mnist, few_images):
    whole = draw()
    assert whole.source.startswith("drawn from MNIST, in ")
    no_mnist()
    assert draw() == whole, "its own files are there: no MNIST is needed"
    folder = files.cache_dir() / "svhn-synthetic-1"
    folder.rename(folder.with_name("away"))
    small = draw()
    assert small.source.startswith("drawn from mnist-small, in ")
    assert small.sha256 != whole.sha256 and not folder.exists()
    assert draw() == small
    folder.with_name("away").rename(folder)
    assert draw() == whole, "neither took the other's place"


def test_digits_that_only_have_mnists_name_are_not_drawn_from(monkeypatch, mnist_dir, few_images):
    monkeypatch.setenv("TFMLP_DATA_DIR", str(mnist_dir))
    assert draw().source.startswith("drawn from mnist-small")


def test_a_part_of_mnist_is_not_drawn_from(monkeypatch, mnist_dir, few_images, tmp_path):
    (tmp_path / "part").mkdir()
    name = "train-images-idx3-ubyte.gz"
    (tmp_path / "part" / name).symlink_to(mnist_dir / name)
    monkeypatch.setenv("TFMLP_DATA_DIR", str(tmp_path / "part"))
    assert draw().source.startswith("drawn from mnist-small")


def test_a_named_folder_keeps_what_it_has_and_never_mixes_two(
    monkeypatch, no_mnist, few_images, tmp_path
):
    folder = tmp_path / "images"
    with monkeypatch.context() as patch:
        patch.setattr(files, "_CHECKOUT", tmp_path / "nowhere")
        small = draw(folder)
    assert draw(folder) == small, "MNIST is there again, and the images are still these"
    train, test = few_images
    (folder / test).unlink()
    with pytest.raises(DataError, match=f"a part of the set, {train}, .* not drawn from MNIST"):
        draw(folder)
    no_mnist()
    assert draw(folder) == small
