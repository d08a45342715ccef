# style: the same helper names mean something else in every section, and are deleted in between
# %%
import torch
from torch import nn
# %%
def size(X, K):
    return X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1

def step(window, K):
    return (window * K).sum()

def corr2d(X, K):
    Y = torch.zeros(size(X, K))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = step(X[i:i + K.shape[0], j:j + K.shape[1]], K)
    return Y
# %%
# 7.4
def step(X, K):
    return sum(corr2d_old(x, k) for x, k in zip(X, K))

corr2d_old = corr2d
def corr2d_multi_in(X, K):
    Y = []
    for x, k in zip(X, K):
        rows = []
        for i in range(x.shape[0] - k.shape[0] + 1):
            rows.append((x[i:i + k.shape[0]].unfold(1, k.shape[1], 1) * k[:, None, :]).sum((0, 2)))
        Y.append(torch.stack(rows))
    return torch.stack(Y).sum(0)

def size(K):
    return len(K)

def corr2d_multi_in_out(X, K):
    return torch.stack([corr2d_multi_in(X, K[o]) for o in range(size(K))])
# %%
del size, step, corr2d_old
# %%
# 7.5
def size(X, pool_size):
    return [a - b + 1 for a, b in zip(X.shape, pool_size)]

step = {'max': lambda window: window.max(), 'avg': lambda window: window.mean()}

def pool2d(X, pool_size, mode='max'):
    Y = torch.zeros(size(X, pool_size))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = step[mode](X[i:i + pool_size[0], j:j + pool_size[1]])
    return Y

pool2d(torch.arange(9.).reshape(3, 3), (2, 2))
# %%
del size
step = 3
pool2d = nn.MaxPool2d(step)
# %%
step = 2
pool2d = nn.MaxPool2d(3, padding=1, stride=step)
# %%
step = (2, 3)
pool2d = nn.MaxPool2d(step, stride=step, padding=(0, 1))
