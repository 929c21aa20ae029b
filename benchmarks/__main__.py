"""Measures tfmlp beside its peers, interleaved in one run.

    python -m benchmarks                          the whole grid; about half an hour on 2 cores
    python -m benchmarks --smoke                  two small cells, in a minute
    python -m benchmarks --cells adam --peers tfmlp --peers JAX

Every peer has a process of its own and the same data, initial weights, batch size and
hyper-parameters. After a warm-up epoch, each round times one epoch of every peer in turn, after an
evaluation (of the products alone, an epoch) that is not timed: within a run, threads and caches are
awake. Medians over the rounds are compared. The final losses stand beside them, so that nobody wins
by doing less.
"""

import json
import platform
import statistics
import sys
from pathlib import Path

import click

from benchmarks.cells import GRID, SMOKE, Cell
from benchmarks.peers import FLOORS, PEERS
from benchmarks.report import draw, to_markdown
from benchmarks.worker import Worker
from tfmlp.runs.versions import versions


def measure(cell: Cell, names: list[str], rounds: int) -> dict:
    """Returns a cell's figures: for each peer seconds per epoch, seconds per evaluation of 10,000
    rows, final train loss and peak memory.
    """
    workers = []
    try:
        for name in names:
            workers.append(Worker(name, cell))
        for worker in workers:
            worker.wait()
        present = [worker for worker in workers if worker.absent is None]
        figures = {
            worker.name: {"first": worker.ask("epoch", 1), "epochs": [], "evaluations": []}
            for worker in present
        }
        for number in range(rounds):
            for worker in present:
                figures[worker.name]["epochs"].append(worker.ask("epoch", number + 2))
        trained = [worker for worker in present if worker.name not in FLOORS]
        for number in range(rounds + 1):
            for worker in trained:
                seconds = worker.ask("evaluate")
                if number:
                    figures[worker.name]["evaluations"].append(seconds)
        for worker in present:
            values = figures[worker.name]
            values["seconds"] = statistics.median(values["epochs"])
            if values["evaluations"]:
                values["evaluation_seconds"] = statistics.median(values["evaluations"])
            values |= worker.ask("finish")
    finally:
        for worker in workers:
            worker.close()
    absent = {worker.name: worker.absent for worker in workers if worker.absent is not None}
    return {
        "cell": cell.name,
        "rows": cell.rows,
        "course": cell.course,
        "peers": figures,
        "absent": absent,
    }


@click.command(help=__doc__.split("\n")[0])
@click.option(
    "--cells",
    "patterns",
    multiple=True,
    help="Only cells whose name holds this text; may be given again.",
)
@click.option(
    "--peers",
    multiple=True,
    help="Only peers whose name starts so; may be given again. 'tfmlp!' is that name alone.",
)
@click.option("--rounds", default=5, show_default=True, help="Timed epochs of each peer.")
@click.option("--smoke", is_flag=True, help="Two small cells: does the benchmark still run?")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write performance.json, performance.md and performance.png into this folder.",
)
def main(
    patterns: tuple[str, ...], peers: tuple[str, ...], rounds: int, smoke: bool, out: Path | None
) -> None:
    grid = SMOKE if smoke else GRID
    cells = [cell for cell in grid if not patterns or any(text in cell.name for text in patterns)]
    names = [
        name
        for name in PEERS
        if not peers
        or any(name == text[:-1] if text.endswith("!") else name.startswith(text) for text in peers)
    ]
    if not cells or not names:
        raise click.UsageError(
            f"nothing to measure. Cells: {'; '.join(cell.name for cell in grid)}. Peers:"
            f" {'; '.join(PEERS)}."
        )
    results = {"machine": platform.machine(), "versions": versions(), "rounds": rounds, "cells": []}
    for cell in cells:
        print(f"{cell.name}", file=sys.stderr, flush=True)
        results["cells"].append(measure(cell, names, rounds))
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / "performance.json").write_text(json.dumps(results, indent=1) + "\n")
    text = to_markdown(results)
    print(text)
    if out is not None:
        (out / "performance.md").write_text(text + "\n")
        draw(results, out / "performance.png")


if __name__ == "__main__":
    main()
