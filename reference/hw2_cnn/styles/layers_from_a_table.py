# style: options stand in a table, and a loop makes and tries out each library layer
# %%
import torch
from torch import nn
# %%
table = {
    'max': lambda window: window.max(),
    'avg': lambda window: window.sum() / window.numel(),
}


def pool2d(X, pool_size, mode='max'):
    Y = torch.zeros((X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = table[mode](X[i:i + pool_size[0], j:j + pool_size[1]])
    return Y
# %%
picture = torch.arange(16, dtype=torch.float32).reshape((1, 1, 4, 4))
for options in [
    dict(kernel_size=3),
    dict(kernel_size=3, padding=1, stride=2),
    dict(kernel_size=(2, 3), stride=(2, 3), padding=(0, 1)),
]:
    pool2d = nn.MaxPool2d(**options)
    print(options, pool2d(picture))
