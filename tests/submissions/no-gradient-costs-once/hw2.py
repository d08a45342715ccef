# %%
import numpy as np


def corr2d(X, K):
    windows = np.lib.stride_tricks.sliding_window_view(X.detach().numpy(), K.shape)
    return torch.from_numpy((windows * K.detach().numpy()).sum((2, 3)))
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
