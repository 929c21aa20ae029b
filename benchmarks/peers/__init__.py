"""Who is measured: one module each, imported only in the process that measures it.

A peer is made from a `Task` and a variant, and has

    epoch(order)      trains on every example once, in this order where the library lets one choose
    evaluate()        looks at the test examples; returns the mean loss and the accuracy
    layers()          the weights, as `benchmarks.cells.train_loss` takes them
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """An entry of the table.

    Attributes:
      module: The module of this package that makes it.
      variant: What the module's `make` is told.
      precision: "float32" or "bfloat16": peers are compared within a precision.
      requires: The package it needs.
    """

    module: str
    variant: str
    precision: str = "float32"
    requires: str = "tensorflow"


PEERS = {
    "tfmlp": Peer("own", "auto/float32"),
    "tfmlp graph": Peer("own", "graph/float32"),
    "tfmlp hybrid": Peer("own", "hybrid/float32"),
    "tfmlp xla": Peer("own", "xla/float32"),
    "tfmlp bfloat16": Peer("own", "auto/bfloat16", "bfloat16"),
    "tfmlp graph bfloat16": Peer("own", "graph/bfloat16", "bfloat16"),
    "tfmlp hybrid bfloat16": Peer("own", "hybrid/bfloat16", "bfloat16"),
    "Keras fit": Peer("keras_fit", "default"),
    "Keras fit, best": Peer("keras_fit", "best"),
    "Keras fit, best, bfloat16": Peer("keras_fit", "best bfloat16", "bfloat16"),
    "TF loop": Peer("tf_loop", ""),
    "PyTorch DataLoader": Peer("pytorch", "loader", requires="torch"),
    "PyTorch in memory": Peer("pytorch", "memory", requires="torch"),
    "PyTorch bfloat16": Peer("pytorch", "memory bfloat16", "bfloat16", requires="torch"),
    "JAX scan": Peer("jax_scan", "", requires="jax"),
    "scikit-learn": Peer("scikit", "", requires="sklearn"),
    "NumPy reference": Peer("own", "numpy/float32"),
    "floor": Peer("floor", "float32"),
    "floor bfloat16": Peer("floor", "bfloat16", "bfloat16", requires="torch"),
}
OWN = tuple(name for name, peer in PEERS.items() if peer.module == "own")
FLOORS = ("floor", "floor bfloat16")
