"""SVHN, "Format 2": house-number digits, cropped to 32x32, in MATLAB files.

Y. Netzer et al., "Reading digits in natural images with unsupervised feature learning", 2011. For
non-commercial use only.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.io

from tfmlp import files
from tfmlp.data.download import Remote, download
from tfmlp.data.matfile import check_mat
from tfmlp.data.raw import Progress, RawDataset
from tfmlp.data.rowfile import Array
from tfmlp.data.split import Provenance
from tfmlp.errors import DataError

_URL = "http://ufldl.stanford.edu/housenumbers/"
# Name, bytes and sha256 of each published file.
_PUBLISHED = """
train_32x32.mat 182040794 435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8
test_32x32.mat 64275384 cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b
extra_32x32.mat 1329278602 a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3
"""
OFFICIAL = {
    name: Remote(_URL + name, int(size), sha256)
    for name, size, sha256 in map(str.split, _PUBLISHED.strip().splitlines())
}
CLASS_NAMES = tuple("0123456789")


class MatContents(NamedTuple):
    """The contents of one file.

    Attributes:
      images: uint8 [n, 32, 32, 3].
      labels: uint8 [n], digits 0 to 9.
      sha256: Of the file's bytes.
    """

    images: Array
    labels: Array
    sha256: str


def read_mat(path: Path) -> MatContents:
    """Reads one file in SVHN's layout: `X` uint8 [32, 32, 3, n] and `y` [n, 1], in which label 10
    means digit 0.

    Raises:
      DataError: when the file is not in this layout.
    """
    check_mat(path, ("X", "y"))
    with ThreadPoolExecutor(1) as other:  # hashing costs nothing beside unpacking
        digest = other.submit(files.sha256_of, path)
        return MatContents(*_as_examples(_variables(path, ["X", "y"]), path), digest.result())


def read_mat_images(path: Path) -> Array:
    """Reads the images of one file in SVHN's layout, uint8 [n, 32, 32, 3]; it needs no labels.

    Raises:
      DataError: when the file is not in this layout.
    """
    check_mat(path, ("X",))
    return _images(_variables(path, ["X"]).pop("X"), path)


def _variables(path: Path, names: list[str]) -> dict[str, Any]:
    try:
        variables: dict[str, Any] = scipy.io.loadmat(path, variable_names=names)
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except Exception as error:  # scipy raises whatever its parser stumbled over
        raise DataError(
            f"{path} is a damaged .mat file ({type(error).__name__}: {error}): replace it by a"
            " whole copy."
        ) from None
    missing = [name for name in names if name not in variables]
    if missing:
        raise DataError(
            f"{path}: expected the variables {' and '.join(names)}; missing:"
            f" {' and '.join(missing)}."
        )
    return variables


def _as_examples(variables: dict[str, Any], path: Path) -> tuple[Array, Array]:
    images, labels = variables.pop("X"), variables.pop("y")
    if not (isinstance(images, np.ndarray) and isinstance(labels, np.ndarray)):
        raise DataError(
            f"{path}: X and y must be plain arrays; received {type(images).__name__} and"
            f" {type(labels).__name__}."
        )
    images = _images(images, path)
    if labels.dtype.kind not in "uif" or labels.size != len(images):
        raise DataError(
            f"{path}: y must hold one number per image, {len(images):,}; received"
            f" {labels.dtype} {list(labels.shape)}."
        )
    labels = labels.reshape(-1)
    allowed = np.isin(labels, np.arange(1, 11))
    if not allowed.all():
        raise DataError(
            f"{path}: labels must be 1 to 10, where 10 means digit 0; received"
            f" {labels[~allowed][0]} at row {int(np.argmin(allowed))}."
        )
    return images, (labels % 10).astype(np.uint8)


def _images(images: Any, path: Path) -> Array:
    dtype, shape = getattr(images, "dtype", type(images).__name__), np.shape(images)
    if dtype != np.uint8 or len(shape) not in (3, 4) or shape[:3] != (32, 32, 3):
        raise DataError(f"{path}: X must be uint8 [32, 32, 3, n]; received {dtype} {list(shape)}.")
    images = images.reshape(32, 32, 3, -1)  # MATLAB drops a last dimension of 1
    return np.ascontiguousarray(images.transpose(3, 0, 1, 2))


def read_mats(paths: list[Path]) -> list[MatContents]:
    """Reads several files, two at a time: unpacking leaves Python free to do both."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(read_mat, paths))


