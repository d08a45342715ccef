# style: functions of single windows that torch.func.vmap maps, after JAX
# %%
import functools as ft
import torch
from torch import nn
from torch.func import vmap, functional_call
import torch.nn.functional as F
from d2l import torch as d2l
# %%
# coming from JAX: everything is a pure function that is vmapped
def _dot(patch, K):
    return (patch * K).sum()
def _patches(X, kh, kw):
    i = torch.arange(X.shape[0] - kh + 1)[:, None, None, None] + torch.arange(kh)[None, None, :, None]
    j = torch.arange(X.shape[1] - kw + 1)[None, :, None, None] + torch.arange(kw)[None, None, None, :]
    return X[i, j]
def corr2d(X, K):
    return vmap(vmap(_dot, in_dims=(0, None)), in_dims=(0, None))(_patches(X, *K.shape), K)
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(*kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return ft.partial(corr2d, K=self.weight)(x) + self.bias
# %%
X = torch.cat([torch.ones(6, 2), torch.zeros(6, 4), torch.ones(6, 2)], dim=1)
K = torch.tensor([1., -1.]).reshape(1, 2)
Y = corr2d(X, K)
# %%
def init(seed):
    torch.manual_seed(seed)
    return nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
conv2d = init(0)
params = {k: v.detach() for k, v in conv2d.named_parameters()}
def loss_fn(params):
    y = functional_call(conv2d, params, (X[None, None],))
    return ((y - Y[None, None]) ** 2).sum()
for step in range(10):
    grads = torch.func.grad(loss_fn)(params)
    params = {k: params[k] - 3e-2 * grads[k] for k in params}
conv2d.load_state_dict(params)
conv2d.weight.data.reshape((1, 2))
# %%
comp_conv2d = lambda conv2d, X: conv2d(X.unsqueeze(0).unsqueeze(0)).squeeze(0).squeeze(0)
# %%
def corr2d_multi_in(X, K):
    return vmap(corr2d)(X, K).sum(0)
def corr2d_multi_in_out(X, K):
    return vmap(corr2d_multi_in, in_dims=(None, 0))(X, K)
def corr2d_multi_in_out_1x1(X, K):
    o, c = K.shape[:2]
    return (K.view(o, c) @ X.flatten(1)).unflatten(1, X.shape[1:])
# %%
POOL = {'max': lambda p: p.max(), 'avg': lambda p: p.mean()}
def pool2d(X, pool_size, mode='max'):
    P = _patches(X, *pool_size)
    op = {'max': lambda p: p.flatten(2).max(-1).values, 'avg': lambda p: p.flatten(2).mean(-1)}[mode]
    return op(P)

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
@ft.singledispatch
def init_cnn(module):
    pass
@init_cnn.register(nn.Linear)
@init_cnn.register(nn.Conv2d)
def _(module):
    torch.nn.init.xavier_uniform_(module.weight)
# %%
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        conv, lin = nn.LazyConv2d, nn.LazyLinear
        act, pool = nn.Sigmoid(), nn.AvgPool2d(2, 2)      # one instance, no state
        self.net = nn.Sequential(conv(6, 5, padding=2), act, pool, conv(16, 5), act, pool, nn.Flatten(),
                                 lin(120), act, lin(84), act, lin(num_classes))
