# notebook: colab
# %%
import torch
from torch import nn
# %% [markdown]
# # 7.3 Padding and stride
# %%
def comp_conv2d(conv2d, X):
    X = X.reshape((1, 1) + X.shape)  # one picture, one channel
    Y = conv2d(X)
    return Y.reshape(Y.shape[2:])
# %%
conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1)
X = torch.rand(size=(8, 8))
comp_conv2d(conv2d, X).shape
#= torch.Size([8, 8])
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(5, 3), padding=(2, 1))
comp_conv2d(conv2d, X).shape
#= torch.Size([8, 8])
# %%
conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1, stride=2)
comp_conv2d(conv2d, X).shape
#= torch.Size([4, 4])
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))
comp_conv2d(conv2d, X).shape
#= torch.Size([2, 2])
# %% [markdown]
# ## Discussion
#
# I computed the last one by hand: height (8 − 3 + 0) / 3 + 1 = 2 (rounded down), width (8 − 5 + 2) / 4 + 1 = 2. The arguments `padding=(2, 1)` are rows
# first, columns second, on both sides each.
