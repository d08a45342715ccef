# style: the three library layers are bound to pool2d by one for loop
# %%
import torch
from torch import nn
# %%
def pool2d(X, pool_size, mode='max'):
    Y = torch.zeros((X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            window = X[i:i + pool_size[0], j:j + pool_size[1]]
            Y[i, j] = window.max() if mode == 'max' else window.mean()
    return Y
# %%
picture = torch.arange(16, dtype=torch.float32).reshape((1, 1, 4, 4))
layers = [nn.MaxPool2d(3), nn.MaxPool2d(3, padding=1, stride=2), nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))]
for pool2d in layers:
    print(pool2d, pool2d(picture))
