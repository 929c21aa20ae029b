"""JAX: an epoch as one jitted `lax.scan` over batches gathered from data in memory."""

import numpy as np

from benchmarks.cells import SEED, Task


class JaxScan:
    """A network in JAX alone: parameters as nested dicts, the update rule written out."""

    def __init__(self, task: Task):
        import jax
        import jax.numpy as jnp

        cell = task.cell
        activate = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh}[
            cell.activation
        ]
        params, stats = [], []
        for index, (kernel, bias) in enumerate(task.weights()):
            hidden = index < len(cell.widths) - 2
            layer = {"kernel": jnp.asarray(kernel)}
            if hidden and cell.batch_norm:
                layer |= {"gamma": jnp.ones(len(bias)), "beta": jnp.zeros(len(bias))}
                stats.append({"mean": jnp.zeros(len(bias)), "variance": jnp.ones(len(bias))})
            else:
                layer["bias"] = jnp.asarray(bias)
            params.append(layer)

        def forward(params, stats, values, key, training):
            moved = []
            for index, layer in enumerate(params[:-1]):
                values = values @ layer["kernel"]
                if cell.batch_norm:
                    if training:
                        mean, variance = values.mean(0), values.var(0)
                        moved.append(
                            {
                                "mean": 0.99 * stats[index]["mean"] + 0.01 * mean,
                                "variance": 0.99 * stats[index]["variance"] + 0.01 * variance,
                            }
                        )
                    else:
                        mean, variance = stats[index]["mean"], stats[index]["variance"]
                    values = (values - mean) * jax.lax.rsqrt(variance + 1e-3) * layer[
                        "gamma"
                    ] + layer["beta"]
                else:
                    values = values + layer["bias"]
                values = activate(values)
                if cell.dropout and training:
                    keep = jax.random.bernoulli(
                        jax.random.fold_in(key, index), 1 - cell.dropout, values.shape
                    )
                    values = jnp.where(keep, values / (1 - cell.dropout), 0)
            return values @ params[-1]["kernel"] + params[-1]["bias"], moved

        def losses(logits, labels):
            return (
                jax.nn.logsumexp(logits, 1) - jnp.take_along_axis(logits, labels[:, None], 1)[:, 0]
            )

        def mean_loss(params, stats, images, labels, key):
            logits, moved = forward(params, stats, images, key, True)
            return losses(logits, labels).mean(), (moved, (logits.argmax(1) == labels).sum())

        def update(params, slots, gradients, step):
            rate = cell.learning_rate
            if cell.optimizer == "sgd":
                return jax.tree.map(lambda p, g: p - rate * g, params, gradients), slots
            if cell.optimizer == "momentum":
                slots = jax.tree.map(lambda m, g: 0.9 * m - rate * g, slots, gradients)
                return jax.tree.map(lambda p, m: p + m, params, slots), slots
            first, second = slots
            first = jax.tree.map(lambda m, g: m + 0.1 * (g - m), first, gradients)
            second = jax.tree.map(lambda v, g: v + 0.001 * (g * g - v), second, gradients)
            alpha = rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            return jax.tree.map(
                lambda p, m, v: p - alpha * m / (jnp.sqrt(v) + 1e-7), params, first, second
            ), (first, second)

        def train_on(state, features, labels, rows, number):
            params, slots, stats, total, right = state
            key = jax.random.fold_in(jax.random.key(SEED), number)
            images = features[rows]
            (loss, (moved, hits)), gradients = jax.value_and_grad(mean_loss, has_aux=True)(
                params, stats, images, labels[rows], key
            )
            params, slots = update(params, slots, gradients, number + 1.0)
            return (
                params,
                slots,
                moved if cell.batch_norm else stats,
                total + loss * len(rows),
                right + hits,
            )

        full, tail = divmod(cell.rows, cell.batch)

        @jax.jit
        def epoch(state, features, labels, order, first):
            def body(state, batch):
                return train_on(state, features, labels, *batch), None

            batches = order[: full * cell.batch].reshape(full, cell.batch)
            state, _ = jax.lax.scan(body, state, (batches, first + jnp.arange(full)))
            return (
                train_on(state, features, labels, order[full * cell.batch :], first + full)
                if tail
                else state
            )

        @jax.jit
        def evaluate(params, stats, images, labels):
            logits = forward(params, stats, images, None, False)[0]
            return losses(logits, labels).mean(), (logits.argmax(1) == labels).mean()

        zeros = jax.tree.map(jnp.zeros_like, params)
        slots = (zeros, zeros) if cell.optimizer == "adam" else zeros
        self._state, self._step, self._steps = (params, slots, stats, 0.0, 0), 0, full + bool(tail)
        self._data = jnp.asarray(task.features), jnp.asarray(task.train_labels)
        self._test = tuple(map(jnp.asarray, task.test))
        self._epoch, self._evaluate, self._jax = epoch, evaluate, jax

    def epoch(self, order: np.ndarray) -> None:
        self._state = self._jax.block_until_ready(
            self._epoch(self._state, *self._data, order, self._step)
        )
        self._step += self._steps

    def evaluate(self) -> tuple[float, float]:
        return tuple(map(float, self._evaluate(self._state[0], self._state[2], *self._test)))

    def layers(self) -> list[dict[str, np.ndarray]]:
        layers = []
        for index, layer in enumerate(self._state[0]):
            layers.append({name: np.asarray(value) for name, value in layer.items()})
            if "gamma" in layer:
                layers[-1] |= {
                    name: np.asarray(value) for name, value in self._state[2][index].items()
                }
                layers[-1]["bias"] = np.zeros(layer["gamma"].shape)
        return layers


def make(task: Task, variant: str) -> JaxScan:
    return JaxScan(task)
