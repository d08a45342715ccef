# style: numpy does the computing where only values are asked for
# %%
import numpy as np
import torch
from torch import nn
from numpy.lib.stride_tricks import sliding_window_view
# %%
def comp_conv2d(conv2d, X):
    batch = torch.from_numpy(np.expand_dims(X.numpy(), (0, 1)))
    with torch.no_grad():
        return torch.from_numpy(conv2d(batch).numpy().squeeze((0, 1)))
# %%
def corr2d_multi_in(X, K):
    X, K = X.numpy(), K.numpy()
    windows = sliding_window_view(X, K.shape[1:], axis=(1, 2))      # (c, oh, ow, kh, kw)
    return torch.from_numpy(np.einsum('cijab,cab->ij', windows, K))
# %%
def corr2d_multi_in_out(X, K):
    return torch.tensor(np.array([corr2d_multi_in(X, k).numpy() for k in K]))
# %%
def corr2d_multi_in_out_1x1(X, K):
    product = np.dot(K.numpy().reshape(K.shape[0], -1), X.numpy().reshape(X.shape[0], -1))
    return torch.as_tensor(product.reshape(-1, *X.shape[1:]))
# %%
def pool2d(X, pool_size, mode='max'):
    windows = sliding_window_view(np.asarray(X), tuple(pool_size))
    if mode == 'max':
        return torch.from_numpy(windows.max(axis=(2, 3)))
    if mode == 'avg':
        return torch.from_numpy(windows.mean(axis=(2, 3)))
    raise ValueError(mode)
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
def init_cnn(module):
    if type(module) == nn.Linear or type(module) == nn.Conv2d:
        w = module.weight
        a = np.sqrt(6.0 / (w[0].numel() + w[:, 0].numel()))
        w.data.copy_(torch.from_numpy(np.random.uniform(-a, a, size=tuple(w.shape))))
