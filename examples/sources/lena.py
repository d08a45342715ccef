# notebook: colab
# %% [markdown]
# # Homework 2, part 1 (7.2 to 7.5)
# The other sections follow, I was ill.
# %%
!pip install d2l==1.0.3
import torch
from torch import nn
from d2l import torch as d2l
# %% [markdown]
# ## 7.2 Convolutions
# First try:
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h, X.shape[1] - w))
    for i in range(X.shape[0] - h):
        for j in range(X.shape[1] - w):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y

corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))
#= tensor([[19.]])
# %% [markdown]
# There should be four numbers. The last row and column were missing, one has to add 1:
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y

corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))
#= tensor([[19., 25.],
#=         [37., 43.]])
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
Y = corr2d(X, K)
print(Y)
print(corr2d(X.t(), K))
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X = X.reshape((1, 1, 6, 8))
Y = Y.reshape((1, 1, 6, 7))
for i in range(10):
    l = (conv2d(X) - Y) ** 2
    conv2d.zero_grad()
    l.sum().backward()
    conv2d.weight.data[:] -= 3e-2 * conv2d.weight.grad
conv2d.weight.data.reshape((1, 2))
#= tensor([[ 1.0081, -0.9543]])
# %% [markdown]
# ### Discussion
# With kernel size k there are n − k + 1 places for the window, I had forgotten the 1. The learned kernel is almost the one we designed.
# %%
# start with a fresh memory (Colab was full)
import os
os._exit(1)
# %% [markdown]
# ## 7.3 Padding and stride
# %%
def comp_conv2d(conv2d, X):
    X = X.reshape((1, 1) + X.shape)
    Y = conv2d(X)
    return Y.reshape(Y.shape[2:])

X = torch.rand(8, 8)
for conv2d in (nn.LazyConv2d(1, kernel_size=3, padding=1),
               nn.LazyConv2d(1, kernel_size=(5, 3), padding=(2, 1)),
               nn.LazyConv2d(1, kernel_size=3, padding=1, stride=2),
               nn.LazyConv2d(1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))):
    print(comp_conv2d(conv2d, X).shape)
# %% [markdown]
# ### Discussion
# Padding gives the border pixels as many windows as the others. With stride 2 the output is half as high and wide.
# %% [markdown]
# ## 7.4 Channels
# %%
def corr2d_multi_in(X, K):
    return sum(corr2d(x, k) for x, k in zip(X, K))

def corr2d_multi_in_out(X, K):
    return torch.stack([corr2d_multi_in(X, k) for k in K], 0)
# %%
def corr2d_multi_in_out_1x1(X, K):
    c_i, h, w = X.shape
    c_o = K.shape[0]
    Y = torch.matmul(K.reshape((c_o, c_i)), X.reshape((c_i, h * w)))
    return Y.reshape((c_o, h, w))

X = torch.normal(0, 1, (3, 3, 3))
K = torch.normal(0, 1, (2, 3, 1, 1))
print((corr2d_multi_in_out_1x1(X, K) - corr2d_multi_in_out(X, K)).abs().max())
# %% [markdown]
# ### Discussion
# The results of the channels are added, they are not stacked. Stacking happens for the output channels.
# %% [markdown]
# ## 7.5 Pooling
# %%
def pool2d(X, pool_size, mode='max'):
    p_h, p_w = pool_size
    Y = torch.zeros((X.shape[0] - p_h + 1, X.shape[1] - p_w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            if mode == 'max':
                Y[i, j] = X[i:i + p_h, j:j + p_w].max()
    return Y

pool2d(torch.arange(9.0).reshape(3, 3), (2, 2))
# %%
def pool2d(X, pool_size, mode='max'):  # now with the average
    p_h, p_w = pool_size
    Y = torch.zeros((X.shape[0] - p_h + 1, X.shape[1] - p_w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            window = X[i:i + p_h, j:j + p_w]
            Y[i, j] = window.max() if mode == 'max' else window.sum() / (p_h * p_w)
    return Y

print(pool2d(torch.arange(9.0).reshape(3, 3), (2, 2), 'avg'))
# %%
X = torch.arange(16, dtype=torch.float32).reshape((1, 1, 4, 4))
pool2d = nn.MaxPool2d(3)
print(pool2d(X))
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
print(pool2d(X))
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
print(pool2d(X))
# %% [markdown]
# ### Discussion
# Max-pooling is like asking the loudest, average-pooling is like a vote.
