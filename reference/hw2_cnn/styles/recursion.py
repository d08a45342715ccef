# style: divide and conquer, functions that call themselves
# %%
import torch
from torch import nn
# %%
def corr2d(X, K):
    kh, kw = K.shape
    if kh == kw == 1:
        return X * K
    if kh > 1:  # upper and lower part of the kernel
        m = kh // 2
        return corr2d(X[:X.shape[0] - (kh - m)], K[:m]) + corr2d(X[m:], K[m:])
    m = kw // 2
    return corr2d(X[:, :X.shape[1] - (kw - m)], K[:, :m]) + corr2d(X[:, m:], K[:, m:])
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
def corr2d_multi_in(X, K):
    if len(X) == 1:
        return corr2d(X[0], K[0])
    return corr2d(X[0], K[0]) + corr2d_multi_in(X[1:], K[1:])


def corr2d_multi_in_out(X, K):
    first = corr2d_multi_in(X, K[0]).unsqueeze(0)
    return first if len(K) == 1 else torch.vstack((first, corr2d_multi_in_out(X, K[1:])))
# %%
def pool2d(X, pool_size, mode='max'):
    def go(X, ph, pw):
        if ph > 1:
            return combine(go(X[:-1], ph - 1, pw), go(X[ph - 1:], 1, pw))
        if pw > 1:
            return combine(go(X[:, :-1], 1, pw - 1), X[:, pw - 1:])
        return X

    combine = torch.maximum if mode == 'max' else torch.add
    pooled = go(X, *pool_size)
    return pooled if mode == 'max' else pooled / (pool_size[0] * pool_size[1])
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
def vgg_block(num_convs, out_channels):
    if num_convs == 0:
        return nn.Sequential(nn.MaxPool2d(2))
    rest = vgg_block(num_convs - 1, out_channels)
    return nn.Sequential(nn.LazyConv2d(out_channels, 3, padding=1), nn.ReLU(), *rest)
# %%
def init_cnn(module):
    # called by hand, not by apply: goes down by itself; also right when apply calls it
    for child in module.children():
        if type(child) in (nn.Sequential, nn.ModuleList):
            init_cnn(child)
    if type(module) in (nn.Linear, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
