# style: a helper stands below the function that uses it, and its name means something else in a later section
# %%
import torch
from torch import nn
# %%
def corr2d(X, K):
    Y = torch.zeros(shape(X, K))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum()
    return Y
# %%
def shape(X, K):
    return X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1
# %%
corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))
# %%
def comp_conv2d(conv2d, X):
    Y = conv2d(X.reshape(shape(X)))
    return Y.reshape(Y.shape[2:])
# %%
def shape(X):
    return (1, 1) + tuple(X.shape)
# %%
comp_conv2d(nn.Conv2d(1, 1, 3, padding=1), torch.rand(8, 8)).shape
