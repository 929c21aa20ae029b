"""A report as a table in a notebook."""

from collections.abc import Iterable, Sequence
from html import escape


def table(
    heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]], after: Sequence[str]
) -> str:
    """Returns a heading, a table whose rows begin with their names, and sentences, as HTML."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    lines = []
    for name, *cells in rows:
        rest = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{rest}</tr>')
    sentences = "".join(f"<p>{escape(text)}</p>" for text in after)
    return (
        f"<p><strong>{escape(heading)}</strong></p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>{sentences}"
    )
