"""What looks like a gradient in a file and was not judged."""

import ast
from collections.abc import Iterable, Iterator

from tfmlp.checks.words import is_gradient

_PRODUCTS = {"dot", "matmul", "outer", "einsum"}
_LOOPS = (ast.For, ast.While, ast.If, ast.With, ast.Try)
_NAMES = ("backprop", "back_prop", "backward", "back_propagat", "backpropagat")


def unjudged(tree: ast.AST, judged: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yields the name and the line of every function, method or loop of the top level that
    multiplies by a transpose, as a backward pass does, or whose name says that it is one.

    Args:
      tree: The file's.
      judged: Names of functions and "Class.method" that were called by what was judged.
    """
    known = set(judged)
    for node in getattr(tree, "body", []):
        if isinstance(node, ast.FunctionDef):
            if node.name not in known and _is_gradient(node):
                yield node.name, node.lineno
        elif isinstance(node, ast.ClassDef) and node.name not in known:
            own = {f"{node.name}.{item.name}": item for item in _methods(node)}
            is_known = bool(known & own.keys())
            for name, item in own.items():
                if name not in known and (_is_gradient(item) or (not is_known and _says(item))):
                    yield name, item.lineno
        elif isinstance(node, _LOOPS) and _transposes(node) and _assigns(node):
            yield f"what is done in line {node.lineno}", node.lineno


def _methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [item for item in node.body if isinstance(item, ast.FunctionDef)]


def _is_gradient(node: ast.FunctionDef) -> bool:
    says = _says(node) and len(node.args.args) > 1
    return says or (_transposes(node) and _assigns(node)) or _changes_gradients(node)


def _changes_gradients(node: ast.AST) -> bool:
    """Whether something adds to what is called a gradient, as a penalty is added."""
    changed = [item.target for item in ast.walk(node) if isinstance(item, ast.AugAssign)]
    names = [getattr(item, "id", getattr(item, "attr", "")) for item in changed]
    return any(is_gradient(name) for name in names)


def _says(node: ast.FunctionDef) -> bool:
    """Whether a function's name says that it is a backward pass."""
    return any(word in node.name.lower() for word in _NAMES)


def _transposes(node: ast.AST) -> bool:
    """Whether something multiplies matrices, one of them transposed."""
    attributes = {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute)}
    products = any(isinstance(item, ast.MatMult) for item in ast.walk(node))
    return bool(attributes & {"T", "transpose"}) and bool(products or attributes & _PRODUCTS)


def _assigns(node: ast.AST) -> bool:
    """Whether something subtracts or multiplies, as errors and derivatives do."""
    kinds = {type(item) for item in ast.walk(node)}
    return ast.Sub in kinds or ast.Mult in kinds
