"""A peer in a process of its own, told over a pipe what to do.

One process each, so that peers share no threads and no memory: while one is timed, the others wait
on their pipes.
"""

import importlib
import importlib.util
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.cells import Cell, make_task, train_loss
from benchmarks.memory import peak_megabytes
from benchmarks.peers import PEERS

# Seconds before a turn, in which the threads of the peer before go to sleep: those of OpenBLAS stay
# awake, and busy, for a tenth of a second.
_REST = 0.15
_SPAWN = multiprocessing.get_context("spawn")


class Worker:
    """A peer, made for a cell, and its process.

    Attributes:
      name: The peer's name in `PEERS`.
      absent: Why it does not take part, or None.
    """

    def __init__(self, name: str, cell: Cell):
        self.name = name
        self.absent: str | None = None
        if importlib.util.find_spec(PEERS[name].requires) is None:
            self.absent = f"{PEERS[name].requires} is not installed"
            return
        self._pipe, other = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(other, name, cell), daemon=True)
        self._process.start()
        other.close()

    def wait(self) -> None:
        """Waits until the peer is made."""
        if self.absent is not None:
            return
        try:
            self._receive()
        except NotImplementedError as error:
            self.absent = str(error)
            self._process.join()

    def ask(self, verb: str, *arguments: Any) -> Any:
        """Has the process do something.

        Returns:
          For ("epoch", n) and ("evaluate",) the seconds; for ("finish",) what is measured at the
          end.
        """
        time.sleep(_REST)
        self._pipe.send((verb, *arguments))
        return self._receive()

    def close(self) -> None:
        """Ends the process."""
        if self.absent is None:
            self._pipe.close()
            self._process.join()

    def _receive(self) -> Any:
        try:
            answer = self._pipe.recv()
        except EOFError:
            status = self._process.exitcode
            raise RuntimeError(f"{self.name} ended with exit status {status}") from None
        if isinstance(answer, NotImplementedError):
            raise answer
        if isinstance(answer, Exception):
            raise RuntimeError(f"{self.name}: {type(answer).__name__}: {answer}") from answer
        return answer


def _serve(pipe: Connection, name: str, cell: Cell) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries tell while they start
    try:
        _work(pipe, name, cell)
    except NotImplementedError as error:
        pipe.send(error)
    # A peer is another library, which raises what it likes: the other process tells it.
    except Exception as error:
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _work(pipe: Connection, name: str, cell: Cell) -> None:
    entry, task = PEERS[name], make_task(cell)
    before = peak_megabytes()
    peer = importlib.import_module(f"benchmarks.peers.{entry.module}").make(task, entry.variant)
    pipe.send("ready")
    while True:
        try:
            verb, *arguments = pipe.recv()
        except EOFError:
            return
        if verb == "finish":
            loss = train_loss(task, peer.layers()) if hasattr(peer, "layers") else None
            peak, chosen = peak_megabytes() - before, getattr(peer, "chosen", None)
            pipe.send({"loss": loss, "peak_mb": peak, "engine": chosen})
        elif verb == "epoch":
            order = task.order(arguments[0])
            pipe.send(_seconds(peer, lambda order=order: peer.epoch(order)))
        else:
            pipe.send(_seconds(peer, peer.evaluate))


def _seconds(peer: Any, work: Callable[[], Any]) -> float:
    """Returns the seconds of some work, after an evaluation (or the work itself) as a warm-up.

    Within a run, threads and caches are awake.
    """
    getattr(peer, "evaluate", work)()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
