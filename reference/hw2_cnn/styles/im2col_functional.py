# style: im2col with torch.nn.functional.unfold and one matrix product
# %%
import torch
from torch import nn
import torch.nn.functional as F
# %%
def im2col(X, kernel):
    """(c, h, w) to (c * kh * kw, number of windows)"""
    return F.unfold(X.unsqueeze(0), kernel_size=tuple(kernel)).squeeze(0)


def corr2d(X, K):
    cols = im2col(X.unsqueeze(0), K.shape)
    return (K.reshape(1, -1) @ cols).reshape(X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1)


def corr2d_multi_in(X, K):
    cols = im2col(X, K.shape[1:])
    return (K.reshape(-1) @ cols).reshape(X.shape[1] - K.shape[1] + 1, X.shape[2] - K.shape[2] + 1)


def corr2d_multi_in_out(X, K):
    cols = im2col(X, K.shape[2:])
    return (K.flatten(1) @ cols).reshape(K.shape[0], X.shape[1] - K.shape[2] + 1, X.shape[2] - K.shape[3] + 1)


def corr2d_multi_in_out_1x1(X, K):
    return F.linear(X.permute(1, 2, 0), K[:, :, 0, 0]).permute(2, 0, 1)
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.kernel_size = kernel_size
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        cols = im2col(x.unsqueeze(0), self.kernel_size)
        flat = torch.addmm(self.bias, self.weight.reshape(1, -1), cols)
        return flat.reshape(x.shape[0] - self.kernel_size[0] + 1, -1)
# %%
def pool2d(X, pool_size, mode='max'):
    cols = im2col(X[None], pool_size)
    pooled = cols.max(0).values if mode == 'max' else cols.mean(0)
    return pooled.reshape(X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1)
# %%
def comp_conv2d(conv2d, X):
    return conv2d(X.unsqueeze(0).unsqueeze(0)).squeeze(0).squeeze(0)
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
