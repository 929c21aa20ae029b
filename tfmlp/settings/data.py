"""The options that say which examples are trained on, validated on and tested on."""

from dataclasses import dataclass

from tfmlp.knobs import Group, knob

TASKS = ("classification", "regression")


@dataclass(frozen=True)
class DataConfig(Group):
    """Which examples are trained on, validated on and tested on."""

    dataset: str = knob(
        "mnist",
        "mnist, mnist-small, svhn, svhn-synthetic, tfds:NAME, arrays:FILE.npz, arrays:FOLDER,"
        " csv:FILE.csv, idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS] or mat:TRAIN[,TEST].",
    )
    data_dir: str | None = knob(
        None,
        "The folder that holds the dataset's files. Without it: $TFMLP_DATA_DIR, the checkout's"
        " data/, the cache.",
    )
    tfds_dir: str | None = knob(
        None, "The folder in which tensorflow-datasets keeps its prepared sets."
    )
    target: str | None = knob(None, "The column to predict, for csv.")
    task: str = knob("classification", "What the labels are, for csv and arrays.", choices=TASKS)
    validation: float = knob(
        0.1,
        "Share of the training examples held out for validation; 1 or more is a number of them.",
        minimum=0,
    )
    test_share: float = knob(
        0.2,
        "Share of the examples held out for the test where a file brings no test examples.",
        above=0,
        below=1,
    )
    features_in: str = knob(
        "auto",
        "Whether features of arrays:FOLDER are read into memory, or stay on disk and are read row"
        " by row; auto leaves them there above a quarter of this machine's memory.",
        choices=("auto", "memory", "disk"),
    )
    extra: bool = knob(False, "Add SVHN's 531,131 extra images to its training images.")
    shift: int = knob(
        0,
        "Augmentation: shift every training image at random by up to this many pixels.",
        minimum=0,
        maximum=64,
    )
    invert: float = knob(
        0.0,
        "Augmentation: probability that a training image is inverted (255 - pixel).",
        minimum=0,
        maximum=1,
    )
