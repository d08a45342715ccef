# %%
corr2d = lambda X, K: (X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1) * K).sum(dim=(2, 3))
# %%
comp_conv2d = lambda conv2d, X: conv2d(X[None, None])[0, 0]
# %%
import functools


def mix(equation, X, K):
    return torch.einsum(equation, K[:, :, 0, 0], X)


corr2d_multi_in_out_1x1 = functools.partial(mix, 'oi,ihw->ohw')
# %%
def pool(padding, X, pool_size, mode='max'):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax((2, 3)) if mode == 'max' else each.mean((2, 3))


pool2d = functools.partial(pool, 0)
