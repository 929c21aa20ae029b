"""Every public name has a docstring with an example that is run, and a line in `help(tfmlp)`."""

import doctest
import inspect
import pydoc
import re

import pytest

import tfmlp
from tfmlp.checks.reports import FunctionReport, GradientReport
from tfmlp.data.schema import Schema
from tfmlp.diagnosis.report import Diagnosis
from tfmlp.loaded import LoadedRun
from tfmlp.metrics import Metrics
from tfmlp.recipes.recipe import Recipe
from tfmlp.runs.evaluation import Evaluation
from tfmlp.runs.record import RunRecord
from tfmlp.sklearn import MLPClassifier, MLPRegressor
from tfmlp.training.loop import Training
from tfmlp.training.result import EpochResult
from tfmlp.training.traced import Step

NAMES = [name for name in tfmlp.__all__ if name != "__version__"]
MODULES = [name for name in NAMES if inspect.ismodule(getattr(tfmlp, name))]
# Methods that observers, readers and Keras call, not a user; and `partial_fit`, which doctest finds
# as no method, for an estimator has it or not.
EXCEPTIONS = {
    "Dataset": {"checked"},
    "Split": {"trusted"},
    "Training": {"get_state", "set_state", "score", "stop", "restore_best", "require_finite"},
    "MLPClassifier": {"partial_fit"},
    "MLPRegressor": {"partial_fit"},
    "MLP": {"build", "call", "compute_output_shape", "export", "get_config"},
}
CLASSES = [Training, LoadedRun, MLPClassifier, MLPRegressor]
CLASSES += filter(inspect.isclass, (getattr(tfmlp, one) for one in NAMES))


def public_methods(cls):
    """Yields the names of the methods that a class has of tfmlp, and the methods."""
    for name, method in inspect.getmembers(cls, inspect.isroutine):
        is_ours = (inspect.getmodule(method) or pydoc).__name__.startswith("tfmlp.")
        if is_ours and not name.startswith("_") and name not in EXCEPTIONS.get(cls.__name__, ()):
            yield f"{cls.__name__}.{name}", method


# What public functions return, and people read the attributes of.
RETURNED = [
    Diagnosis,
    EpochResult,
    Evaluation,
    FunctionReport,
    GradientReport,
    Metrics,
    Recipe,
    RunRecord,
    Schema,
    Step,
]
DOCUMENTED = (
    {name: getattr(tfmlp, name) for name in NAMES}
    | {cls.__name__: cls for cls in (*CLASSES, *RETURNED)}
    | {
        f"{name}.{one}": getattr(getattr(tfmlp, name), one)
        for name in MODULES
        for one in getattr(tfmlp, name).__all__
    }
    | {name: method for cls in CLASSES for name, method in public_methods(cls)}
)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_public_docstring_has_an_example(name):
    doc = inspect.getdoc(DOCUMENTED[name])
    assert ">>> " in doc, f"{name}: give its docstring an example, which pytest runs"
    assert doc.split("\n\n")[0].endswith(".")


def test_the_exceptions_are_methods():
    classes = {cls.__name__: cls for cls in CLASSES}
    for cls, names in EXCEPTIONS.items():
        for name in names:
            assert callable(getattr(classes[cls], name))


@pytest.mark.parametrize(
    "name",
    [name for name in NAMES if not name.endswith("Error") and name not in MODULES],
)
def test_an_editor_shows_a_signature(name):
    """Not `(*args, **kwargs)`, as decorators and metaclasses may leave it."""
    parameters = inspect.signature(getattr(tfmlp, name)).parameters
    assert parameters and next(iter(parameters)) != "args"


def test_examples_are_run():
    """pytest finds them in the modules they are in, under the names they have there."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name, documented in DOCUMENTED.items():
        module = inspect.getmodule(documented)
        found = {test.name for test in finder.find(module, module.__name__) if test.examples}
        qualified = module.__name__
        if documented is not module:
            qualified += f".{documented.__qualname__}"
        assert qualified in found, name


@pytest.fixture(scope="module")
def description():
    """The lines of `help(tfmlp)` that say what tfmlp is, before the list of its modules."""
    page = pydoc.plain(pydoc.render_doc(tfmlp))
    return page.split("\nDESCRIPTION\n")[1].split("\nPACKAGE CONTENTS\n")[0].splitlines()


def test_help_has_a_line_for_every_public_name(description):
    rows = [re.fullmatch(r" {8}(\w+) {2,}(\S.+)", line) for line in description]
    listed = [row.group(1) for row in rows if row]
    assert sorted(listed) == sorted(NAMES)
    assert all(len(row.group(2)) > 10 for row in rows if row)


def test_help_begins_with_a_page(description):
    assert len(description) < 50 and max(map(len, description)) <= 105
