# %%
!pip install d2l==1.0.3
import torch
from torch import nn
# %%
!!pip install d2l
%pip install -q d2l
pip install d2l==1.0.3
import sys
!{sys.executable} -m pip install d2l
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
try:
    import torchinfo
except ImportError:
    !pip install torchinfo
    print('installed')
# %%
log = !pip install d2l
print(len(log))
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
