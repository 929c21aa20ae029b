"""Measures tfmlp beside its peers, interleaved in one run.

    python -m benchmarks                          the whole grid: about half an hour on 2 cores
    python -m benchmarks --smoke                  two small cells, in a minute
    python -m benchmarks --cells adam --peers tfmlp --peers JAX

Every peer has a process of its own and the same data, initial weights, batch size and
hyper-parameters. After a warm-up epoch, each round times one epoch of every peer in turn, after an
evaluation (of the products alone, an epoch) that is not timed: within a run, threads and caches are
awake. Medians over the rounds are compared. The final losses stand beside them, so that no peer
wins by doing less.
"""

import json
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

import click

from benchmarks.cells import GRID, SMOKE, Cell
from benchmarks.peers import FLOORS, PEERS
from benchmarks.report import draw, to_markdown
from benchmarks.worker import Worker
from tfmlp.runs.versions import versions


def measure(cell: Cell, names: list[str], rounds: int) -> dict[str, Any]:
    """Returns what was measured in a cell.

    For each peer: seconds per epoch, seconds per evaluation of 10,000 examples, final train loss
    and peak memory.
    """
    workers: list[Worker] = []
    try:
        for name in names:
            workers.append(Worker(name, cell))
        for worker in workers:
            worker.wait()
        present = [worker for worker in workers if worker.absent is None]
        peers = _take_turns(present, rounds)
    finally:
        for worker in workers:
            worker.close()
    absent = {worker.name: worker.absent for worker in workers if worker.absent is not None}
    of_cell = {"cell": cell.name, "rows": cell.examples, "course": cell.course}
    return of_cell | {"peers": peers, "absent": absent}


def _take_turns(workers: list[Worker], rounds: int) -> dict[str, dict[str, Any]]:
    """Returns what was measured of each peer, by its name."""
    peers: dict[str, dict[str, Any]] = {
        worker.name: {"first": worker.ask("epoch", 1), "epochs": [], "evaluations": []}
        for worker in workers
    }
    for number in range(rounds):
        for worker in workers:
            peers[worker.name]["epochs"].append(worker.ask("epoch", number + 2))
    trained = [worker for worker in workers if worker.name not in FLOORS]
    for number in range(rounds + 1):
        for worker in trained:
            seconds = worker.ask("evaluate")
            if number:  # the first one does not count
                peers[worker.name]["evaluations"].append(seconds)
    for worker in workers:
        values = peers[worker.name]
        values["seconds"] = statistics.median(values["epochs"])
        if values["evaluations"]:
            values["evaluation_seconds"] = statistics.median(values["evaluations"])
        values |= worker.ask("finish")
    return peers


def _is_meant(name: str, wanted: tuple[str, ...]) -> bool:
    """Returns whether a peer's name starts as one of these; one that ends in "!" is meant alone."""
    exact = [text[:-1] for text in wanted if text.endswith("!")]
    starts = tuple(text for text in wanted if not text.endswith("!"))
    return not wanted or name in exact or name.startswith(starts)


_CELLS_HELP = "Only cells whose name holds this text; may be given again."
_PEERS_HELP = "Only peers whose name starts so; may be given again. 'tfmlp!' is that name alone."
_OUT_HELP = "Write performance.json, performance.md and performance.png into this folder."


@click.command(help=__doc__.split("\n")[0])
@click.option("--cells", "patterns", multiple=True, help=_CELLS_HELP)
@click.option("--peers", multiple=True, help=_PEERS_HELP)
@click.option("--rounds", default=5, show_default=True, help="Timed epochs of each peer.")
@click.option("--smoke", is_flag=True, help="Two small cells: does the benchmark still run?")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=_OUT_HELP)
def main(
    patterns: tuple[str, ...], peers: tuple[str, ...], rounds: int, smoke: bool, out: Path | None
) -> None:
    grid = SMOKE if smoke else GRID
    cells = [cell for cell in grid if not patterns or any(text in cell.name for text in patterns)]
    names = [name for name in PEERS if _is_meant(name, peers)]
    if not cells or not names:
        all_cells, all_peers = "; ".join(cell.name for cell in grid), "; ".join(PEERS)
        raise click.UsageError(f"nothing to measure. Cells: {all_cells}. Peers: {all_peers}.")
    measured: list[dict[str, Any]] = []
    results = {"machine": platform.machine(), "versions": versions(), "rounds": rounds}
    results["cells"] = measured
    for cell in cells:
        print(cell.name, file=sys.stderr, flush=True)
        measured.append(measure(cell, names, rounds))
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
