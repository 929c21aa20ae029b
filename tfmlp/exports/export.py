"""`export`: a trained model in a format that runs without tfmlp, proven before it is there.

    result = export("runs/third", "onnx")
    result.folder, result.record["proof"]["reference_difference"]

An export is a folder with the format's files and `export.json`. It is written beside its place,
proven there, and renamed at the end: an export that is there is one that was proven.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.data.dataset import Dataset
from tfmlp.errors import ExportError
from tfmlp.exports import c_header
from tfmlp.exports.examples import choose_examples, find_examples, make_up_examples
from tfmlp.exports.formats import Format, find_format
from tfmlp.exports.formula import Formula, make_formula
from tfmlp.exports.proof import Proof, prove
from tfmlp.loaded import LoadedRun, load_run
from tfmlp.model.mlp import MLP
from tfmlp.version import __version__

RECORD = "export.json"


@dataclass(frozen=True)
class Export:
    """An export.

    Attributes:
      folder: Where its files are.
      record: What its `export.json` says.
    """

    folder: Path
    record: dict[str, Any]


def export(
    source: str | Path | LoadedRun | MLP,
    format: str,
    out: str | Path | None = None,
    *,
    data: Dataset | None = None,
    loss: str = "auto",
) -> Export:
    """Writes a trained model in a format that runs without tfmlp, and proves it.

    Args:
      source: A run folder, a `LoadedRun` or a built `MLP`.
      format: "keras", "savedmodel", "onnx", "litert", "litert-int8", "numpy" or "c".
      out: The folder to write, which must not be there; None: RUN/exports/FORMAT.
      data: What to prove it on (and to calibrate "litert-int8" by); None: the run's own data, or
        made-up examples where there are none.
      loss: The loss that an `MLP` was trained on; a run knows its own.

    Returns:
      An `Export`: its folder, and its record with the largest differences.

    Raises:
      CheckpointError: when there is no such run, or it has left no model.
      DataError: when `data` are not what the model takes.
      ExportError: when the export cannot be written, or is not what the model is.

    >>> export = tfmlp.export("runs/third", "numpy", "exported")
    >>> export.record["proof"]["reference_difference"] < 1e-5
    True
    """
    kind = find_format(format)
    run = source if isinstance(source, LoadedRun | MLP) else load_run(source)
    folder = _free_folder(run, kind, out)
    kind.require()
    if isinstance(run, LoadedRun):
        model, loss = run.model, run.config.optimization.loss
    else:
        model = run
    formula = make_formula(model, loss)
    if data is not None:
        examples = choose_examples(data, formula)
    elif isinstance(run, LoadedRun):
        examples = find_examples(run, formula)
    else:
        examples = make_up_examples(formula)
    with _placed(folder) as place:
        kind.write(formula, place, examples.calibration)
        proof = prove(kind, place, model, loss, examples)
        record = _describe(kind, formula, place, proof)
        record["run"] = str(run.path) if isinstance(run, LoadedRun) else None
        (place / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return Export(folder, record)


def _free_folder(run: LoadedRun | MLP, kind: Format, out: str | Path | None) -> Path:
    if out is not None:
        folder = files.user_path(str(out))
    elif isinstance(run, LoadedRun):
        folder = run.path / "exports" / kind.name
    else:
        raise ExportError("a model has no folder of its own: give out, the folder to write.")
    if os.path.lexists(folder):
        raise ExportError(f"{folder} is there already: choose another --out, or remove it before.")
    return folder


@contextmanager
def _placed(folder: Path) -> Iterator[Path]:
    """Yields a new folder, which becomes `folder` when the block ends well; else nothing is left.

    Raises:
      ExportError: when it cannot be written.
    """
    place = None
    try:
        nearest = next(one for one in folder.absolute().parents if one.exists())
        place = Path(tempfile.mkdtemp(dir=nearest, prefix=".export-"))
        yield place
        umask = os.umask(0)
        os.umask(umask)
        place.chmod(0o777 & ~umask)  # mkdtemp makes folders that only their owner reads
        folder.parent.mkdir(parents=True, exist_ok=True)
        place.rename(folder)
    except OSError as error:
        cure = files.cure(error, "choose another --out")
        raise ExportError(
            f"cannot write the export {folder}: {error.strerror or error}: {cure}."
        ) from None
    finally:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)


def _describe(kind: Format, formula: Formula, place: Path, proof: Proof) -> dict[str, Any]:
    schema = formula.schema
    sizes = {
        str(path.relative_to(place)): path.stat().st_size
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }
    record = {
        "format": kind.name,
        "tfmlp": __version__,
        "run": None,
        "files": sizes,
        "bytes": sum(sizes.values()),
        "inputs": {"shape": [None, *schema.feature_shape], "dtype": schema.feature_dtype},
        "outputs": {
            "name": formula.output_name,
            "shape": [None, formula.outputs],
            "dtype": "float32",
        },
        "schema": schema.to_dict(),
        "proof": proof.to_dict(),
    }
    if kind.runtime == "c":
        record["memory"] = c_header.memory(formula)
    return record
