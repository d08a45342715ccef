# %%
%%time
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
%%capture out
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
# %%
print(out.stdout)
out.show()
# %%
%%timeit -n 1 -r 1
def comp_conv2d(conv2d, X):
    return conv2d(X[None, None])[0, 0]
# %%
%%capture
%%time
def corr2d_multi_in_out_1x1(X, K):
    return torch.einsum("oi,ihw->ohw", K[:, :, 0, 0], X)
