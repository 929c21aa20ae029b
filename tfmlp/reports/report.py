"""A report: what is said of runs, in one of four formats, and its file.

path = write_report([load_run("runs/third")])                  # runs/third/report.html
print(render_report(runs, "markdown"))
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfmlp import files
from tfmlp.errors import TfmlpError
from tfmlp.reports.markdown import MARK
from tfmlp.reports.summary import summarize_all

if TYPE_CHECKING:
    from tfmlp.loaded import LoadedRun

PAGE = "report.html"
# Format -> the module and function that make it, and what its files have near their beginning.
_FORMATS = {
    "html": ("page", "render_page", '<meta name="generator" content="tfmlp '),
    "markdown": ("markdown", "render_markdown", MARK),
    "json": ("rows", "render_json", '"tfmlp_report"'),
    "csv": ("rows", "render_csv", "run,path,status,"),
}
FORMATS = tuple(_FORMATS)


def render_report(runs: Sequence["LoadedRun"], form: str = "html") -> str:
    """Returns the report of one run, or of several.

    Args:
      runs: At least one run.
      form: "html", "markdown", "json" or "csv".
    """
    module, function, _ = _FORMATS[form]
    render = getattr(importlib.import_module(f"tfmlp.reports.{module}"), function)
    text: str = render(summarize_all(runs))
    return text


def write_report(runs: Sequence["LoadedRun"], path: Path | None = None, form: str = "html") -> Path:
    """Writes the report of one run, or of several, whole or not at all.

    Args:
      runs: At least one run.
      path: Its file; without it, report.html: of one run in its folder, of several in the current
        folder. An earlier report there is replaced.
      form: "html", "markdown", "json" or "csv".

    Returns:
      The file.

    Raises:
      TfmlpError: when the file is there and is no report, or cannot be written.
    """
    if path is None:
        path = runs[0].path / PAGE if len(runs) == 1 else Path(PAGE)
    try:
        if not files.may_be_replaced(path, _FORMATS[form][2]):
            raise TfmlpError(
                f"{path} is there and is no {form} report of tfmlp: choose another --out, or"
                " remove it."
            )
        text = render_report(runs, form)
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.written_atomically(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except ValueError as error:  # a name with a NUL in it
        raise TfmlpError(
            f"cannot write the report {path}: {error}: choose another --out."
        ) from None
    except OSError as error:
        cure = files.cure(error, "choose another --out")
        raise TfmlpError(
            f"cannot write the report {path}: {error.strerror or error}: {cure}."
        ) from None
    return path
