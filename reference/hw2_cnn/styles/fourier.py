# style: the cross-correlation is a product of Fourier transforms
# %%
import torch
from torch import nn
# %%
def corr2d(X, K):
    """Correlation theorem: conj(F(K)) * F(X), and only the part without wrap-around is kept."""
    size = X.shape
    product = torch.fft.rfft2(X) * torch.fft.rfft2(K, s=size).conj()
    circular = torch.fft.irfft2(product, s=size)
    return circular[: size[0] - K.shape[0] + 1, : size[1] - K.shape[1] + 1]
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        weight = torch.rand(kernel_size)
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
X = torch.where((torch.arange(8) >= 2) & (torch.arange(8) < 6), 0.0, 1.0).repeat(6, 1)
K = torch.tensor([[1.0, -1.0]])
# %%
def corr2d_multi_in(X, K):
    size = X.shape[1:]
    # the sum over channels can already be taken among the frequencies
    spectrum = (torch.fft.rfft2(X) * torch.fft.rfft2(K, s=size).conj()).sum(dim=0)
    return torch.fft.irfft2(spectrum, s=size)[: size[0] - K.shape[1] + 1, : size[1] - K.shape[2] + 1]


def corr2d_multi_in_out(X, K):
    size = X.shape[1:]
    spectrum = torch.einsum("cuv,ocuv->ouv", torch.fft.rfft2(X), torch.fft.rfft2(K, s=size).conj())
    return torch.fft.irfft2(spectrum, s=size)[:, : size[0] - K.shape[2] + 1, : size[1] - K.shape[3] + 1]
