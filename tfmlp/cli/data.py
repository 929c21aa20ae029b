"""`tfmlp data`: lists, downloads, verifies and shows datasets."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from tfmlp import files
from tfmlp.cli.options import Command, config_options, given_options
from tfmlp.cli.progress import printable, show_loading
from tfmlp.errors import DataError, TfmlpWarning
from tfmlp.settings.data import DataConfig

if TYPE_CHECKING:
    from rich.table import Table

    from tfmlp.data.dataset import Dataset

_MOST_LINES = 50  # of a table


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def data() -> None:
    """List, download, verify and show datasets."""


@data.command("list", cls=Command)
def list_command() -> None:
    """List the datasets, and where their files are looked for."""
    from tfmlp.data.readers import SOURCES

    width = max(map(len, SOURCES))
    for name, source in SOURCES.items():
        click.echo(f"{name:<{width}}  {source.description}")
    click.echo(
        f"\nmnist and svhn are looked for in --data-dir, or else in ${files.DATA_DIR_VARIABLE},"
        " then in:"
    )
    for folder in files.data_folders("NAME", None):
        click.echo(f"  {folder}")


@data.command(cls=Command)
@click.argument("name")
@config_options("data_dir", "tfds_dir", "extra")
def download(name: str, **options: Any) -> None:
    """Download NAME (mnist, svhn, tfds:NAME), or make it (svhn-synthetic), unless it is there
    already.
    """
    dataset = _load(name, given_options(options))
    click.echo(f"{name}: {dataset.provenance.source}")


@data.command(cls=Command)
@click.argument("name_or_path")
@config_options("data_dir", "tfds_dir", "extra", "target", "drop", "task")
def verify(name_or_path: str, **options: Any) -> None:
    """Read all of NAME_OR_PATH and compare it with what was published.

    Takes a dataset's name, a folder of MNIST's or SVHN's files, or one .mat, .npz or .csv file.
    Exits with 1 when the files are damaged or are not the published ones.
    """
    from tfmlp.data.verification import find_source, require_svhn

    given = given_options(options)
    name, folder = find_source(name_or_path)
    if folder:
        given["data_dir"] = folder
    if name == "svhn":
        require_svhn(given.get("data_dir"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TfmlpWarning)  # what it would say is the verdict below
        dataset = _load(name, given)
    provenance = dataset.provenance
    for file, digest in provenance.files.items():
        click.echo(f"{digest}  {file}")
    sizes = ", ".join(f"{len(split):,} {name}" for name, split in dataset.splits.items())
    click.echo(f"{provenance.source}: {sizes} rows")
    if provenance.official is False:
        raise DataError(
            f"{provenance.source} can be read, but these are not the published files: their sha256"
            " differ. Train on them if they are meant to be another set; otherwise replace them."
        )
    if provenance.official:
        click.echo("these are the published files")
    else:
        click.echo("whole and readable; there are no published files to compare with")


@data.command(cls=Command)
@click.argument("name")
@config_options("data_dir", "tfds_dir", "extra", "target", "drop", "task")
@click.option(
    "--out", metavar="PATH", help="The picture to write. Without it, NAME.png in this folder."
)
def show(name: str, out: str | None, **options: Any) -> None:
    """Show NAME: a contact sheet as a PNG, a table of classes, statistics of pixels or columns."""
    from rich.console import Console

    from tfmlp.data.sheet import draw_sheet, statistics

    dataset = _load(name, given_options(options))
    console = Console(highlight=False, markup=False, emoji=False)
    if dataset.task == "classification":
        console.print(_class_table(dataset))
        _say_more(len(dataset.class_names), "classes")
    is_image = len(dataset.feature_shape) == 3
    if dataset.target is not None:
        console.print(f"target: {printable(dataset.target)}")
    if dataset.task == "regression":
        console.print(_value_table(dataset))
    features = statistics(dataset.train.features)
    names = [printable(name) for name in dataset.columns]
    console.print(_feature_table(features, "channel" if is_image else "column", names))
    _say_more(len(features), "columns")
    if is_image:
        plain_name = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)
        path = Path(out or f"{plain_name}.png")
        draw_sheet(dataset, path)
        click.echo(f"contact sheet {path}")


def _class_table(dataset: "Dataset") -> "Table":
    from rich.table import Table

    counts = dataset.class_counts()
    table = Table("class", *counts, title="rows per class")
    for label, class_name in enumerate(dataset.class_names[:_MOST_LINES]):
        cells = [f"{of[label]:,} ({of[label] / of.sum():.1%})" for of in counts.values()]
        table.add_row(printable(class_name), *cells)
    return table


def _value_table(dataset: "Dataset") -> "Table":
    from tfmlp.data.sheet import statistics

    values = [
        statistics(split.labels[:, np.newaxis])[0] | {"rows": float(len(split))}
        for split in dataset.splits.values()
    ]
    return _feature_table(values, "split", list(dataset.splits), "values to predict")


def _feature_table(
    features: list[dict[str, float]], what: str, names: list[str], title: str = "training features"
) -> "Table":
    from rich.table import Table

    table = Table(what, *features[0], title=title)
    for index, values in enumerate(features[:_MOST_LINES]):
        name = names[index] if names else str(index)
        table.add_row(name, *(f"{value:.4g}" for value in values.values()))
    return table


def _say_more(count: int, what: str) -> None:
    if count > _MOST_LINES:
        click.echo(f"... and {count - _MOST_LINES:,} more {what}")


def _load(name: str, given: dict[str, Any]) -> "Dataset":
    from tfmlp.cli.quiet import import_tensorflow
    from tfmlp.data.sources import load_configured, parse_name

    if parse_name(name)[0] == "tfds":
        import_tensorflow()
    config = DataConfig(dataset=name, validation=0, **given)
    with show_loading(name) as progress:
        return load_configured(config, seed=0, progress=progress)
