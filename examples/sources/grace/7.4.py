# notebook: colab
# %%
import torch
from d2l import torch as d2l
# %% [markdown]
# # 7.4 Multiple input and output channels
# %%
def corr2d_multi_in(X, K):
    # corr2d from the package, mine is in the notebook 7.2
    return sum(d2l.corr2d(x, k) for x, k in zip(X, K))
# %%
X = torch.tensor([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]],
                  [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]])
K = torch.tensor([[[0.0, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, 4.0]]])
corr2d_multi_in(X, K)
#= tensor([[ 56.,  72.],
#=         [104., 120.]])
# %%
def corr2d_multi_in_out(X, K):
    channels = []
    for k in K:
        channels.append(corr2d_multi_in(X, k))
    return torch.stack(channels, 0)
# %%
K = torch.stack((K, K + 1, K + 2), 0)
corr2d_multi_in_out(X, K)
# %%
def corr2d_multi_in_out_1x1(X, K):
    c_i, h, w = X.shape
    c_o = K.shape[0]
    X = X.reshape((c_i, h * w))
    K = K.reshape((c_o, c_i))
    return torch.matmul(K, X).reshape((c_o, h, w))
# %%
X = torch.normal(0, 1, (3, 3, 3))
K = torch.normal(0, 1, (2, 3, 1, 1))
assert float(torch.abs(corr2d_multi_in_out_1x1(X, K) - corr2d_multi_in_out(X, K)).sum()) < 1e-6
# %% [markdown]
# ## Discussion
#
# The kernel has now four axes: output channel, input channel, row, column. I find it helpful to think of each pixel as a vector, and of a 1×1 kernel as a
# matrix applied to it.
