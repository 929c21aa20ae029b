"""The benchmark's table and plot."""

from pathlib import Path
from typing import Any

from benchmarks.peers import FLOORS, OWN, PEERS

# What `measure` returned of a cell.
Cell = dict[str, Any]

_DEFAULT = {"float32": "tfmlp", "bfloat16": "tfmlp bfloat16"}
# Ratio -> the head of its column.
_RATIOS = {
    "best peer": "over best peer",
    "Keras fit": "over Keras fit",
    "floor": "over floor",
    "best engine": "over tfmlp's best engine",
    "evaluation": "evaluation over best peer",
}
_LOSS = "Train loss after the same number of epochs, computed in float64 by the benchmark from"
_MEMORY = "Peak memory above that before the library was imported, MB (the data's arrays included)."
# What was measured, the title of its table, and how its values are shown.
_TABLES = (
    ("evaluation_seconds", "Median seconds for the evaluation of 10,000 examples.", ".4f"),
    ("loss", f"{_LOSS} every peer's weights.", ".4f"),
    ("peak_mb", _MEMORY, ",.0f"),
)


def best_peer(cell: Cell, precision: str, what: str = "seconds") -> tuple[str, float] | None:
    """Returns the fastest peer that is not tfmlp, with its seconds.

    None where there is none at this precision.
    """
    found = [
        (values[what], name)
        for name, values in cell["peers"].items()
        if PEERS[name].precision == precision and name not in (*OWN, *FLOORS) and what in values
    ]
    if not found:
        return None
    seconds, name = min(found)
    return name, seconds


def ratios(cell: Cell, precision: str) -> dict[str, float]:
    """Returns the seconds of tfmlp's default engine over those of others.

    Of the best peer, of Keras fit, of the floor and of tfmlp's best engine; for evaluation, over
    the best peer's.
    """
    peers = cell["peers"]
    own = peers.get(_DEFAULT[precision])
    if own is None:
        return {}
    best, fastest = (best_peer(cell, precision, what) for what in ("seconds", "evaluation_seconds"))
    engines = [
        values["seconds"]
        for name, values in peers.items()
        if name in OWN and PEERS[name].precision == precision and name != "NumPy reference"
    ]
    floor = FLOORS[precision == "bfloat16"]
    others = {
        "best peer": best and best[1],
        "Keras fit": peers.get("Keras fit", {}).get("seconds"),
        "floor": peers.get(floor, {}).get("seconds"),
        "best engine": min(engines),
    }
    found = {name: own["seconds"] / seconds for name, seconds in others.items() if seconds}
    if fastest is not None:
        found["evaluation"] = own["evaluation_seconds"] / fastest[1]
    return found


def to_markdown(results: dict[str, Any]) -> str:
    """Returns the tables: seconds per epoch of every peer, ratios, evaluation, losses, memory."""
    cells = results["cells"]
    names = [name for name in PEERS if any(name in cell["peers"] for cell in cells)]
    rows = [
        [cell["cell"], f"{cell['rows']:,}", *_values(cell, names, "seconds", ".3f")]
        for cell in cells
    ]
    lines = _table("Median seconds per epoch.", ["cell", "rows", *names], rows)
    for precision in _DEFAULT:
        lines += _ratio_table(cells, precision)
    trained = [name for name in names if name not in FLOORS]
    for what, title, form in _TABLES:
        rows = [[cell["cell"], *_values(cell, trained, what, form)] for cell in cells]
        lines += ["", *_table(title, ["cell", *trained], rows)]
    absent = {f"{name}: {why}" for cell in cells for name, why in cell["absent"].items()}
    if absent:
        lines += ["", *(f"Absent: {line}." for line in sorted(absent))]
    return "\n".join(lines)


def _table(title: str, head: list[str], rows: list[list[str]]) -> list[str]:
    marked = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return [title, "", marked[0], "|---" * len(head) + "|", *marked[1:]]


def _values(cell: Cell, names: list[str], what: str, form: str) -> list[str]:
    return [_shown(cell["peers"].get(name, {}).get(what), form) for name in names]


def _ratio_table(cells: list[Cell], precision: str) -> list[str]:
    rows = []
    for cell in cells:
        found, best = ratios(cell, precision), best_peer(cell, precision)
        if found:
            engine = cell["peers"][_DEFAULT[precision]]["engine"]
            shown = [_shown(found.get(name), ".2f") for name in _RATIOS]
            rows.append([cell["cell"], engine, best[0] if best else "", *shown])
    if not rows:
        return []
    who = "seconds of tfmlp, with the engine that it chooses itself, over those of others"
    head = ["cell", "engine", "best peer", *_RATIOS.values()]
    return ["", *_table(f"{precision}: {who}.", head, rows)]


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def draw(results: dict[str, Any], path: Path) -> None:
    """Draws, for every cell, tfmlp's seconds over those of the best peer and over the floor."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    cells = results["cells"]
    figure, axes = pyplot.subplots(figsize=(9, 1.5 + 0.32 * len(cells)), layout="constrained")
    for precision, color in (("float32", "tab:blue"), ("bfloat16", "tab:orange")):
        found = [ratios(cell, precision) for cell in cells]
        for against, marker in (("best peer", "o"), ("floor", "|")):
            points = [(r[against], place) for place, r in enumerate(found) if against in r]
            if points:
                style = {"color": color, "markersize": 7}
                label = f"over the {against}, {precision}"
                axes.plot(*zip(*points, strict=True), marker, label=label, **style)
    axes.axvline(1.0, color="gray", linewidth=0.8)
    axes.set_yticks(range(len(cells)), [cell["cell"] for cell in cells], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xticks([0.25, 0.5, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
    axes.minorticks_off()
    axes.set_xlabel("seconds of tfmlp's epoch over those of others (left of 1: tfmlp is faster)")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, fontsize=8)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
