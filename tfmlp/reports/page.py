"""The page: one HTML file that needs nothing else, of one run or of several."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tfmlp.metrics import METRICS
from tfmlp.reports.changes import show_option
from tfmlp.reports.figures import draw_several
from tfmlp.reports.frame import make_environment
from tfmlp.reports.groups import Group, differing_options, group_runs
from tfmlp.reports.headline import HEADLINES
from tfmlp.reports.intervals import Interval
from tfmlp.reports.summary import Summary
from tfmlp.reports.view import View

_NONE, _NO_BREAK = "\N{EN DASH}", "\N{NO-BREAK SPACE}"
_MOST_LEADING = 4  # groups on the first screen
# Metrics that a row of a run has; those of groups have all.
_COLUMNS = (*HEADLINES, "loss", "f1", "mae", "r2")
_WORDS = {"f1": "F1", "mae": "MAE", "rmse": "RMSE", "r2": "R\N{SUPERSCRIPT TWO}"}
MOST_DETAILED = 6  # runs whose details stand in a page of several


def render_page(summaries: Sequence[Summary]) -> str:
    """Returns the page of one run, or of several."""
    environment = make_environment()
    environment.filters |= {
        "metric": _show_metric,
        "interval": _show_interval,
        "is_headline": HEADLINES.__contains__,
        "words": lambda name: _WORDS.get(name, name.replace("_", " ")),
        "split_name": lambda name: "training" if name == "train" else name,
        "option": show_option,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
    }
    if len(summaries) == 1:
        values = {"view": View(summaries[0]), "title": summaries[0].name}
        return environment.get_template("run.html").render(values)
    return environment.get_template("runs.html").render(_several(summaries))


def _show_metric(value: float | None, name: str) -> str:
    return _NONE if value is None else METRICS[name].show(value).replace(" ", _NO_BREAK)


def _show_interval(interval: Interval, name: str) -> str:
    return f"{_show_metric(interval.low, name)} to {_show_metric(interval.high, name)}"


def _several(summaries: Sequence[Summary]) -> dict[str, Any]:
    """Returns what the page of several runs shows."""
    differing = differing_options(summaries)
    views = [
        View(one, number < MOST_DETAILED, is_brief=True) for number, one in enumerate(summaries)
    ]
    tests = [one.run.record.test or {} for one in summaries]
    counts: dict[str, dict[str, int]] = {}
    for name in differing:
        values = [show_option(one.run.config.option(name)) for one in summaries]
        counts[name] = {value: values.count(value) for value in dict.fromkeys(values)}
    groups = group_runs(summaries)
    return {
        "title": f"{len(summaries)} runs",
        "lead": _lead(views),
        "views": views,
        "groups": groups,
        "leading": sorted(groups, key=_rank)[:_MOST_LEADING],
        "metrics": [name for name in _COLUMNS if any(name in test for test in tests)],
        "differing": differing,
        "differing_values": counts,
        "pictures": draw_several(summaries),
    }


def _rank(group: Group) -> tuple[int, float]:
    """Returns a key by which the best group comes first."""
    for place, name in enumerate(HEADLINES):
        if name in group.metrics:
            return place, -METRICS[name].signed(group.metrics[name].value)
    return len(HEADLINES), 0.0


def _lead(views: Sequence[View]) -> str:
    """Returns what was trained, and on what, of several runs."""
    nets = list(dict.fromkeys(view.summary.net for view in views))
    net = nets[0] if len(nets) == 1 else f"{len(nets)} different nets"
    data = {f"{view.summary.run.record.dataset.name} ({view.sizes})": None for view in views}
    statuses = Counter(view.summary.status for view in views)
    how = ", ".join(f"{count} {status}" for status, count in statuses.items())
    return f"{net[:1].upper()}{net[1:]}, trained on {' and '.join(data)}. {len(views)} runs: {how}."
