# notebook: colab
# %%
!pip install d2l==1.0.3
# %%
import torch
from torch import nn
from d2l import torch as d2l
# %% [markdown]
# # 7.2 Convolutions for images
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = torch.sum(X[i:i + h, j:j + w] * K)
    return Y
# %%
X = torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
K = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
corr2d(X, K)
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
# %% [markdown]
# ## Edges
# %%
X = torch.ones((6, 8))
X[:, 2:6] = 0
X
# %%
K = torch.tensor([[1.0, -1.0]])
# %%
Y = corr2d(X, K)
Y
# %%
corr2d(X.t(), K)
# %% [markdown]
# ## Learning the kernel
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
# %%
X = X.reshape((1, 1, 6, 8))
Y = Y.reshape((1, 1, 6, 7))
lr = 3e-2
# %%
for i in range(10):
    Y_hat = conv2d(X)
    l = (Y_hat - Y) ** 2
    conv2d.zero_grad()
    l.sum().backward()
    conv2d.weight.data[:] -= lr * conv2d.weight.grad
    if (i + 1) % 2 == 0:
        print(f'{i + 1}: {l.sum():.3f}')
#> 2: 9.270
#> 4: 2.711
#> 6: 0.955
#> 8: 0.365
#> 10: 0.145
# %%
conv2d.weight.data.reshape((1, 2))
#= tensor([[ 0.9461, -1.0254]])
# %% [markdown]
# ## Discussion
#
# The result is exact zero on flat areas and on edges along the other axis. The learned kernel is a little off, since I stopped after ten steps.
