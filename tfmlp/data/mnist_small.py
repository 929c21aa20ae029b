"""`mnist-small`: every tenth digit of MNIST, in files that come with the package.

The checkout's `data/make_mnist_small.py` makes them of the whole.
"""

from tfmlp import files
from tfmlp.data.mnist import find_mnist, read_mnist
from tfmlp.data.raw import RawDataset
from tfmlp.errors import DataError

FOLDER = files.PACKAGED / "mnist-small"
# File stem -> sha256 of the unpacked file.
OFFICIAL = {
    "train-images": "975afb53dda9b60eeecb174d1497f53b4756bf2e658c9b40b305d29c13ec0df1",
    "train-labels": "68c126e20f9119797d58e68899319af0fdad82effae7ded21e6b83ebc9d85ade",
    "t10k-images": "63759f6c6fdabba00ce677669362e0fd32ce003188c3192db380fdb8dc192d25",
    "t10k-labels": "5b347e545a8fdb2ed4df4d20f5cbd36055bd9c24757913abf97857ff2cb4aac4",
}


def read_mnist_small() -> RawDataset:
    """Reads the set: 6,000 training and 1,000 test digits.

    Raises:
      DataError: when the package was installed without its files.
    """
    paths = find_mnist(str(FOLDER))
    if paths is None:
        raise DataError(
            f"expected mnist-small's files in {FOLDER}, where the package brings them; found none."
            " Install tfmlp again."
        )
    return read_mnist(paths, "mnist-small", OFFICIAL)
