"""What `tfmlp data verify` is pointed at: a dataset's name, a folder or a file."""

from tfmlp import files
from tfmlp.errors import ConfigError, DataError

_KINDS = {".mat": "mat", ".npz": "arrays", ".csv": "csv"}


def find_source(name_or_path: str) -> tuple[str, str | None]:
    """Returns the dataset's name that reads a path, and the folder of its files where the path is a
    folder; any other name stays as it is.

    Raises:
      ConfigError: when no reader takes such a file.
    """
    path = files.user_path(name_or_path)
    if path.is_dir():
        return "svhn" if any(path.glob("*_32x32.mat")) else "mnist", str(path)
    if not path.is_file():
        return name_or_path, None
    if path.suffix not in _KINDS:
        raise ConfigError(
            f"{path}: expected a file that ends in {', '.join(_KINDS)}, or a folder of MNIST's or"
            " SVHN's files."
        )
    return f"{_KINDS[path.suffix]}:{path}", None


def require_svhn(data_dir: str | None) -> None:
    """Checks that SVHN's files are there: verifying must not start a download of hundreds of
    megabytes.

    Raises:
      DataError: when training or test images are missing.
    """
    from tfmlp.data.svhn import file_names, find

    missing = [name for name in file_names(extra=False) if find(name, data_dir) is None]
    if missing:
        searched = ", ".join(map(str, files.data_folders("svhn", data_dir)))
        raise DataError(
            f"there is nothing to verify: {' and '.join(missing)} not found in {searched}. Get them"
            " with: tfmlp data download svhn"
        )
