"""The versions of what computed a run."""

import platform
from importlib.metadata import version

from tfmlp.version import __version__


def versions() -> dict[str, str]:
    """Returns the versions of tfmlp, Python and the libraries that decide a run's metrics."""
    return {"tfmlp": __version__, "python": platform.python_version()} | {
        name: version(name) for name in ("tensorflow", "keras", "numpy")
    }
