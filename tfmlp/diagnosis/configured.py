"""`diagnose_config`: the investigation of the training that a configuration describes."""

from typing import Any

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.diagnosis.diagnose import diagnose
from tfmlp.diagnosis.report import Diagnosis
from tfmlp.training.backend import make_model
from tfmlp.training.engine import count_steps
from tfmlp.training.losses import find_loss_name, model_loss
from tfmlp.training.optimizers import learning_rates, make_optimizer


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
    model, settings = make_model(config, data), config.optimization
    rates = learning_rates(settings, count_steps(len(data.train), config))
    return diagnose(
        model,
        make_optimizer(settings, rates),
        (data.train.features[:], data.train.labels),  # [:] reads what is still in a file
        test=(data.test.features[:], data.test.labels),
        loss=model_loss(model, find_loss_name(config, data.task)),
        batch_size=settings.batch_size,
        shuffle=settings.shuffle,
        history=history,
        seconds=seconds,
    )
