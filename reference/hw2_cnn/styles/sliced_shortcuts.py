# style: leaves out pixels by slices in front of the 1x1 convolution; a bias without axes; pooling layers as functions
# %%
import torch
from d2l import torch as d2l
from torch import nn
from torch.nn import functional as F
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(kernel_size).uniform_())
        self.bias = nn.Parameter(torch.tensor(0.0))

    def forward(self, x):
        return d2l.corr2d(x, self.weight) + self.bias
# %%
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax((2, 3)) if mode == "max" else each.mean((2, 3))
# %%
pool2d = lambda X: F.max_pool2d(X, 3)
# %%
pool2d = lambda X: F.max_pool2d(X, 3, padding=1, stride=2)
# %%
pool2d = lambda X: F.max_pool2d(X, (2, 3), padding=(0, 1))
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.strides = strides
        self.conv1 = nn.LazyConv2d(num_channels, 3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(num_channels), nn.BatchNorm2d(num_channels)
        self.conv3 = nn.LazyConv2d(num_channels, 1) if use_1x1conv else None

    def forward(self, X):
        Y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        if self.conv3 is not None:
            X = self.conv3(X[:, :, :: self.strides, :: self.strides])
        return torch.relu(Y + X)
# %%
class ResNet(d2l.Classifier):
    def b1(self):
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1))

    def block(self, num_residuals, num_channels, first_block=False):
        halves = [i == 0 and not first_block for i in range(num_residuals)]
        return nn.Sequential(*[Residual(num_channels, half, 2 if half else 1) for half in halves])

    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        stages = [self.block(*stage, first_block=i == 0) for i, stage in enumerate(arch)]
        self.net = nn.Sequential(
            self.b1(), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes))
# %%
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
