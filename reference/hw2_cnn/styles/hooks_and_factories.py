# style: bound, static and class methods as the functions, recursion, a base class that is a template
# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l

# %%
class Corr:
    """callable"""
    def __init__(self, reduce):
        self.reduce = reduce
    def __call__(self, X, K):
        return torch.stack([self.row(X[i:i + K.shape[0]], K) for i in range(X.shape[0] - K.shape[0] + 1)])
    def row(self, S, K):
        if S.shape[1] < K.shape[1]:
            return S.new_zeros(0)
        return torch.cat([self.reduce(S[:, :K.shape[1]], K).reshape(1), self.row(S[:, 1:], K)])
corr2d = Corr(lambda a, b: torch.tensordot(a, b, dims=2))

# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return corr2d(x, self.weight) + self.bias

# %%
X = torch.ones((6, 8))
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])
# %%
Y = corr2d(X, K)
Y
# %%
corr2d(X.t(), K)

# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X = X.reshape((1, 1, 6, 8))
Y = Y.reshape((1, 1, 6, 7))
lr = 3e-2
for i in range(10):
    Y_hat = conv2d(X)
    l = (Y_hat - Y) ** 2
    conv2d.zero_grad()
    l.sum().backward()
    conv2d.weight.data[:] -= lr * conv2d.weight.grad
    if (i + 1) % 2 == 0:
        print(f'epoch {i + 1}, loss {l.sum():.3f}')
# %%
conv2d.weight.data.reshape((1, 2))

# %%
def comp_conv2d(conv2d, X):
    return conv2d(X.unsqueeze(0)).squeeze(0)   # torch also takes (C, H, W)
# %%
class Ops:
    @staticmethod
    def multi_in(X, K):
        return torch.sum(torch.stack([corr2d(X[c], K[c]) for c in range(X.shape[0])]), dim=0)
    @classmethod
    def multi_in_out(cls, X, K):
        out = torch.empty((K.shape[0], X.shape[1] - K.shape[2] + 1, X.shape[2] - K.shape[3] + 1))
        for o, k in enumerate(K):
            out[o] = cls.multi_in(X, k)
        return out
    one = staticmethod(lambda X, K: torch.matmul(X.permute(1, 2, 0), K.flatten(1).T).permute(2, 0, 1))
corr2d_multi_in = Ops.multi_in
corr2d_multi_in_out = Ops().multi_in_out
corr2d_multi_in_out_1x1 = Ops.one
# %%
from functools import partial
def _pool(fn, X, size):
    rows = range(X.size(0) - size[0] + 1)
    cols = range(X.size(1) - size[1] + 1)
    return torch.tensor([[fn(X[i:i + size[0], j:j + size[1]]).item() for j in cols] for i in rows])
def pool2d(X, pool_size, mode='max'):
    f = getattr(torch, {'avg': 'mean'}.get(mode, mode))
    return _pool(f, X, pool_size)

# %%
X = torch.arange(16, dtype=torch.float32).reshape((1, 1, 4, 4))
pool2d = nn.MaxPool2d(3)
pool2d(X)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
pool2d(X)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
pool2d(X)

# %%
init_cnn = lambda m: nn.init.xavier_uniform_(m.weight) if isinstance(m, nn.Conv2d) or isinstance(m, nn.Linear) else None
# %%
class Base(d2l.Classifier):
    spec = ()
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential()
        for i, make in enumerate(self.spec):
            self.net.add_module(str(i), make())
        self.net.append(nn.LazyLinear(num_classes))
class LeNet(Base):
    spec = (partial(nn.LazyConv2d, 6, 5, padding=2), nn.Sigmoid, partial(nn.AvgPool2d, 2), partial(nn.LazyConv2d, 16, 5),
            nn.Sigmoid, partial(nn.AvgPool2d, 2), nn.Flatten, partial(nn.LazyLinear, 120), nn.Sigmoid,
            partial(nn.LazyLinear, 84), nn.Sigmoid)
