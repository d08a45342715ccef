# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
X = ...
K = ...
# %%
Y = corr2d(X, K)
# %%
X = torch.stack((torch.arange(9.0).reshape(3, 3), torch.arange(1.0, 10.0).reshape(3, 3)))
K = torch.stack((torch.arange(4.0).reshape(2, 2), torch.arange(1.0, 5.0).reshape(2, 2)))
