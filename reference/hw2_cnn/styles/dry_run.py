# style: lazy layers are given their shapes by a dry run inside the constructor
# %%
import torch
from torch import nn
# %%
def init_cnn(module):
    # 전체 네트워크에 한 번만 불러도 된다
    for each in module.modules():
        if isinstance(each, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(each.weight)
    return module
# %%
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
            nn.LazyConv2d(16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
            nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))
        self.net(torch.zeros(1, 1, 28, 28))
        init_cnn(self.net)

    def forward(self, X):
        return self.net(X)
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.num_channels = num_channels
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.bn1 = nn.LazyBatchNorm2d()
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.bn2 = nn.LazyBatchNorm2d()
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None

    def forward(self, X):
        Y = self.bn1(self.conv1(X)).relu()
        Y = self.bn2(self.conv2(Y))
        Y = Y + (self.conv3(X) if self.conv3 is not None else X)
        return Y.relu()
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        for i, (n, c) in enumerate(arch):
            self.net.append(nn.Sequential(*[Residual(c, i > 0 and j == 0, 2 if i > 0 and j == 0 else 1) for j in range(n)]))
        self.net.append(nn.AdaptiveAvgPool2d(1))
        self.net.append(nn.Flatten())
        self.net.append(nn.LazyLinear(num_classes))
        with torch.no_grad():
            self.net.eval()(torch.zeros(1, 1, 96, 96))
        self.net.train()
        init_cnn(self)

    def forward(self, X):
        return self.net(X)


class ResNet18(ResNet):
    arch = ((2, 64), (2, 128), (2, 256), (2, 512))

    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(self.arch, lr=lr, num_classes=num_classes)
