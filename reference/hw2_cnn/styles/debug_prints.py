# style: prints, counters and checks on values everywhere, as left over from debugging
# %%
import time
import torch
from torch import nn
from d2l import torch as d2l

calls = 0
history = []
# %%
def corr2d(X, K):
    global calls
    calls += 1
    started = time.time()
    print('X', X, 'K', K)
    assert X.ndim == 2 and K.ndim == 2, f'{X.shape} {K.shape}'
    Y = torch.zeros((X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum()
            print(i, j, Y[i, j].item())
    history.append(Y.detach().numpy().copy())
    print(f'{calls} calls, {time.time() - started:.4f} s')
    return Y
# %%
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.seen = []
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Flatten(),
            nn.LazyLinear(120), nn.Sigmoid(),
            nn.LazyLinear(84), nn.Sigmoid(),
            nn.LazyLinear(num_classes))

    def forward(self, X):
        X = X.view(-1, 1, 28, 28)
        if torch.isnan(X).any():
            raise ValueError('NaN in the input')
        for layer in self.net:
            X = layer(X)
            self.seen.append((layer.__class__.__name__, tuple(X.shape), X.mean().item(), X.std().item()))
            print('%-10s %s mean %.3f std %.3f' % self.seen[-1])
        return X
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1, verbose=True):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = nn.LazyBatchNorm2d()
        self.bn2 = nn.LazyBatchNorm2d()
        self.verbose = verbose

    def forward(self, X):
        before = X.clone()
        Y = torch.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        assert torch.equal(X, before)
        if self.conv3 is not None:
            X = self.conv3(X)
        if self.verbose:
            print('main', Y.abs().max().item(), 'shortcut', X.abs().max().item())
        Y += X
        return torch.relu(Y)
