"""People's own arrays, from an .npz file."""

import zipfile

import numpy as np

from tfmlp import files
from tfmlp.data.dataset import Provenance, RawDataset
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
