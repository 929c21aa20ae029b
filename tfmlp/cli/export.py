"""`tfmlp export`: a run's model in a format that runs without tfmlp."""

import json
from typing import Any

import click

from tfmlp.cli.options import Command, config_options, given_options
from tfmlp.cli.progress import say
from tfmlp.cli.resume import warn_of_model
from tfmlp.exports.formats import FORMATS
from tfmlp.loaded import load_run


@click.command(cls=Command)
@click.argument("run")
@click.option(
    "--format",
    "name",
    required=True,
    type=click.Choice(list(FORMATS)),
    help="; ".join(f"{one.name}: {one.help}" for one in FORMATS.values()) + ".",
)
@click.option(
    "--out",
    metavar="FOLDER",
    help="The folder to write, which must not be there.  [default: RUN/exports/NAME]",
)
@config_options("dataset", "data_dir", "tfds_dir", "drop")
@click.option("--json", "as_json", is_flag=True, help="Print what export.json says.")
def export(run: str, name: str, out: str | None, as_json: bool, **options: Any) -> None:
    """Write the model in the run folder RUN so that it runs without tfmlp.

    Raw pixels or columns go in, probabilities or values come out; the names of classes and columns
    are inside. The export is loaded by its own runtime, and held against the model and the float64
    reference on at most 1,000 test examples: one that differs is an error, and is not kept.
    """
    FORMATS[name].require()
    loaded = load_run(run)
    warn_of_model(loaded.record, loaded.path)
    from tfmlp.cli.quiet import import_tensorflow

    import_tensorflow()
    from tfmlp.exports.examples import load_run_data
    from tfmlp.exports.export import export as write

    given = given_options(options)
    data = load_run_data(loaded, loaded.config.replace(**given)) if given else None
    result = write(loaded, name, out, data=data)
    if as_json:
        click.echo(json.dumps(result.record | {"folder": str(result.folder)}, indent=2))
        return
    click.echo(_describe(result.record))
    say(f"export: {result.folder}")


def _describe(record: dict[str, Any]) -> str:
    """Returns what was measured of an export, a line each."""
    proof = record["proof"]
    bound = "" if proof["bound"] is None else f"  (at most {proof['bound']:.0e})"
    lines = [
        f"format       {record['format']}, {record['bytes'] / 1000:,.0f} kB",
        f"proven by    {proof['runtime']}, on {proof['examples']:,} {proof['source']}",
        f"differs by   {proof['reference_difference']:.1e} from the float64 reference{bound},"
        f" {proof['model_difference']:.1e} from the model",
    ]
    if proof["export_metric"] is not None:
        lines.append(
            f"{proof['metric']:<12} {proof['export_metric']:.4f}, the model's"
            f" {proof['model_metric']:.4f}"
        )
    one, many = proof["milliseconds"].values()
    lines.append(f"takes        {one:.3f} ms for one example, {many:,.1f} ms for 10,000")
    if "memory" in record:
        sizes = record["memory"]
        lines.append(f"memory       {sizes['flash']:,} bytes of flash, {sizes['ram']:,} of RAM")
    return "\n".join(lines)
