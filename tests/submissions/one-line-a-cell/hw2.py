# %%
import torch
# %%
from torch import nn
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
X = torch.ones(6, 8)
# %%
X[:, 2:6] = 0
# %%
X
# %%
K = torch.tensor([[1.0, -1.0]])
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
# %%
x, y = X.reshape(1, 1, 6, 8), corr2d(X, K).reshape(1, 1, 6, 7)
# %%
lr = 3e-2
# %%
for i in range(10):
    loss = (conv2d(x) - y) ** 2
    conv2d.zero_grad()
    loss.sum().backward()
    conv2d.weight.data[:] -= 3e-2 * conv2d.weight.grad
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
