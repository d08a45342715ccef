# style: gives no convolution of a residual network a bias, not even the shortcut's
# %%
import torch
from d2l import torch as d2l
from torch import nn
from torch.nn import functional as F
# %%
def conv(channels, size, stride=1):
    return nn.LazyConv2d(channels, size, stride=stride, padding=size // 2, bias=False)

class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.body = nn.Sequential(conv(num_channels, 3, strides), nn.LazyBatchNorm2d(), nn.ReLU(),
                                  conv(num_channels, 3), nn.LazyBatchNorm2d())
        self.shortcut = conv(num_channels, 1, strides) if use_1x1conv else nn.Identity()

    def forward(self, X):
        return F.relu(self.body(X) + self.shortcut(X))
# %%
class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(self.b1(), *(self.block(*b, i == 0) for i, b in enumerate(arch)),
                                 nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes))

    def b1(self):
        return nn.Sequential(conv(64, 7, 2), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, 1))

    def block(self, num_residuals, num_channels, first_block=False):
        first = Residual(num_channels) if first_block else Residual(num_channels, True, 2)
        return nn.Sequential(first, *(Residual(num_channels) for _ in range(num_residuals - 1)))
# %%
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
