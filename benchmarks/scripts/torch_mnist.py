"""MNIST in PyTorch, by the recipe of `keras_mnist`.

    python -m benchmarks.scripts.torch_mnist loader|memory UNITS,UNITS BATCH EPOCHS [SEED]

"loader" is written as PyTorch's guides do it, "memory" as fast as PyTorch goes: batches indexed
from tensors in memory, and the fused update.
"""

import itertools
import sys

import torch

from benchmarks.scripts.idx import load

is_in_memory = sys.argv[1] == "memory"
units = [784, *map(int, sys.argv[2].split(","))]
batch, epochs = int(sys.argv[3]), int(sys.argv[4])
torch.manual_seed(int(sys.argv[5]) if sys.argv[5:] else 0)
arrays = load()
mean, std = arrays[0].mean(), arrays[0].std()
x_train, x_test = (torch.from_numpy((arrays[i] - mean) / std) for i in (0, 2))
y_train, y_test = (torch.from_numpy(arrays[i].astype("int64")) for i in (1, 3))
layers = []
for pair in itertools.pairwise(units):
    layers += [torch.nn.Linear(*pair), torch.nn.ReLU()]
model = torch.nn.Sequential(*layers, torch.nn.Linear(units[-1], 10))
for layer in model:
    if isinstance(layer, torch.nn.Linear):  # the recipe's initial weights
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
optimizer = torch.optim.Adam(model.parameters(), 2e-3, eps=1e-7, fused=is_in_memory)
steps = -(-len(x_train) // batch) * epochs


def decay(step):
    """The factor on the learning rate: from 1 to 0.005."""
    return max(1 - step / steps, 0) * (1 - 0.005) + 0.005


schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, decay)


def batches():
    if is_in_memory:
        for chosen in torch.randperm(len(x_train)).split(batch):
            yield x_train[chosen], y_train[chosen]
    else:
        examples = torch.utils.data.TensorDataset(x_train, y_train)
        yield from torch.utils.data.DataLoader(examples, batch_size=batch, shuffle=True)


for _ in range(epochs):
    for images, labels in batches():
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
with torch.no_grad():
    print((model(x_test).argmax(1) == y_test).float().mean().item())
