# %%
undefined_name
corr2d = lambda X, K: (X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1) * K).sum(dim=(2, 3))
# %%
import functools
raise ValueError('stop')


def pool(X, pool_size, mode='max'):
    return X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1).amax((2, 3))


pool2d = functools.partial(pool)
