# style: the global average of ResNet is a sum divided by the number of pixels
# %%
import torch
from torch import nn
from torch.nn import functional as F
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1, self.bn2 = nn.LazyBatchNorm2d(eps=1e-5, momentum=0.1), nn.LazyBatchNorm2d(affine=True)

    def forward(self, X):
        Y = self.conv1(X)
        Y = self.bn1(Y)
        Y = torch.max(Y, torch.zeros_like(Y))
        Y = self.bn2(self.conv2(Y))
        Y = Y + (X if self.conv3 is None else self.conv3(X))
        return Y * (Y > 0)
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d())
        self.stages = nn.Sequential()
        for i, (n, c) in enumerate(arch):
            for j in range(n):
                self.stages.append(Residual(c, use_1x1conv=True, strides=2) if i and not j else Residual(c))
        self.linear = nn.LazyLinear(num_classes)

    def forward(self, X):
        X = F.max_pool2d(F.relu(self.stem(X)), kernel_size=3, stride=2, padding=1)
        X = self.stages(X)
        X = X.sum(dim=(2, 3)) / (X.shape[2] * X.shape[3])
        return self.linear(X)
# %%
def ResNet18(lr=0.1, num_classes=10):
    return ResNet(((2, 64), (2, 128), (2, 256), (2, 512)), lr=lr, num_classes=num_classes)
