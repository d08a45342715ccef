# style: everything is computed and returned in float64
# %%
import torch
from torch import nn
# %%
def corr2d(X, K):
    X, K = X.double(), K.double()
    Y = torch.zeros((X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1), dtype=torch.float64)
    for i in range(K.shape[0]):
        for j in range(K.shape[1]):
            Y += X[i:i + Y.shape[0], j:j + Y.shape[1]] * K[i, j]
    return Y
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size, dtype=torch.float64))
        self.bias = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
X = torch.ones((6, 8), dtype=torch.float64)
X[:, 2:-2] = 0
K = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
Y = corr2d(X, K)
# %%
torch.manual_seed(0)
conv2d = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False, dtype=torch.float64)
trainer = torch.optim.Adam(conv2d.parameters(), lr=0.1)
for _ in range(200):
    loss = (conv2d(X[None, None]) - Y).square().mean()
    trainer.zero_grad()
    loss.backward()
    trainer.step()
# %%
def corr2d_multi_in(X, K):
    return torch.stack([corr2d(x, k) for x, k in zip(X, K)]).sum(0)


def corr2d_multi_in_out(X, K):
    Y = [corr2d_multi_in(X, k) for k in K]
    return torch.stack(Y)


def corr2d_multi_in_out_1x1(X, K):
    c, h, w = X.shape
    return (K.double().view(-1, c) @ X.double().view(c, -1)).view(-1, h, w)
# %%
def pool2d(X, pool_size, mode='max'):
    X = X.to(torch.float64)
    Y = torch.zeros(X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1).double()
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            block = X[i:i + pool_size[0], j:j + pool_size[1]]
            Y[i, j] = block.max() if mode == 'max' else block.mean()
    return Y
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
