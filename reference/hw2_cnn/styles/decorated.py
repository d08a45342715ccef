# style: functions wear decorators that check, cache and wrap
# %%
import functools
import torch
from torch import nn
# %%
def smaller_kernel(function):
    @functools.wraps(function)
    def checked(X, K, *rest, **named):
        assert X.dim() == K.dim() or K.dim() == X.dim() + 1, 'wrong number of axes'
        assert all(a >= b for a, b in zip(X.shape[-2:], K.shape[-2:])), 'kernel too large'
        return function(X, K, *rest, **named)
    return checked


def batched(function):
    """Also accept a whole batch of images."""
    @functools.wraps(function)
    def wrapper(X, *args, **kwargs):
        if X.dim() == 3:
            return torch.stack([function(x, *args, **kwargs) for x in X])
        return function(X, *args, **kwargs)
    return wrapper


@functools.lru_cache(maxsize=None)
def positions(h, w):
    return [(i, j) for i in range(h) for j in range(w)]
# %%
@smaller_kernel
def corr2d(X, K):
    h, w = X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1
    values = [(X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum() for i, j in positions(h, w)]
    return torch.stack(values).view(h, w)


@smaller_kernel
def corr2d_multi_in(X, K):
    return torch.stack([corr2d(X[c], K[c]) for c in range(X.size(0))], dim=-1).sum(dim=-1)


@smaller_kernel
def corr2d_multi_in_out(X, K):
    return torch.stack([corr2d_multi_in(X, k) for k in K], dim=0)
# %%
@batched
@torch.no_grad()
def pool2d(X, pool_size, mode='max'):
    h, w = X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1
    Y = X.new_empty(h, w)
    for i, j in positions(h, w):
        window = X[i:i + pool_size[0], j:j + pool_size[1]]
        Y[i, j] = window.max() if mode == 'max' else window.mean()
    return Y
# %%
@torch.no_grad()
def init_cnn(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)) and not isinstance(module.weight, nn.UninitializedParameter):
        fan_out, fan_in = module.weight.shape[0], module.weight.shape[1]
        receptive = module.weight[0][0].numel()
        bound = (6 / ((fan_in + fan_out) * receptive)) ** 0.5
        module.weight.uniform_(-bound, bound)
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
