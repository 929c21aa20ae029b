"""People's own arrays, from an .npz file or a folder of .npy files."""

import zipfile
from pathlib import Path

import numpy as np

from tfmlp import files
from tfmlp.data.dataset import Provenance, RawDataset
from tfmlp.data.rowfile import RowFile
from tfmlp.errors import DataError

# The names under which training and test arrays are looked for: (features, labels).
_TRAIN = (("x_train", "y_train"), ("train_images", "train_labels"), ("train_features", "train_labels"))
_TEST = (("x_test", "y_test"), ("test_images", "test_labels"), ("test_features", "test_labels"))
_WHOLE = (("x", "y"), ("X", "y"), ("features", "labels"), ("images", "labels"))


def read_arrays(file: str) -> RawDataset:
    """Reads an .npz file that holds x_train, y_train, x_test, y_test, or x and y alone (from which test rows are then held out).

    Raises:
      DataError: when it is not such a file.
    """
    path = files.user_path(file)
    try:
        files.require_regular(path)
        if not zipfile.is_zipfile(path):
            raise DataError(f"{path}: expected an .npz file, as numpy.savez writes it; received something else.")
        with np.load(path, allow_pickle=False) as archive:
            names = set(archive.files)
            train = next((pair for pair in _TRAIN + _WHOLE if names >= set(pair)), None)
            if train is None:
                raise DataError(
                    f"{path}: expected arrays named x_train, y_train, x_test, y_test, or x, y; received {', '.join(sorted(names)) or 'none'}."
                )
            test = next((pair for pair in _TEST if names >= set(pair)), None)
            pairs = [(archive[features], archive[labels]) for features, labels in filter(None, (train, test))]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except Exception as error:  # zipfile's and NumPy's readers raise whatever they stumbled over
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is not a whole .npz file of plain arrays ({reason}).") from None
    for array in (array for pair in pairs for array in pair):
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path}: expected NumPy arrays; received something else under their names.")
        if array.dtype.kind not in "fiub":
            raise DataError(f"{path}: arrays must hold numbers; received the type {array.dtype}.")
    digests = {path.name: files.sha256_of(path)}
    return RawDataset(pairs[0], pairs[1] if test else None, Provenance(f"arrays:{file}", "NumPy file", digests))


def read_folder(folder: str, features_in: str) -> RawDataset:
    """Reads a folder with x_train.npy, y_train.npy, x_test.npy, y_test.npy, or x.npy and y.npy alone.

    Args:
      folder: Its path.
      features_in: "memory", "disk" (uint8 or float32 in C order; rows are read when they are needed), or "auto": from disk above a quarter of this machine's memory.

    Raises:
      DataError: when it is not such a folder.
    """
    path = files.user_path(folder)
    names = {file.stem for file in path.glob("*.npy")}
    train = next((pair for pair in _TRAIN + _WHOLE if names >= set(pair)), None)
    if train is None:
        raise DataError(
            f"{path}: expected x_train.npy, y_train.npy, x_test.npy, y_test.npy, or x.npy, y.npy; received {', '.join(sorted(names)) or 'no .npy file'}."
        )
    pairs = [train, *(pair for pair in _TEST if names >= set(pair))][:2]
    size = sum((path / f"{features}.npy").stat().st_size for features, _ in pairs)
    on_disk = features_in == "disk" or (features_in == "auto" and size > files.machine_memory() / 4)
    arrays = []
    for features, labels in pairs:
        features_file = path / f"{features}.npy"
        arrays.append((RowFile(features_file) if on_disk else _read_array(features_file), _read_array(path / f"{labels}.npy")))
    digests = {f"{name}.npy": files.sha256_of(path / f"{name}.npy") for pair in pairs for name in pair}
    return RawDataset(arrays[0], arrays[1] if len(arrays) > 1 else None, Provenance(f"arrays:{folder}", "folder of NumPy files", digests))


def _read_array(path: Path) -> np.ndarray:
    try:
        files.require_regular(path)
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except (ValueError, EOFError) as error:
        raise DataError(f"{path} is not a whole .npy file of plain numbers ({str(error).splitlines()[0]}).") from None
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path}: expected one array; received an archive: name it .npz and use arrays:FILE.npz.")
    return array
