"""MNIST in PyTorch: `python -m benchmarks.scripts.torch_mnist loader|memory UNITS,UNITS BATCH
EPOCHS [SEED]`, the recipe of `keras_mnist`.

"loader" is written as PyTorch's guides do it, "memory" as fast as PyTorch goes: batches indexed
from tensors in memory, and the fused update.
"""

import itertools
import sys

import torch

from benchmarks.scripts.idx import load

units, batch, epochs, seed = (
    [784, *map(int, sys.argv[2].split(","))],
    int(sys.argv[3]),
    int(sys.argv[4]),
    int((sys.argv[5:] or [0])[0]),
)
torch.manual_seed(seed)
arrays = load()
mean, deviation = arrays[0].mean(), arrays[0].std()
x_train, x_test = (torch.from_numpy((arrays[i] - mean) / deviation) for i in (0, 2))
y_train, y_test = (torch.from_numpy(arrays[i].astype("int64")) for i in (1, 3))
hidden = [
    layer
    for pair in itertools.pairwise(units)
    for layer in (torch.nn.Linear(*pair), torch.nn.ReLU())
]
model = torch.nn.Sequential(*hidden, torch.nn.Linear(units[-1], 10))
for layer in model:
    if isinstance(layer, torch.nn.Linear):  # the recipe's initial weights
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
optimizer = torch.optim.Adam(model.parameters(), 2e-3, eps=1e-7, fused=sys.argv[1] == "memory")
steps = -(-len(x_train) // batch) * epochs
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda step: max(1 - step / steps, 0) * (1 - 0.005) + 0.005
)


def batches():
    if sys.argv[1] == "loader":
        yield from torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(x_train, y_train), batch_size=batch, shuffle=True
        )
    else:
        for rows in torch.randperm(len(x_train)).split(batch):
            yield x_train[rows], y_train[rows]


for _ in range(epochs):
    for images, labels in batches():
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
with torch.no_grad():
    print((model(x_test).argmax(1) == y_test).float().mean().item())
