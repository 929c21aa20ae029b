"""The page: one HTML file that needs nothing else, of one run or of several.

Everything that comes from runs is escaped by jinja2. A Content-Security-Policy allows the page's
own style and script by their sha256, images within the page, and nothing else.
"""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tfmlp.metrics import METRICS
from tfmlp.reports.changes import show_option
from tfmlp.reports.figures import draw_curves
from tfmlp.reports.groups import differing_options, group_runs
from tfmlp.reports.summary import Summary
from tfmlp.reports.view import View
from tfmlp.version import __version__

_TEMPLATES = Path(__file__).parent / "templates"
_NONE = "\N{EN DASH}"
MOST_DETAILED = 8  # runs whose details stand in a page of several


def render_page(summaries: Sequence[Summary]) -> str:
    """Returns the page of one run, or of several."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "metric": _show_metric,
        "words": lambda name: name.replace("_", " "),
        "split_name": lambda name: "training" if name == "train" else name,
        "option": show_option,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
    }
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = (_TEMPLATES / "script.js").read_text(encoding="utf-8")
    frame = {
        "style": style,
        "script": script,
        "policy": content_policy(style, script),
        "version": __version__,
    }
    if len(summaries) == 1:
        values = {"view": View(summaries[0]), "title": summaries[0].name}
        return environment.get_template("run.html").render(frame | values)
    return environment.get_template("runs.html").render(frame | _several(summaries))


def content_policy(style: str, script: str) -> str:
    """Returns the policy that allows this style, this script, and images in the page."""
    return "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _show_metric(value: float | None, name: str) -> str:
    return _NONE if value is None else METRICS[name].show(value)


def _several(summaries: Sequence[Summary]) -> dict[str, Any]:
    """Returns what the page of several runs shows."""
    differing = differing_options(summaries)
    tests = [one.run.record.test or {} for one in summaries]
    counts: dict[str, dict[str, int]] = {}
    for name in differing:
        values = [show_option(one.run.config.option(name)) for one in summaries]
        counts[name] = {value: values.count(value) for value in dict.fromkeys(values)}
    return {
        "title": f"{len(summaries)} runs",
        "lead": _lead(summaries),
        "views": [View(one, n < MOST_DETAILED) for n, one in enumerate(summaries)],
        "groups": group_runs(summaries),
        "metrics": [name for name in METRICS if any(name in test for test in tests)],
        "differing": differing,
        "differing_values": counts,
        "curves": draw_curves([one.run for one in summaries]),
    }


def _lead(summaries: Sequence[Summary]) -> str:
    nets = {one.net for one in summaries}
    data = list(dict.fromkeys(one.run.record.dataset.name for one in summaries))
    net = nets.pop() if len(nets) == 1 else f"{len(nets)} different nets"
    first = net[:1].upper() + net[1:]
    return f"{first}, trained {len(summaries)} times on {' and '.join(data)}."
