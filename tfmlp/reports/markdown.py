"""A report as Markdown: for a pull request, a wiki, a README."""

import re
from collections.abc import Iterable, Sequence

from tfmlp.metrics import METRICS
from tfmlp.reports.changes import show_option
from tfmlp.reports.groups import Group, differing_options, group_runs
from tfmlp.reports.headline import Headline
from tfmlp.reports.summary import Summary

MARK = "<!-- tfmlp report -->"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def escape(text: object) -> str:
    """Returns text as Markdown shows it, in one line: nothing in it is markup.

    >>> escape("<script> a|b")
    '\\\\<script\\\\> a\\\\|b'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns a table; text is escaped, and None is an empty cell."""
    lines = [columns, ["---"] * len(columns)]
    lines += [["" if cell is None else escape(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def render_markdown(summaries: Sequence[Summary]) -> str:
    """Returns the report of one run, or of several."""
    parts = _one(summaries[0], 2) if len(summaries) == 1 else _several(summaries)
    title = escape(summaries[0].name) if len(summaries) == 1 else f"{len(summaries)} runs"
    return "\n\n".join([MARK, f"# {title}", *parts]) + "\n"


def _several(summaries: Sequence[Summary]) -> list[str]:
    options = [name for name in differing_options(summaries) if name != "dataset"]
    columns = ["run", "dataset", "seed", "metric", "value", "95 % interval", *options, "status"]
    rows = []
    for one in summaries:
        record, best = one.run.record, one.headline
        result = [best.metric, best.show(best.value), _interval(best)] if best else [None] * 3
        values = [show_option(one.run.config.option(name)) for name in options]
        rows.append([one.name, record.dataset.name, record.seed, *result, *values, one.status])
    return ["## Runs", table(columns, rows), "## Groups over seeds", _groups(group_runs(summaries))]


def _groups(groups: Sequence[Group]) -> str:
    columns = ["group", "seeds", "metric", "mean", "standard deviation", "95 % interval of it"]
    rows: list[list[object]] = []
    for group in groups:
        for name, mean in group.metrics.items():
            show, sure = METRICS[name].show, mean.interval
            spread = None if mean.standard_deviation is None else show(mean.standard_deviation)
            shown = f"{show(sure.low)} to {show(sure.high)}" if sure else None
            rows.append([group.name, mean.count, name, show(mean.value), spread, shown])
    return table(columns, rows)


def _one(one: Summary, level: int) -> list[str]:
    record, mark = one.run.record, "#" * level
    net = one.net[:1].upper() + one.net[1:]
    parts = [f"{escape(net)}, trained on {escape(record.dataset.name)}: {one.status}."]
    parts += [f"> {escape(sentence)}" for sentence in one.gaps]
    rows: list[list[object]] = []
    if best := one.headline:
        rows.append([best.metric, best.show(best.value), _interval(best)])
        if best.beside is not None:
            rows.append([best.beside_what, best.show(best.beside), None])
    for name, value in (record.test or {}).items():
        if name in METRICS and not (best and name == best.metric):
            rows.append([name, METRICS[name].show(value), None])
    if rows:
        parts += [f"{mark} Test", table(["metric", "value", "95 % interval"], rows)]
    if one.classes:
        scores = [
            [c.name, *map(_share, (c.precision, c.recall, c.f1)), c.count] for c in one.classes
        ]
        columns = ["class", "precision", "recall", "F1", "test examples"]
        parts += [f"{mark} Classes", table(columns, scores)]
    regression = one.evaluation and one.evaluation.regression
    if regression:
        errors = [
            [f"{d.low:.4g} to {d.high:.4g}", d.count, f"{d.mae:.4g}", f"{d.rmse:.4g}"]
            for d in regression.deciles
        ]
        columns = ["true values", "test examples", "mae", "rmse"]
        parts += [f"{mark} Errors by decile", table(columns, errors)]
    changed = [[option.name, option.value, option.default] for option in one.changed]
    parts += [f"{mark} Configuration", table(["option", "value", "default"], changed)]
    data = record.dataset
    facts = [["source", data.source], ["sha256", data.sha256]]
    facts += [[f"{split} examples", f"{size:,}"] for split, size in data.sizes.items()]
    parts += [f"{mark} Data", table(["data", escape(data.name)], facts)]
    return [*parts, f"{mark} The command to repeat it", _code(one.command)]


def _interval(best: Headline) -> str | None:
    sure = best.interval
    return f"{best.show(sure.low)} to {best.show(sure.high)}" if sure else None


def _share(value: float | None) -> str | None:
    return None if value is None else METRICS["f1"].show(value)


def _code(text: str) -> str:
    """Returns text as a block of code, whatever backticks it has."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
