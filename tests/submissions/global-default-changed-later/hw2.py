# %%
mode_wanted = 'max'
output = 'oi,ihw->ohw'
# %%
def pool2d(X, pool_size, mode=mode_wanted):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
# %%
def corr2d_multi_in_out_1x1(X, K):
    return torch.einsum(output, K[:, :, 0, 0], X)
# %%
mode_wanted = 'avg'
output = 'nothing'
