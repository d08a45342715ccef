# style: match statements, the walrus operator and other recent syntax
# %%
import torch
from torch import nn
# %%
def corr2d(X, K, /, *, out=None):
    if (size := tuple(a - b + 1 for a, b in zip(X.shape, K.shape, strict=True))) and min(size) < 1:
        raise ValueError(f'{K.shape = } does not fit into {X.shape = }')
    out = torch.zeros(size, dtype=X.dtype) if out is None else out
    for i, j in ((i, j) for i in range(size[0]) for j in range(size[1])):
        out[i, j] = (w := X[i:i + K.shape[0], j:j + K.shape[1]]).mul(K).sum()
    return out
# %%
(X := torch.ones(6, 8))[:, 2:6] = 0
print(K := torch.tensor([[1.0, -1.0]]))
# %%
def pool2d(X, pool_size, mode='max'):
    match pool_size:
        case int(side):
            ph = pw = side
        case (ph, pw):
            pass
    windows = X.unfold(0, ph, 1).unfold(1, pw, 1)
    match mode:
        case 'max':
            return windows.flatten(2).max(2)[0]
        case 'avg' | 'mean':
            return windows.flatten(2).mean(2)
        case other:
            raise ValueError(other)
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
def init_cnn(module):
    match module:
        case nn.LazyConv2d() | nn.LazyLinear():
            pass
        case nn.Linear(weight=w) | nn.Conv2d(weight=w):
            nn.init.xavier_uniform_(w)
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.bn1, self.bn2 = nn.LazyBatchNorm2d(), nn.LazyBatchNorm2d()
        match use_1x1conv:
            case True:
                self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides)
            case False:
                self.conv3 = None

    def forward(self, X):
        Y = self.bn2(self.conv2((Z := self.bn1(self.conv1(X))).relu()))
        if (conv := self.conv3) is not None:
            X = conv(X)
        return (Y + X).relu()
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(nn.LazyConv2d(64, 7, 2, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        match arch:
            case [(n, c), *others]:
                self.net.extend(Residual(c) for _ in range(n))
        for n, c in others:
            self.net.append(Residual(c, use_1x1conv=True, strides=2))
            while (n := n - 1) > 0:
                self.net.append(Residual(c))
        self.net.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes)])
        self.net.apply(init_cnn)

    def forward(self, X):
        return self.net(X)
# %%
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__([(2, 64), (2, 128), (2, 256), (2, 512)], lr, num_classes)
