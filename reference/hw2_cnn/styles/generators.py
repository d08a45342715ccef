# style: a generator yields windows, results are written into an empty tensor
# %%
import torch
from torch import nn
from typing import Iterator, Tuple
# %%
def slide(X, height, width) -> Iterator[Tuple[int, int, torch.Tensor]]:
    """Yield the place and the window, row by row."""
    for top in range(X.shape[-2] - height + 1):
        for left in range(X.shape[-1] - width + 1):
            yield top, left, X[..., top:top + height, left:left + width]
# %%
def corr2d(X, K):
    Y = torch.zeros(X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1)
    for i, j, window in slide(X, *K.shape):
        Y[i, j] = torch.sum(torch.mul(window, K))
    return Y
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        y = corr2d(x, self.weight)
        y += self.bias
        return y
# %%
X = torch.ones((6, 8)); X[:, 2:6].zero_()
K = torch.tensor((1.0, -1.0))[None]
Y = corr2d(X, K)
# %%
def train_kernel(image, edges, steps=10, lr=3e-2):
    layer = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
    for _ in range(steps):
        loss = nn.functional.mse_loss(layer(image), edges, reduction='sum')
        layer.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in layer.parameters():
                p.sub_(p.grad, alpha=lr)
    return layer


conv2d = train_kernel(X[None, None], Y[None, None])
conv2d.weight
# %%
def corr2d_multi_in(X, K):
    Y = torch.zeros(X.shape[1] - K.shape[1] + 1, X.shape[2] - K.shape[2] + 1)
    for i, j, cuboid in slide(X, *K.shape[1:]):
        Y[i, j] = (cuboid * K).sum()
    return Y


def corr2d_multi_in_out(X, K):
    return torch.stack(list(corr2d_multi_in(X, k) for k in K))
# %%
def pool2d(X, pool_size, mode='max'):
    values = (getattr(window, {'max': 'max', 'avg': 'mean'}[mode])() for _, _, window in slide(X, *pool_size))
    return torch.stack(list(values)).reshape(X.shape[0] - pool_size[0] + 1, -1)
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
