"""`diagnose_config`: the investigation of the training that a configuration describes."""

from typing import Any

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.diagnosis.diagnose import diagnose
from tfmlp.diagnosis.findings import Name
from tfmlp.diagnosis.report import Diagnosis
from tfmlp.training.assembly import assemble, make_timetable


def diagnose_config(
    config: Config,
    data: Dataset,
    history: list[dict[str, Any]] | None = None,
    seconds: float = 45.0,
) -> Diagnosis:
    """Investigates the training that a configuration, or a run folder's record, describes.

    Args:
      config: The configuration.
      data: Its data.
      history: The run's epochs.
      seconds: About how long the investigation may take.
    """
    parts = assemble(config, data, make_timetable(config, data).rates)
    diagnosis = diagnose(
        parts.model,
        parts.optimizer,
        (data.train.features[:], data.train.labels),  # [:] reads what is still in a file
        test=(data.test.features[:], data.test.labels),
        loss=parts.loss,
        batch_size=config.optimization.batch_size,
        shuffle=config.optimization.shuffle,
        history=history,
        seconds=seconds,
    )
    if config.optimization.class_weights == "balanced":  # the cure is taken
        diagnosis.findings = [one for one in diagnosis.findings if one.name != Name.IMBALANCE]
    return diagnosis
