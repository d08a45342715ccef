# style: nested list comprehensions and torch.stack
# %%
import torch
from torch import nn
from d2l import torch as d2l
# %%
def corr2d(X, K):
    h, w = K.shape
    return torch.stack([torch.stack([(X[i:i+h, j:j+w] * K).sum()
                                     for j in range(X.shape[1] - w + 1)])
                        for i in range(X.shape[0] - h + 1)])
# %%
def comp_conv2d(conv2d, X):
    return torch.stack([torch.stack([row for row in channel]) for channel in conv2d(X[None, None, :, :])[0]])[0]
# %%
def corr2d_multi_in(X, K):
    return torch.stack([d2l.corr2d(x, k) for x, k in zip(X, K)]).sum(dim=0)


def corr2d_multi_in_out(X, K):
    return torch.stack([torch.stack([d2l.corr2d(x, c) for x, c in zip(X, k)]).sum(0) for k in K])


def corr2d_multi_in_out_1x1(X, K):
    return torch.stack([sum(k[c, 0, 0] * X[c] for c in range(len(X))) for k in K])
# %%
def pool2d(X, pool_size, mode='max'):
    p_h, p_w = pool_size
    reduce = max if mode == 'max' else (lambda values: sum(values) / len(values))
    return torch.tensor([[reduce(X[i:i+p_h, j:j+p_w].flatten().tolist())
                          for j in range(X.shape[1] - p_w + 1)]
                         for i in range(X.shape[0] - p_h + 1)])
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
def vgg_block(num_convs, out_channels):
    return nn.Sequential(*[layer for _ in range(num_convs) for layer in (nn.LazyConv2d(out_channels, 3, 1, 1), nn.ReLU())],
                         nn.MaxPool2d(2, 2))
