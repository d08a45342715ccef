# style: definitions stand below if, try and with, or are made by type() and closures
# %%
if __name__ == '__main__':
    import torch
    from torch import nn

    def corr2d(X, K):
        Y = torch.zeros((X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1))
        for i in range(Y.shape[0]):
            for j in range(Y.shape[1]):
                Y[i, j] = (X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum()
        return Y
# %%
def _init(self, kernel_size):
    nn.Module.__init__(self)
    self.weight = nn.Parameter(torch.rand(kernel_size))
    self.bias = nn.Parameter(torch.zeros(1))


Conv2D = type('Conv2D', (nn.Module,), {'__init__': _init, 'forward': lambda self, x: corr2d(x, self.weight) + self.bias})
# %%
with torch.no_grad():
    X = torch.ones((6, 8))
    X[:, 2:6] = 0
    K = torch.tensor([[1.0, -1.0]])
    Y = corr2d(X, K)
# %%
try:
    conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False).cuda()
except (RuntimeError, AssertionError):
    conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
if conv2d is not None:
    for i in range(10):
        l = ((conv2d(X.reshape(1, 1, 6, 8)) - Y.reshape(1, 1, 6, 7)) ** 2).sum()
        conv2d.zero_grad()
        l.backward()
        conv2d.weight.data -= 3e-2 * conv2d.weight.grad
# %%
try:
    from corr_extension import corr2d_multi_in  # 없으면 아래 것
except ImportError:
    def corr2d_multi_in(X, K):
        return sum(corr2d(x, k) for x, k in zip(X, K))
# %%
for corr in [corr2d_multi_in]:
    def corr2d_multi_in_out(X, K):
        return torch.stack([corr(X, k) for k in K], 0)
# %%
def make(mode_functions):
    def pool2d(X, pool_size, mode='max'):
        rows = range(X.shape[0] - pool_size[0] + 1)
        columns = range(X.shape[1] - pool_size[1] + 1)
        f = mode_functions[mode]
        return torch.tensor([[f(X[i:i + pool_size[0], j:j + pool_size[1]]) for j in columns] for i in rows])

    return pool2d


pool2d = make({'max': torch.max, 'avg': torch.mean})
# %%
if True:
    pool2d = nn.MaxPool2d(3)
# %%
with torch.no_grad():
    pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
try:
    pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
finally:
    pass
# %%
def network(num_classes):
    class LeNet(nn.Module):
        def __init__(self, lr=0.1, num_classes=num_classes):
            super().__init__()
            self.net = nn.Sequential(
                nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
                nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
                nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))

        def forward(self, X):
            return self.net(X)

    return LeNet


LeNet = network(10)
