"""MNIST, and any other set in the layout of its four IDX files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tfmlp import files
from tfmlp.data.idx import read_idx
from tfmlp.data.raw import RawDataset
from tfmlp.data.split import Provenance
from tfmlp.errors import DataError

# File stem -> sha256 of the unpacked original file.
OFFICIAL = {
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_ENDINGS = {"images": "idx3-ubyte", "labels": "idx1-ubyte"}


def find_mnist(data_dir: str | None) -> list[Path] | None:
    """Returns the four files (train images, train labels, test images, test labels), or None where
    none of them is found.

    Raises:
      DataError: where there are some of the four and not all.
    """
    for folder in files.data_folders("mnist", data_dir):
        found = {stem: _find(folder, stem) for stem in OFFICIAL}
        paths = [path for path in found.values() if path]
        if len(paths) == len(OFFICIAL):
            return paths
        if paths:
            missing = [f"{stem}-{_ending(stem)}[.gz]" for stem, path in found.items() if not path]
            raise DataError(
                f"{folder} holds a part of MNIST; missing: {', '.join(missing)}. Add them, or"
                " choose another --data-dir."
            )
    return None


def _ending(stem: str) -> str:
    return _ENDINGS[stem.rpartition("-")[2]]


def _find(folder: Path, stem: str) -> Path | None:
    names = [f"{stem}{mark}{_ending(stem)}{packed}" for mark in "-." for packed in ("", ".gz")]
    return next((folder / name for name in names if files.is_file(folder / name)), None)


def read_mnist(
    paths: Sequence[Path], name: str = "mnist", official: Mapping[str, str] = OFFICIAL
) -> RawDataset:
    """Reads the four files.

    Args:
      paths: Train images, train labels, test images, test labels.
      name: The dataset's name.
      official: The sha256 of the published files by their stems; the provenance tells whether
        these are the ones.
    """
    contents = [read_idx(path) for path in paths]
    digests = dict(zip(OFFICIAL, (digest for _, digest in contents)))
    source = f"IDX files in {files.shown(paths[0].parent)}"
    provenance = Provenance(name, source, digests, official=digests == official)
    train_images, train_labels, test_images, test_labels = (values for values, _ in contents)
    names = tuple("0123456789")
    return RawDataset((train_images, train_labels), (test_images, test_labels), provenance, names)


def read_idx_pairs(text: str) -> RawDataset:
    """Reads IDX files by path: "IMAGES,LABELS" or "IMAGES,LABELS,TEST_IMAGES,TEST_LABELS".

    Raises:
      DataError: when they are not so many, or one of them is not a whole IDX file.
    """
    paths = [files.user_path(part) for part in text.split(",")]
    if len(paths) not in (2, 4):
        raise DataError(
            "idx: expected idx:IMAGES,LABELS or idx:IMAGES,LABELS,TEST_IMAGES,TEST_LABELS;"
            f" received {len(paths)} path(s)."
        )
    contents = [read_idx(path) for path in paths]
    digests = {str(path): digest for path, (_, digest) in zip(paths, contents)}
    arrays = [values for values, _ in contents]
    test = (arrays[2], arrays[3]) if len(arrays) == 4 else None
    provenance = Provenance(f"idx:{text}", "IDX files", digests)
    return RawDataset((arrays[0], arrays[1]), test, provenance)
