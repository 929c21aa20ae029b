"""Update rules, exactly as Keras 3 defines them.

optimizer = OPTIMIZERS["adam"]()
optimizer.update(parameters, gradients, learning_rate)      # dicts of arrays by name; parameters
change in place
"""

import math

import numpy as np

Array = np.ndarray
Arrays = dict[str, Array]


def clip_by_global_norm(gradients: Arrays, largest: float) -> Arrays:
    """Returns the gradients, scaled together so that their global L2 norm is at most `largest`
    (Pascanu et al., "On the difficulty of training RNNs", 2013).
    """
    norm = math.sqrt(sum(float(np.square(gradient).sum()) for gradient in gradients.values()))
    if norm <= largest:
        return gradients
    return {
        name: gradient * gradient.dtype.type(largest / norm) for name, gradient in gradients.items()
    }


class Optimizer:
    """What update rules have in common: steps and slots.

    Attributes:
      steps: Updates done so far.
      slots: Arrays of a parameter's shape that start at zero: by slot's name, then by parameter's.
    """

    slot_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.steps = 0
        self.slots: dict[str, Arrays] = {name: {} for name in self.slot_names}

    def update(self, parameters: Arrays, gradients: Arrays, rate: float) -> None:
        """Changes the parameters in place by one step with the learning rate `rate`.

        Uses the gradients up: their arrays may be written over, which saves as many new ones.
        """
        self.steps += 1
        for name, parameter in parameters.items():
            for slot in self.slots.values():
                if name not in slot:
                    slot[name] = np.zeros_like(parameter)
            slots = [slot[name] for slot in self.slots.values()]
            self._change(parameter, gradients[name], rate, slots)

    def _change(self, parameter: Array, gradient: Array, rate: float, slots: list[Array]) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """w <- w - rate * g."""

    def _change(self, parameter: Array, gradient: Array, rate: float, slots: list[Array]) -> None:
        gradient *= rate
        parameter -= gradient


class Momentum(Optimizer):
    """v <- momentum * v - rate * g;  w <- w + v.  (Polyak, 1964)"""

    slot_names = ("velocity",)

    def __init__(self, momentum: float = 0.9):
        super().__init__()
        self.momentum = momentum

    def _change(self, parameter: Array, gradient: Array, rate: float, slots: list[Array]) -> None:
        (velocity,) = slots
        velocity *= self.momentum
        gradient *= rate
        velocity -= gradient
        parameter += velocity


class Nesterov(Momentum):
    """v <- momentum * v - rate * g;  w <- w + momentum * v - rate * g.  (Sutskever et al., 2013)"""

    def _change(self, parameter: Array, gradient: Array, rate: float, slots: list[Array]) -> None:
        (velocity,) = slots
        velocity *= self.momentum
        velocity -= rate * gradient
        parameter += self.momentum * velocity - rate * gradient


class Adam(Optimizer):
    """w <- w - rate * c * m / (sqrt(v) + epsilon), m and v being running means of g and g**2.

    c = sqrt(1 - beta_2**t) / (1 - beta_1**t) undoes that they start at zero. (Kingma and Ba,
    "Adam", 2015, the form before section 2.1; epsilon is that form's)
    """

    slot_names = ("mean", "square")

    def __init__(self, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7):
        super().__init__()
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def _change(self, parameter: Array, gradient: Array, rate: float, slots: list[Array]) -> None:
        mean, square = slots
        correction = math.sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        mean += (gradient - mean) * (1 - self.beta_1)
        square += (np.square(gradient) - square) * (1 - self.beta_2)
        parameter -= mean * (rate * correction) / (np.sqrt(square) + self.epsilon)


class AdamW(Adam):
    """Adam, after w <- w - weight_decay * rate * w.

    (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019)
    """

    def __init__(self, weight_decay: float = 0.004, **options: float):
        super().__init__(**options)
        self.weight_decay = weight_decay

    def _change(self, parameter: Array, gradient: Array, rate: float, slots: list[Array]) -> None:
        parameter -= parameter * (self.weight_decay * rate)
        super()._change(parameter, gradient, rate, slots)


class RMSprop(Optimizer):
    """v <- rho * v + (1 - rho) * g**2;  w <- w - rate * g / sqrt(v + epsilon).

    (Hinton's lecture 6e, 2012)
    """

    slot_names = ("square",)

    def __init__(self, rho: float = 0.9, epsilon: float = 1e-7):
        super().__init__()
        self.rho, self.epsilon = rho, epsilon

    def _change(self, parameter: Array, gradient: Array, rate: float, slots: list[Array]) -> None:
        (square,) = slots
        square *= self.rho
        square += (1 - self.rho) * np.square(gradient)
        parameter -= rate * gradient / np.sqrt(square + self.epsilon)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
}
