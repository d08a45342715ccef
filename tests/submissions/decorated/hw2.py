# %%
import functools
import time


def timed(f):
    def inner(*args, **kwargs):
        began = time.time()
        try:
            return f(*args, **kwargs)
        finally:
            print(time.time() - began)
    return inner


def counted(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        inner.calls += 1
        return f(*args, **kwargs)
    inner.calls = 0
    return inner


class Logged:
    def __init__(self, f):
        self.f = f

    def __call__(self, *args):
        return self.f(*args)
# %%
@timed
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
@torch.no_grad()
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
# %%
@counted
@timed
def comp_conv2d(conv2d, X):
    return conv2d(X[None, None])[0, 0]
# %%
@functools.lru_cache(maxsize=None)
def corr2d_multi_in_out_1x1(X, K):
    return torch.einsum("oi,ihw->ohw", K[:, :, 0, 0], X)
# %%
@Logged
def corr2d_multi_in(X, K):
    return sum(corr2d(x, k) for x, k in zip(X, K))
