"""`Schema`: what a model's inputs and outputs are; it travels with the model.

schema = data.schema
Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tfmlp.errors import DataError

TASKS = ("classification", "regression")
FEATURE_DTYPES = ("uint8", "float32")
COLUMN_KINDS = ("number",)


@dataclass(frozen=True)
class Schema:
    """The inputs and outputs of a model, by name.

    Attributes:
      task: "classification" or "regression".
      feature_shape: The shape of one example's features: (height, width, channels) or (columns,).
      feature_dtype: "uint8" or "float32".
      columns: The names of a table's columns, in the order of the features; empty for images and
        for arrays, which have no names.
      column_kinds: The kind of each named column: "number".
      class_names: A name for each class, in the order of the labels; empty for regression.
      target: The name of the column that is predicted, or None where it has no name.

    >>> schema = tfmlp.load_dataset("mnist-small").schema
    >>> schema.task, schema.feature_shape, schema.class_names[:3]
    ('classification', (28, 28, 1), ('0', '1', '2'))
    """

    task: str
    feature_shape: tuple[int, ...]
    feature_dtype: str
    columns: tuple[str, ...] = ()
    column_kinds: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    target: str | None = None

    @property
    def is_pixels(self) -> bool:
        """Whether the features are pixels, from 0 to 255."""
        return self.feature_dtype == "uint8" and len(self.feature_shape) == 3

    def to_dict(self) -> dict[str, Any]:
        """Returns the schema as plain JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Schema":
        """Makes a schema from what `to_dict` returned.

        Args:
          values: The attributes by name. `columns`, `column_kinds`, `class_names` and `target` may
            be missing, as in old records.

        Raises:
          DataError: when they describe no model.
        """
        try:
            schema = _parsed(values)
            _check_consistency(schema)
        except ValueError as error:
            raise DataError(
                f"schema: {error}. Restore the file from which it was read, or train anew."
            ) from None
        return schema


def _parsed(values: Mapping[str, Any]) -> Schema:
    """Raises ValueError for a value of another type than its attribute's."""
    if not isinstance(values, Mapping):
        raise ValueError(f"expected a table of attributes; received {values!r:.80}")
    known = [field.name for field in fields(Schema)]
    if unknown := [name for name in values if name not in known]:
        raise ValueError(f"expected the attributes {', '.join(known)}; received {unknown[0]!r:.80}")
    target = values.get("target")
    if target is not None and not isinstance(target, str):
        raise ValueError(f"target must be a name or null; received {target!r:.80}")
    return Schema(
        task=_choice(values, "task", TASKS),
        feature_shape=_sizes(values.get("feature_shape")),
        feature_dtype=_choice(values, "feature_dtype", FEATURE_DTYPES),
        columns=_names(values, "columns"),
        column_kinds=_names(values, "column_kinds"),
        class_names=_names(values, "class_names"),
        target=target,
    )


def _choice(values: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = values.get(name)
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be {' or '.join(choices)}; received {value!r:.80}")
    return value


def _sizes(value: Any) -> tuple[int, ...]:
    whole = isinstance(value, list | tuple) and all(type(size) is int for size in value)
    if not whole or len(value) not in (1, 3) or min(value) < 1:
        raise ValueError(
            f"feature_shape must be [columns] or [height, width, channels]; received {value!r:.80}"
        )
    return tuple(value)


def _names(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name, ())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} must be a list of names; received {value!r:.80}")
    return tuple(value)


def _check_consistency(schema: Schema) -> None:
    """Raises ValueError where attributes contradict one another."""
    for name in ("columns", "class_names"):
        names = getattr(schema, name)
        if len(set(names)) < len(names):
            raise ValueError(f"{name} must differ; received {list(names)!r:.80}")
    if schema.columns and schema.feature_shape != (len(schema.columns),):
        raise ValueError(
            f"feature_shape must be [{len(schema.columns)}], one for each name in columns; received"
            f" {list(schema.feature_shape)}"
        )
    kinds = schema.column_kinds
    if len(kinds) != len(schema.columns) or not set(kinds) <= set(COLUMN_KINDS):
        raise ValueError(
            f"column_kinds must be {' or '.join(COLUMN_KINDS)} for each of"
            f" {len(schema.columns)} columns; received {list(kinds)!r:.80}"
        )
    if (schema.task == "classification") != bool(schema.class_names):
        raise ValueError(
            f"class_names must be there for classification, and for it alone; received"
            f" {len(schema.class_names)} for {schema.task}"
        )
