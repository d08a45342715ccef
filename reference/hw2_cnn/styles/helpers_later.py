# style: helpers stand in later cells, definitions are replaced, and cells in between fail
# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l
# %%
def corr2d(X, K):
    return assemble(X, K, add_up)
# %%
corr2d(torch.ones(3, 3), torch.ones(2, 2))  # NameError: comes later
# %%
def add_up(window, K):
    return (window * K).sum()
# %%
def assemble(X, K, what):
    h, w = out_size(X, K)
    Y = torch.zeros(h, w)
    for i in range(h):
        for j in range(w):
            Y[i, j] = what(X[i:i + K.shape[0], j:j + K.shape[1]], K)
    return Y
# %%
def out_size(X, K):
    return X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1
# %% [markdown]
# Now it works.
# %%
corr2d(torch.ones(3, 3), torch.ones(2, 2))
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))
# %%
@d2l.add_to_class(Conv2D)
def forward(self, x):
    return corr2d(x, self.weight) + self.bias
# %%
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(*features(), nn.Flatten(), *classifier(num_classes))
# %%
LeNet().layer_summary((1, 1, 28, 28))  # 아직 안 됨
# %%
def features():
    for channels, padding in ((6, 2), (16, 0)):
        yield nn.LazyConv2d(channels, kernel_size=5, padding=padding)
        yield nn.Sigmoid()
        yield nn.AvgPool2d(2, stride=2)
# %%
def classifier(num_classes):
    return nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes)
# %%
@d2l.add_to_class(d2l.Classifier)
def layer_summary(self, X_shape):
    X = d2l.randn(*X_shape)
    for layer in self.net:
        X = layer(X)
        print(layer.__class__.__name__, 'output shape:\t', X.shape)
# %%
LeNet().layer_summary((1, 1, 28, 28))
# %%
def comp_conv2d(conv2d, X):
    raise NotImplementedError
# %%
def comp_conv2d(conv2d, X):
    Y = conv2d(with_axes(X))
    return Y.reshape(Y.shape[2:])


with_axes = lambda X: X.reshape((1, 1) + tuple(X.shape))
