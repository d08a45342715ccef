# style: windows are picked with index tensors from meshgrid, take and gather
# %%
import torch
from torch import nn
# %%
def window_index(h, w, kh, kw):
    """Flat positions of every window's elements: (oh * ow, kh * kw)."""
    top, left = torch.meshgrid(torch.arange(h - kh + 1), torch.arange(w - kw + 1), indexing='ij')
    down, right = torch.meshgrid(torch.arange(kh), torch.arange(kw), indexing='ij')
    start = (top * w + left).reshape(-1, 1)
    offset = (down * w + right).reshape(1, -1)
    return start + offset


def corr2d(X, K):
    index = window_index(*X.shape, *K.shape)
    return X.take(index).mv(K.flatten()).reshape(X.size(0) - K.size(0) + 1, X.size(1) - K.size(1) + 1)
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))
        self.weight = nn.Parameter(torch.rand(kernel_size))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
X = torch.ones(6, 8).index_fill(1, torch.arange(2, 6), 0)
K = torch.ones(1, 2)
K[0, 1] = -1
# %%
def corr2d_multi_in(X, K):
    index = window_index(*X.shape[1:], *K.shape[1:])          # (n, k)
    flat = X.flatten(1)                                        # (c, h * w)
    found = flat[:, index]                                     # (c, n, k)
    products = found * K.flatten(1).unsqueeze(1)
    return products.sum(dim=(0, 2)).reshape(X.shape[1] - K.shape[1] + 1, -1)


def corr2d_multi_in_out(X, K):
    index = window_index(*X.shape[1:], *K.shape[2:])
    n, k = index.shape
    found = X.flatten(1).gather(1, index.reshape(1, -1).expand(len(X), -1)).reshape(len(X), n, k)
    columns = found.permute(0, 2, 1).reshape(-1, n)            # (c * k, n)
    return (K.flatten(1) @ columns).reshape(len(K), X.shape[1] - K.shape[2] + 1, -1)
# %%
def pool2d(X, pool_size, mode='max'):
    index = window_index(*X.shape, *pool_size)
    found = torch.index_select(X.flatten(), 0, index.flatten()).reshape(index.shape)
    pooled = found.mean(1) if mode == 'avg' else found.gather(1, found.argmax(1, keepdim=True)).squeeze(1)
    return pooled.reshape(X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1)
# %%
def comp_conv2d(conv2d, X):
    batch = torch.stack([torch.stack([X])])
    return torch.squeeze(torch.squeeze(conv2d(batch), 0), 0)
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
