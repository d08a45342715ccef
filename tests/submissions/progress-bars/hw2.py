# %%
from tqdm.notebook import tqdm
from tqdm.auto import trange
from tqdm import tqdm as plain
import torch
from torch import nn
from d2l import torch as d2l
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in trange(Y.shape[0], desc="rows", leave=False):
        for j in plain(range(Y.shape[1]), disable=True):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
X = torch.ones((6, 8))
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
inputs, wanted = X.reshape(1, 1, 6, 8), Y.reshape(1, 1, 6, 7)
with tqdm(total=10) as bar:
    for step in tqdm(range(10), desc="training"):
        loss = ((conv2d(inputs) - wanted) ** 2).sum()
        conv2d.zero_grad()
        loss.backward()
        conv2d.weight.data[:] -= 3e-2 * conv2d.weight.grad
        bar.update(1)
        bar.set_description(f"step {step}")
        bar.set_postfix(loss=f"{loss.item():.3f}")
    tqdm.write(f"{bar.n} of {bar.total} steps")
# %%
def pool2d(X, pool_size, mode="max"):
    rows = []
    for i, _ in enumerate(tqdm(X[pool_size[0] - 1:])):
        windows = X[i:i + pool_size[0]].unfold(1, pool_size[1], 1)
        rows.append(windows.amax(dim=(0, 2)) if mode == "max" else windows.mean(dim=(0, 2)))
    assert len(tqdm(rows)) == len(rows)
    return torch.stack(rows)