def read_svhn(data_dir: str | None, extra: bool, progress: Progress | None) -> RawDataset:
    """Finds or downloads SVHN's files, and reads them.

    Args:
      data_dir: The folder the user named, or None.
      extra: Whether to add the extra images to the training images.
      progress: Called with ("downloading NAME", bytes so far, bytes in all).

    Raises:
      DataError: when a file can be neither found nor downloaded, or is not in SVHN's layout.
    """
    paths = [find_or_download(name, data_dir, progress) for name in file_names(extra)]
    source = f"MATLAB files in {files.shown(paths[0].parent)}"
    return as_dataset("svhn", source, paths, official=True)


def file_names(extra: bool) -> list[str]:
    """Returns the names of the files that are read: training, test and, if wanted, extra images."""
    return ["train_32x32.mat", "test_32x32.mat"] + (["extra_32x32.mat"] if extra else [])


def find(name: str, data_dir: str | None) -> Path | None:
    """Returns where one of SVHN's files is, or None."""
    paths = [folder / name for folder in files.data_folders("svhn", data_dir)]
    return next(filter(files.is_file, paths), None)


def find_or_download(name: str, data_dir: str | None, progress: Progress | None) -> Path:
    """Returns where one of SVHN's files is, downloading it if it is nowhere.

    Raises:
      DataError: when it can be neither found nor downloaded.
    """
    if found := find(name, data_dir):
        return found
    try:
        return download(OFFICIAL[name], files.download_folder("svhn", data_dir) / name, progress)
    except DataError as error:
        searched = ", ".join(map(str, files.data_folders("svhn", data_dir)))
        raise DataError(
            f"SVHN's {name} is in none of {searched}, and downloading it failed: {error} Put the"
            f" file from {OFFICIAL[name].url} into one of these folders, name its folder with"
            " --data-dir, or work offline with --dataset svhn-synthetic."
        ) from None


def read_mat_pairs(text: str) -> RawDataset:
    """Reads .mat files in SVHN's layout by path: "TRAIN" or "TRAIN,TEST".

    Raises:
      DataError: when they are more, or one of them is not in this layout.
    """
    paths = [files.user_path(part) for part in text.split(",")]
    if len(paths) > 2:
        raise DataError(f"mat: expected mat:TRAIN or mat:TRAIN,TEST; received {len(paths)} paths.")
    return as_dataset(f"mat:{text}", "MATLAB files", paths, official=None)


def as_dataset(name: str, source: str, paths: list[Path], official: bool | None) -> RawDataset:
    """Reads files in SVHN's layout as one dataset.

    Args:
      name: The dataset's name.
      source: A sentence for people: which files, in which folder.
      paths: Training images, and, where there are any, test images and further training images.
      official: True to compare the files with the published ones, None where there are none.
    """
    contents = read_mats(paths)
    digests = {path.name: part.sha256 for path, part in zip(paths, contents)}
    if official:
        official = all(OFFICIAL[file].sha256 == digest for file, digest in digests.items())
    train, *rest = contents
    images, labels = train.images, train.labels
    if len(rest) > 1:
        images = np.concatenate([images, rest[1].images])
        labels = np.concatenate([labels, rest[1].labels])
    test = (rest[0].images, rest[0].labels) if rest else None
    provenance = Provenance(name, source, digests, official)
    return RawDataset((images, labels), test, provenance, CLASS_NAMES)
