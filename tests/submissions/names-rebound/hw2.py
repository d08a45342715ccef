# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y

X = torch.arange(9.0).reshape(3, 3)
K = torch.arange(4.0).reshape(2, 2)
Y = corr2d(X, K)
# %%
X = torch.ones(6, 8)
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
x, y = X.reshape(1, 1, 6, 8), corr2d(X, K).reshape(1, 1, 6, 7)
for i in range(10):
    loss = (conv2d(x) - y) ** 2
    conv2d.zero_grad()
    loss.sum().backward()
    conv2d.weight.data[:] -= 3e-2 * conv2d.weight.grad
# %%
def comp_conv2d(conv2d, X):
    return conv2d(X[None, None])[0, 0]
# %%
conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1, stride=2)
X = torch.rand(8, 8)
comp_conv2d(conv2d, X).shape
# %%
K = torch.stack((torch.ones(2, 2), torch.ones(2, 2)), 0)
# %%
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
# %%
X = torch.arange(16.0).reshape(1, 1, 4, 4)
pool2d = nn.MaxPool2d(3)
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
data = model = X = K = Y = pool2d = conv2d = None
