"""The runs of a study, one per seed, kept in files."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfmlp.experiments.comparison import Comparison
from tfmlp.experiments.outcome import Outcome
from tfmlp.experiments.repetition import Repetition
from tfmlp.experiments.study import Study

_FILE = "study.json"

StudyFunction = Callable[[int, bool], Study]


def run_study(name: str, study: StudyFunction, repetition: Repetition) -> Outcome:
    """Runs a study with every seed that its folder does not hold yet."""
    runs = [_run_seed(name, study, seed, repetition) for seed in repetition.seeds]
    by_metric = zip(*(run["figures"] for run in runs), strict=True)
    return Outcome(
        name,
        tuple(map(_join, by_metric)),
        sum(run["seconds"] for run in runs),
        tables=tuple(runs[0]["tables"]),
    )


def _run_seed(name: str, study: StudyFunction, seed: int, repetition: Repetition) -> dict[str, Any]:
    path = repetition.run_folder(name, seed) / _FILE
    kept = _read(path)
    if kept is not None and kept["quick"] == repetition.quick:
        return kept
    repetition.announce(name, seed)
    started = time.perf_counter()
    comparisons, tables = study(seed, repetition.quick)
    run = {
        "quick": repetition.quick,
        "seconds": time.perf_counter() - started,
        "figures": [vars(c) | {"measured": c.measured[0]} for c in comparisons],
        "tables": list(tables),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=2))
    return run


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    run: dict[str, Any] = json.loads(path.read_text())
    return run


def _join(runs: tuple[dict[str, Any], ...]) -> Comparison:
    """Returns one metric's comparison over the seeds, from what the file of each seed holds."""
    return Comparison(**(runs[0] | {"measured": tuple(run["measured"] for run in runs)}))
