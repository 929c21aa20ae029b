"""Runs as rows of a CSV file, and as objects of JSON: for scripts and spreadsheets."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from tfmlp.config import FIELDS
from tfmlp.knobs import show_value
from tfmlp.metrics import METRICS
from tfmlp.reports.groups import differing_options, group_runs
from tfmlp.reports.summary import Summary

FORMAT = 1


def render_json(summaries: Sequence[Summary]) -> str:
    """Returns an object with the runs, the groups over seeds, and the options that differ."""
    values = {
        "tfmlp_report": FORMAT,
        "runs": [one.to_dict() for one in summaries],
        "groups": [group.to_dict() for group in group_runs(summaries)],
        "differing_options": differing_options(summaries),
    }
    return json.dumps(values, indent=2, allow_nan=False) + "\n"


def render_csv(summaries: Sequence[Summary]) -> str:
    """Returns a table with a header line and a line a run: metrics, timing and every option."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(one) for one in summaries)
    return text.getvalue()


COLUMNS = (
    *("run", "path", "status", "recipe", "parameters", "epochs_done", "best_epoch"),
    *("total_seconds", "training_seconds", "test_count", *(f"test_{name}" for name in METRICS)),
    *("interval_low", "interval_high", "data_sha256", *FIELDS),
)


def _row(one: Summary) -> dict[str, Any]:
    """Returns the values of a run; what it does not have stays empty."""
    record = one.run.record
    values: dict[str, Any] = {
        "run": one.name,
        "path": one.path,
        "status": record.status,
        "recipe": record.recipe,
        "parameters": record.parameters,
        "epochs_done": len(one.run.epochs),
        "data_sha256": record.dataset.sha256,
    }
    values |= {name: show_value(one.run.config.option(name)) for name in FIELDS}
    test = record.test or {}
    values |= {f"test_{name}": test[name] for name in ("count", *METRICS) if name in test}
    if record.best:
        values["best_epoch"] = record.best.epoch
    if record.timing:
        values["total_seconds"] = record.timing.total_seconds
        values["training_seconds"] = record.timing.training_seconds
    if one.headline and one.headline.interval:
        values["interval_low"] = one.headline.interval.low
        values["interval_high"] = one.headline.interval.high
    return values
