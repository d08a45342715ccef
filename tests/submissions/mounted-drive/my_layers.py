import torch


def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y


def corr2d_multi_in(X, K):
    return sum(corr2d(x, k) for x, k in zip(X, K))


def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
