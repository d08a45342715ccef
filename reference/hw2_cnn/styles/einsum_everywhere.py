# style: every sum of products is one einsum over windows
# %%
import torch
import torch.nn as nn
# %%
def patches(T, kh, kw):
    return T.unfold(-2, kh, 1).unfold(-2, kw, 1)


def corr2d(X, K):
    return torch.einsum('ijab,ab->ij', patches(X, *K.shape), K)


def corr2d_multi_in(X, K):
    return torch.einsum('cijab,cab->ij', patches(X, *K.shape[-2:]), K)


def corr2d_multi_in_out(X, K):
    return torch.einsum('cijab,ocab->oij', patches(X, *K.shape[-2:]), K)


def corr2d_multi_in_out_1x1(X, K):
    return torch.einsum('chw,ocab->ohw', X, K)
# %%
class Conv2D(nn.Module):
    """einsum inside forward as well"""

    def __init__(self, kernel_size):
        super(Conv2D, self).__init__()
        self.register_parameter('bias', nn.Parameter(torch.zeros(1)))
        self.register_parameter('weight', nn.Parameter(torch.empty(kernel_size).uniform_()))

    def forward(self, image):
        return torch.einsum('ijab,ab->ij', patches(image, *self.weight.shape), self.weight).add(self.bias)
# %%
X, K = torch.einsum('i,j->ij', torch.ones(6), torch.tensor([1., 1, 0, 0, 0, 0, 1, 1])), torch.tensor([[1., -1.]])
# %%
def pool2d(X, pool_size, mode='max'):
    found = patches(X, *pool_size)
    if mode == 'avg':
        return torch.einsum('ijab->ij', found) / (pool_size[0] * pool_size[1])
    return torch.amax(found, dim=(-2, -1))
# %%
pool2d = nn.MaxPool2d(kernel_size=3, stride=3)
# %%
pool2d = nn.MaxPool2d(kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
# %%
pool2d = nn.MaxPool2d(kernel_size=(2, 3), stride=(2, 3), padding=(0, 1))
