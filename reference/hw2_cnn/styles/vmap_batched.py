# style: loops are replaced by torch.vmap
# %%
import torch
from torch import nn, vmap
# %%
def corr2d(X, K):
    one = lambda window: torch.dot(window.flatten(), K.flatten())
    windows = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)
    return vmap(vmap(one))(windows)
# %%
corr2d_multi_in = lambda X, K: vmap(corr2d)(X, K).sum(0)
# %%
def corr2d_multi_in_out(X, K):
    return vmap(corr2d_multi_in, in_dims=(None, 0))(X, K)
# %%
def corr2d_multi_in_out_1x1(X, K):
    def pixel(x):
        return K[:, :, 0, 0] @ x

    return vmap(vmap(pixel, in_dims=1, out_dims=1), in_dims=1, out_dims=1)(X)
# %%
def pool2d(X, pool_size, mode='max'):
    pick = torch.max if mode == 'max' else torch.mean
    return vmap(vmap(pick))(X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1))
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
