"""What a command leaves: its lines on stderr, and the files of a run folder."""

import json
from pathlib import Path
from typing import Any

from click.testing import Result


def lines(result: Result) -> list[str]:
    """Returns the lines on stderr."""
    return result.stderr.strip().splitlines()


def read_record(run: Path | str) -> dict[str, Any]:
    """Returns what run.json holds."""
    record: dict[str, Any] = json.loads((Path(run) / "run.json").read_text())
    return record


def read_epochs(run: Path | str) -> list[dict[str, Any]]:
    """Returns what epochs.jsonl holds, an epoch a line."""
    return [json.loads(line) for line in (Path(run) / "epochs.jsonl").read_text().splitlines()]
