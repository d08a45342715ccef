# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
def corr2d_multi_in(X, K):
    return sum(corr2d(x, k) for x, k in zip(X, K))
# %%
sum = 0
for n in range(3):
    sum += n
list = [1, 2]
zip = None
