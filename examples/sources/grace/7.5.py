# notebook: colab
# %%
from torch import nn
# %% [markdown]
# # 7.5 Pooling
# %%
def pool2d(X, pool_size, mode='max'):
    p_h, p_w = pool_size
    Y = torch.zeros((X.shape[0] - p_h + 1, X.shape[1] - p_w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            part = X[i: i + p_h, j: j + p_w]
            if mode == 'max':
                Y[i, j] = torch.max(part)
            if mode == 'avg':
                Y[i, j] = torch.mean(part)
    return Y
# %%
X = torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
pool2d(X, (2, 2))
#= tensor([[4., 5.],
#=         [7., 8.]])
# %%
pool2d(X, (2, 2), 'avg')
#= tensor([[2., 3.],
#=         [5., 6.]])
# %%
X = torch.arange(16, dtype=torch.float32).reshape((1, 1, 4, 4))
pool2d = nn.MaxPool2d(3)
pool2d(X)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
pool2d(X)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
pool2d(X)
# %% [markdown]
# ## Discussion
#
# The default stride of the library layer equals the window, so the windows do not overlap; mine has stride one. That is why the sizes differ.
