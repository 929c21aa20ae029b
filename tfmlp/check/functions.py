"""The checks of single functions, in one place."""

from tfmlp.check.derivatives import check_derivative
from tfmlp.check.dropout import check_dropout
from tfmlp.check.losses import check_loss
from tfmlp.check.normalization import check_softmax

__all__ = ["check_derivative", "check_dropout", "check_loss", "check_softmax"]
