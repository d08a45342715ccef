# style: what needs no gradient runs in inference mode
# %%
import torch
from torch import nn
# %%
@torch.inference_mode()
def pool2d(X, pool_size, mode='max'):
    Y = torch.zeros((X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            window = X[i: i + pool_size[0], j: j + pool_size[1]]
            Y[i, j] = window.max() if mode == 'max' else window.mean()
    return Y
# %%
with torch.inference_mode():
    picture = torch.arange(16.).reshape(1, 1, 4, 4)
    pool2d = nn.MaxPool2d(3)
    print(pool2d(picture))
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2).eval()
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1)).requires_grad_(False)
# %%
@torch.inference_mode()
def comp_conv2d(conv2d, X):
    conv2d.eval()
    return conv2d(X[None, None, ...])[0, 0, ...]
# %%
@torch.inference_mode()
def corr2d_multi_in_out_1x1(X, K):
    return (K.flatten(1) @ X.flatten(1)).reshape(K.size(0), X.size(1), X.size(2))
# %%
torch.set_grad_enabled(False)
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
