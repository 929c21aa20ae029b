"""The checks of single functions, in one place."""

from tfmlp.checks.derivatives import check_derivative
from tfmlp.checks.dropout import check_dropout
from tfmlp.checks.losses import check_loss
from tfmlp.checks.normalization import check_softmax

__all__ = ["check_derivative", "check_dropout", "check_loss", "check_softmax"]
