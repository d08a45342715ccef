# style: in-place activations and additions that leave the input alone, shortcut first
# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.shortcut = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else nn.Identity()
        self.residual = nn.Sequential(
            nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides),
            nn.LazyBatchNorm2d(),
            nn.ReLU(inplace=True),
            nn.LazyConv2d(num_channels, kernel_size=3, padding=1),
            nn.LazyBatchNorm2d(),
        )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, X):
        shortcut = self.shortcut(X)
        Y = self.residual(X)
        Y += shortcut
        return self.activation(Y)
# %%
class ResNet(d2l.Classifier):
    def b1(self):
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(), nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1))

    def block(self, num_residuals, num_channels, first_block=False):
        blk = []
        for i in range(num_residuals):
            if i == 0 and not first_block:
                blk.append(Residual(num_channels, use_1x1conv=True, strides=2))
            else:
                blk.append(Residual(num_channels))
        return nn.Sequential(*blk)

    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(self.b1())
        for i, b in enumerate(arch):
            self.net.add_module(f'b{i + 2}', self.block(*b, first_block=(i == 0)))
        self.net.add_module('last', nn.Sequential(
            nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))
        self.net.apply(d2l.init_cnn)


class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
# %%
def vgg_block(num_convs, out_channels):
    layers = []
    while num_convs > 0:
        layers += [nn.LazyConv2d(out_channels, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)), nn.ReLU(inplace=True)]
        num_convs -= 1
    layers += [nn.MaxPool2d((2, 2))]
    return nn.Sequential(*layers)


class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            *(vgg_block(n, c) for n, c in arch), nn.Flatten(),
            nn.LazyLinear(4096), nn.ReLU(inplace=True), nn.Dropout(0.5, inplace=True),
            nn.LazyLinear(4096), nn.ReLU(inplace=True), nn.Dropout(0.5, inplace=True),
            nn.LazyLinear(num_classes))
        self.net.apply(d2l.init_cnn)
