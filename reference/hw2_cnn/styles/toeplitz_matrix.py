# style: the kernel is written out as one big sparse (Toeplitz) matrix
# %%
import torch
from torch import nn
# %%
def toeplitz(K, h, w):
    kh, kw = K.shape
    oh, ow = h - kh + 1, w - kw + 1
    T = torch.zeros(oh, ow, h, w, dtype=K.dtype)
    for i in range(oh):
        for j in range(ow):
            T[i, j, i:i + kh, j:j + kw] = K
    return T.reshape(oh * ow, h * w)


def corr2d(X, K):
    h, w = X.shape
    y = toeplitz(K, h, w) @ X.reshape(-1, 1)
    return y.reshape(h - K.shape[0] + 1, -1)
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
    # matrices side by side, channels below each other
    c, h, w = X.shape
    T = torch.cat([toeplitz(k, h, w) for k in K], dim=1)
    return T.matmul(X.reshape(c * h * w)).reshape(h - K.shape[1] + 1, w - K.shape[2] + 1)


def corr2d_multi_in_out(X, K):
    c, h, w = X.shape
    o, _, kh, kw = K.shape
    T = torch.cat([torch.cat([toeplitz(K[i, j], h, w) for j in range(c)], 1) for i in range(o)], 0)
    return (T @ X.flatten()).view(o, h - kh + 1, w - kw + 1)


def corr2d_multi_in_out_1x1(X, K):
    return torch.mm(K.flatten(1), X.flatten(1)).unflatten(1, X.shape[1:])
