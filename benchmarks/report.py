"""The benchmark's table and plot."""

from pathlib import Path

from benchmarks.peers import FLOORS, OWN, PEERS

_DEFAULT = {"float32": "tfmlp", "bfloat16": "tfmlp bfloat16"}


def best_peer(cell: dict, precision: str, figure: str = "seconds") -> tuple[str, float] | None:
    """Returns the fastest that is not tfmlp, with its seconds; None where there is none at this
    precision.
    """
    found = [
        (values[figure], name)
        for name, values in cell["peers"].items()
        if name not in OWN
        and name not in FLOORS
        and PEERS[name].precision == precision
        and figure in values
    ]
    return min(found)[::-1] if found else None


def ratios(cell: dict, precision: str) -> dict[str, float]:
    """Returns the seconds of tfmlp's default engine over those of the best peer, of Keras fit, of
    the floor, and of tfmlp's best engine; and for evaluation, over the best peer's.
    """
    peers = cell["peers"]
    if _DEFAULT[precision] not in peers:
        return {}
    own, best = peers[_DEFAULT[precision]]["seconds"], best_peer(cell, precision)
    floor = FLOORS[precision == "bfloat16"]
    found = {} if best is None else {"best peer": own / best[1]}
    engines = [
        values["seconds"]
        for name, values in peers.items()
        if name in OWN and PEERS[name].precision == precision and name != "NumPy reference"
    ]
    others = {
        "Keras fit": peers.get("Keras fit", {}).get("seconds"),
        "floor": peers.get(floor, {}).get("seconds"),
        "best engine": min(engines),
    }
    found |= {name: own / seconds for name, seconds in others.items() if seconds}
    looker = best_peer(cell, precision, "evaluation_seconds")
    return (
        found
        if looker is None
        else found | {"evaluation": peers[_DEFAULT[precision]]["evaluation_seconds"] / looker[1]}
    )


def to_markdown(results: dict) -> str:
    """Returns the tables: seconds per epoch of everyone, then ratios, evaluation, losses and
    memory.
    """
    cells = results["cells"]
    names = [name for name in PEERS if any(name in cell["peers"] for cell in cells)]
    lines = [
        "Median seconds per epoch.",
        "",
        "| cell | rows | " + " | ".join(names) + " |",
        "|---" * (len(names) + 2) + "|",
    ]
    for cell in cells:
        row = [_shown(cell["peers"].get(name, {}).get("seconds")) for name in names]
        lines.append(f"| {cell['cell']} | {cell['rows']:,} | " + " | ".join(row) + " |")
    for precision in _DEFAULT:
        lines += _ratio_table(cells, precision)
    trained = [name for name in names if name not in FLOORS]
    for figure, title, form in (
        ("evaluation_seconds", "Median seconds for the evaluation of 10,000 rows.", ".4f"),
        (
            "loss",
            (
                "Train loss after the same number of epochs, computed in float64 by the benchmark"
                " from everyone's weights."
            ),
            ".4f",
        ),
        (
            "peak_mb",
            (
                "Peak memory above that before the library was imported, MB (the data's arrays"
                " included)."
            ),
            ",.0f",
        ),
    ):
        lines += [
            "",
            title,
            "",
            "| cell | " + " | ".join(trained) + " |",
            "|---" * (len(trained) + 1) + "|",
        ]
        for cell in cells:
            lines.append(
                f"| {cell['cell']} | "
                + " | ".join(
                    _shown(cell["peers"].get(name, {}).get(figure), form) for name in trained
                )
                + " |"
            )
    absent = sorted({f"{name}: {why}" for cell in cells for name, why in cell["absent"].items()})
    return "\n".join(lines + ([""] + [f"Absent: {line}." for line in absent] if absent else []))


def _ratio_table(cells: list[dict], precision: str) -> list[str]:
    columns = ("best peer", "Keras fit", "floor", "best engine", "evaluation")
    rows = []
    for cell in cells:
        found, best = ratios(cell, precision), best_peer(cell, precision)
        if found:
            own = cell["peers"][_DEFAULT[precision]]
            rows.append(
                f"| {cell['cell']} | {own['engine']} | {best[0] if best else ''} | "
                + " | ".join(_shown(found.get(c), ".2f") for c in columns)
                + " |"
            )
    title = (
        f"{precision}: seconds of tfmlp, with the engine that it chooses itself, over those of"
        " others."
    )
    head = (
        "| cell | engine | best peer | over best peer | over Keras fit | over floor | over tfmlp's"
        " best engine | evaluation over best peer |"
    )
    return ["", title, "", head, "|---" * 8 + "|", *rows] if rows else []


def _shown(value: float | None, form: str = ".3f") -> str:
    return "" if value is None else format(value, form)


def draw(results: dict, path: Path) -> None:
    """Draws, for every cell, tfmlp's seconds over those of the best peer and over the floor."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    cells = results["cells"]
    figure, axes = pyplot.subplots(figsize=(9, 1.5 + 0.32 * len(cells)), layout="constrained")
    for precision, color in (("float32", "tab:blue"), ("bfloat16", "tab:orange")):
        for against, marker in (("best peer", "o"), ("floor", "|")):
            points = [
                (ratios(cell, precision).get(against), index) for index, cell in enumerate(cells)
            ]
            points = [point for point in points if point[0]]
            if points:
                axes.plot(
                    *zip(*points, strict=True),
                    marker,
                    color=color,
                    markersize=7,
                    label=f"over the {against}, {precision}",
                )
    axes.axvline(1.0, color="gray", linewidth=0.8)
    axes.set_yticks(range(len(cells)), [cell["cell"] for cell in cells], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xticks([0.25, 0.5, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
    axes.minorticks_off()
    axes.set_xlabel(
        "seconds of an epoch of tfmlp over those of the others (left of 1: tfmlp is faster)"
    )
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, fontsize=8)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
