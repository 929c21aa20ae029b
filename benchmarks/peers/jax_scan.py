"""JAX: an epoch as one jitted `lax.scan` over batches gathered from data in memory."""

import numpy as np

from benchmarks.cells import SEED, Layers, Task


class JaxScan:
    """A network in JAX alone: parameters as nested dicts, the update rule written out."""

    def __init__(self, task: Task):
        import jax
        import jax.numpy as jnp

        cell = task.cell
        activate = getattr(jax.nn, cell.activation)
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
                    now = stats[index]
                    if training:
                        now = {"mean": values.mean(0), "variance": values.var(0)}
                        old = stats[index]
                        moved.append({name: 0.99 * old[name] + 0.01 * now[name] for name in now})
                    values = (values - now["mean"]) * jax.lax.rsqrt(now["variance"] + 1e-3)
                    values = values * layer["gamma"] + layer["beta"]
                else:
                    values = values + layer["bias"]
                values = activate(values)
                if cell.dropout and training:
                    own_key = jax.random.fold_in(key, index)
                    keep = jax.random.bernoulli(own_key, 1 - cell.dropout, values.shape)
                    values = jnp.where(keep, values / (1 - cell.dropout), 0)
            return values @ params[-1]["kernel"] + params[-1]["bias"], moved

        def losses(logits, labels):
            chosen = jnp.take_along_axis(logits, labels[:, None], 1)[:, 0]
            return jax.nn.logsumexp(logits, 1) - chosen

        def mean_loss(params, stats, images, labels, key):
            logits, moved = forward(params, stats, images, key, True)
            return losses(logits, labels).mean(), (moved, (logits.argmax(1) == labels).sum())

        gradient = jax.value_and_grad(mean_loss, has_aux=True)

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

            def step_down(p, m, v):
                return p - alpha * m / (jnp.sqrt(v) + 1e-7)

            return jax.tree.map(step_down, params, first, second), (first, second)

        def train_on(state, features, labels, chosen, number):
            params, slots, stats, total, right = state
            key = jax.random.fold_in(jax.random.key(SEED), number)
            batch = features[chosen], labels[chosen]
            (loss, (moved, hits)), gradients = gradient(params, stats, *batch, key)
            params, slots = update(params, slots, gradients, number + 1.0)
            if cell.batch_norm:
                stats = moved
            return params, slots, stats, total + loss * len(chosen), right + hits

        full, tail = divmod(cell.examples, cell.batch)

        @jax.jit
        def epoch(state, features, labels, order, first):
            def body(state, batch):
                return train_on(state, features, labels, *batch), None

            batches = order[: full * cell.batch].reshape(full, cell.batch)
            state, _ = jax.lax.scan(body, state, (batches, first + jnp.arange(full)))
            if tail:
                last = order[full * cell.batch :]
                state = train_on(state, features, labels, last, first + full)
            return state

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
        state = self._epoch(self._state, *self._data, order, self._step)
        self._state = self._jax.block_until_ready(state)
        self._step += self._steps

    def evaluate(self) -> tuple[float, float]:
        params, _, stats, _, _ = self._state
        loss, accuracy = self._evaluate(params, stats, *self._test)
        return float(loss), float(accuracy)

    def layers(self) -> Layers:
        params, _, stats, _, _ = self._state
        layers = []
        for index, layer in enumerate(params):
            named = dict(layer)
            if "gamma" in layer:
                named |= stats[index] | {"bias": np.zeros(layer["gamma"].shape)}
            layers.append({name: np.asarray(value) for name, value in named.items()})
        return layers


def make(task: Task, variant: str) -> JaxScan:
    return JaxScan(task)
