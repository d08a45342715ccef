# %%
class Odd:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError

    def __bool__(self):
        raise RuntimeError
# %%
from unittest.mock import MagicMock
corr2d = pool2d = conv2d = X = Odd()
K = MagicMock()
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
conv2d = Odd
X = K = torch.sparse_coo_tensor(torch.zeros(1, 1, dtype=torch.long), torch.ones(1), (3,))
# %%
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
