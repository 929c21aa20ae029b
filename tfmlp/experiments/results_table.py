"""The table of results, in Markdown and for a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from tfmlp.experiments.outcome import Outcome

_COLUMNS = ("experiment", "metric", "published", "measured", "verdict", "time")
_MOST_EXACT = 4  # comparisons that are listed one by one in Markdown, when all are exact


def markdown_table(outcomes: Sequence[Outcome]) -> str:
    """Returns the outcomes as a Markdown table, a row per comparison; an exact experiment of many
    takes one row.
    """
    rows: list[Sequence[str]] = [_COLUMNS]
    for outcome in outcomes:
        many = len(outcome.comparisons) > _MOST_EXACT
        rows += [_summary(outcome)] if many and outcome.verdict == "exact" else _rows(outcome)
    lines = ["|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|" for row in rows]
    lines.insert(1, "|" + "---|" * len(_COLUMNS))
    return "\n".join([*lines, *_tables(outcomes)])


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Prints the outcomes for a terminal, a row per comparison."""
    table = Table(*_COLUMNS)
    for outcome in outcomes:
        for row in _rows(outcome):
            table.add_row(*row)
    console = Console(highlight=False)
    console.print(table)
    for text in _tables(outcomes):
        console.print(text, markup=False)


def _rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    if not outcome.comparisons:
        yield outcome.name, outcome.note, "", "", outcome.verdict, ""
        return
    name, duration = outcome.name, f"{outcome.seconds:.0f} s"
    for comparison in outcome.comparisons:
        published, measured = comparison.show_published(), comparison.show_measured()
        yield name, comparison.name, published, measured, comparison.verdict, duration
        name = duration = ""  # in the first row only
    if outcome.note:
        yield "", outcome.note, "", "", "", ""


def _summary(outcome: Outcome) -> tuple[str, ...]:
    what = f"{len(outcome.comparisons)} values, to every printed digit"
    return outcome.name, what, "", "", outcome.verdict, f"{outcome.seconds:.0f} s"


def _tables(outcomes: Sequence[Outcome]) -> list[str]:
    return [f"\n{outcome.name}. {table}" for outcome in outcomes for table in outcome.tables]
