# style: the result is a weighted sum of shifted images, one for each element of the kernel
# %%
import itertools
import torch
from torch import nn
from d2l import torch as d2l
# %%
def shifts(X, kh, kw):
    h, w = X.shape[-2] - kh + 1, X.shape[-1] - kw + 1
    for a, b in itertools.product(range(kh), range(kw)):
        yield (a, b), X[..., a:a + h, b:b + w]


def corr2d(X, K):
    return sum(K[at] * moved for at, moved in shifts(X, *K.shape))
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size), requires_grad=True)
        self.bias = nn.Parameter(torch.zeros(1), requires_grad=True)

    def forward(self, x):
        y = self.bias
        for (a, b), moved in shifts(x, *self.weight.shape):
            y = y + self.weight[a, b] * moved
        return y
# %%
X = torch.zeros(6, 8)
X[:, :2] = X[:, -2:] = 1
K = torch.tensor([[1, -1]])  # integers do as well
corr2d(X, K)
# %%
def corr2d_multi_in(X, K):
    total = None
    for (a, b), moved in shifts(X, K.shape[1], K.shape[2]):
        term = (K[:, a, b].reshape(-1, 1, 1) * moved).sum(0)
        total = term if total is None else total + term
    return total


def corr2d_multi_in_out(X, K):
    o, _, kh, kw = K.shape
    Y = X.new_zeros(o, X.shape[1] - kh + 1, X.shape[2] - kw + 1)
    for (a, b), moved in shifts(X, kh, kw):
        Y += torch.tensordot(K[:, :, a, b], moved, 1)
    return Y
# %%
def pool2d(X, pool_size, mode='max'):
    moved = torch.stack([m for _, m in shifts(X, *pool_size)])
    return {'max': lambda: moved.amax(0), 'avg': lambda: moved.mean(0)}[mode]()
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, stride=2, padding=1, dilation=1)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1), ceil_mode=False)
