# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l
import matplotlib.pyplot as plt
# %%
for i in range(3000):
    print('x' * 1000)
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
plt.plot([1, 2])
plt.show()
plt.figure(figsize=(3, 3))
plt.imshow(torch.rand(3, 3))
plt.savefig('plot.png')
d2l.plot([1, 2], [[1, 2]])
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
# %%
display(plt.gcf())
from tqdm import tqdm
for i in tqdm(range(3)):
    pass
