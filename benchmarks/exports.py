"""What the exports of a run are worth: size, exactness, accuracy, time, format by format.

    python -m benchmarks.exports runs/mnist
    python -m benchmarks.exports runs/mnist --formats onnx,c --json exports.json

Each format is written into a folder that is removed at the end, and proven as `tfmlp export` does
it: loaded by its own runtime in a process of its own, and measured there on examples of the run's
test split. Times are medians, of 50 calls with one example and of 3 with 10,000, by all cores that
the runtime takes; the first call is not counted.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import tfmlp
from tfmlp.errors import ExportError
from tfmlp.exports.export import export
from tfmlp.exports.formats import FORMATS

_HEAD = (
    *("format", "runtime", "size", "largest difference to float64", "to the model"),
    *("accuracy", "1 example", "10,000 examples"),
)


def measure(folder: str, names: list[str]) -> list[dict[str, Any]]:
    """Returns what export.json says of each format; of one that failed, why."""
    run = tfmlp.load_run(folder)
    records = []
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            try:
                records.append(export(run, name, Path(work, name)).record)
            except ExportError as error:
                records.append({"format": name, "error": str(error)})
    return records


def to_markdown(records: list[dict[str, Any]]) -> str:
    """Returns the table of what `measure` returned."""
    rows: list[tuple[str, ...]] = [_HEAD, ("---",) * 2 + ("---:",) * 6]
    notes = []
    for record in records:
        if "error" in record:
            notes.append(f"{record['format']}: {record['error']}")
            continue
        proof = record["proof"]
        metric = proof["export_metric"]
        shown = "" if metric is None else f"{metric:.4f}"
        if metric is not None and proof["metric"] == "accuracy":
            shown = f"{100 * metric:.2f} %"
        one, many = proof["milliseconds"].values()
        rows.append(
            (
                *(record["format"], proof["runtime"], f"{record['bytes'] / 1000:,.0f} kB"),
                f"{proof['reference_difference']:.1e}",
                f"{proof['model_difference']:.1e}",
                *(shown, f"{one:.3f} ms", f"{many:,.1f} ms"),
            )
        )
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), *notes])


def main() -> None:
    """Measures the formats, and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", help="a run folder")
    parser.add_argument("--formats", default=",".join(FORMATS), help="separated by commas")
    parser.add_argument("--json", metavar="FILE", help="write what export.json says of each")
    arguments = parser.parse_args()
    records = measure(arguments.run, arguments.formats.split(","))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
    print(to_markdown(records))


if __name__ == "__main__":
    main()
