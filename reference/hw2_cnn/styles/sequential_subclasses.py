# style: every network is itself an nn.Sequential, built by super().__init__
# %%
import torch
from torch import nn
from collections import OrderedDict
# %%
class LeNet(nn.Sequential):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(
            nn.LazyConv2d(6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
            nn.LazyConv2d(16, 5), nn.Sigmoid(), nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(400, 120), nn.Sigmoid(),
            nn.Linear(120, 84), nn.Sigmoid(),
            nn.Linear(84, num_classes),
        )
        self.lr = lr
# %%
class VGGBlock(nn.Sequential):
    def __init__(self, num_convs, out_channels):
        layers = OrderedDict()
        for i in range(1, num_convs + 1):
            layers['conv%d' % i] = nn.LazyConv2d(out_channels, kernel_size=3, padding=1)
            layers['relu%d' % i] = nn.ReLU(inplace=True)
        layers['pool'] = nn.MaxPool2d(2)
        super().__init__(layers)


vgg_block = VGGBlock
# %%
class VGG(nn.Sequential):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__(*(VGGBlock(*pair) for pair in arch), nn.Flatten())
        for _ in range(2):
            self.extend([nn.LazyLinear(4096), nn.ReLU(True), nn.Dropout()])
        self.append(nn.LazyLinear(num_classes))
# %%
class Residual(nn.Sequential):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__(
            nn.LazyConv2d(num_channels, 3, stride=strides, padding=1), nn.BatchNorm2d(num_channels), nn.ReLU(inplace=True),
            nn.Conv2d(num_channels, num_channels, 3, padding=1), nn.BatchNorm2d(num_channels))
        # 지름길은 forward에서 따로 더한다
        self.add_module('shortcut', nn.LazyConv2d(num_channels, 1, stride=strides) if use_1x1conv else nn.Identity())

    def forward(self, X):
        Y = X
        for name, layer in self.named_children():
            if name != 'shortcut':
                Y = layer(Y)
        return torch.relu(Y.add(self.shortcut(X)))
# %%
class ResNet(nn.Sequential):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.append(nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3))
        self.append(nn.LazyBatchNorm2d())
        self.append(nn.ReLU(inplace=True))
        self.append(nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
        for i, (num_residuals, num_channels) in enumerate(arch):
            first = Residual(num_channels) if i == 0 else Residual(num_channels, use_1x1conv=True, strides=2)
            self.append(nn.Sequential(first, *(Residual(num_channels) for _ in range(num_residuals - 1))))
        self.append(nn.AdaptiveAvgPool2d((1, 1)))
        self.append(nn.Flatten())
        self.append(nn.LazyLinear(num_classes))


class ResNet18(ResNet):
    def __init__(self, **kwargs):
        super().__init__(arch=[(2, 64), (2, 128), (2, 256), (2, 512)], **kwargs)
