# style: returns transposed, non-contiguous and expanded views, some of which require a gradient
# %%
import torch
from torch import nn
# %%
def corr2d(X, K):
    Xt, Kt = X.T, K.T
    Yt = sum(Kt[b, a] * Xt[b:Xt.size(0) - Kt.size(0) + b + 1, a:Xt.size(1) - Kt.size(1) + a + 1]
             for a in range(K.size(0)) for b in range(K.size(1)))
    return Yt.T
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(tuple(reversed(kernel_size))).T)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return (corr2d(x, self.weight).T + self.bias).T
# %%
X = torch.tensor([1., 1, 0, 0, 0, 0, 1, 1]).expand(6, 8)
K = torch.tensor([[1.], [-1.]]).t()
# %%
def comp_conv2d(conv2d, X):
    Y = conv2d(X[:, :, None, None].permute(2, 3, 0, 1))
    return Y.permute(2, 3, 0, 1)[..., 0, 0].clone(memory_format=torch.contiguous_format).requires_grad_(True)
# %%
def corr2d_multi_in_out_1x1(X, K):
    Y = X.movedim(0, -1) @ K[..., 0, 0].T          # (h, w, o)
    return Y.movedim(-1, 0)
# %%
def corr2d_multi_in(X, K):
    both = torch.stack([corr2d(x, k) for x, k in zip(X.unbind(), K.unbind())], dim=2)
    return both.sum(2).mT.mT


def corr2d_multi_in_out(X, K):
    return torch.stack([corr2d_multi_in(X, k) for k in K], dim=-1).permute(2, 0, 1)
# %%
def pool2d(X, pool_size, mode='max'):
    rows = X.unfold(0, pool_size[0], 1)            # (oh, w, ph)
    rows = rows.amax(-1) if mode == 'max' else rows.mean(-1)
    columns = rows.T.unfold(0, pool_size[1], 1)    # (ow, oh, pw)
    return (columns.amax(-1) if mode == 'max' else columns.mean(-1)).T
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
