# style: modules are dataclasses, init_cnn is dispatched by type
# %%
import functools
from dataclasses import dataclass
import torch
from torch import nn
# %%
@functools.singledispatch
def init_cnn(module):
    """Leave everything else as it is."""


@init_cnn.register(nn.Linear)
@init_cnn.register(nn.Conv2d)
def _(module):
    if not isinstance(module, (nn.LazyLinear, nn.LazyConv2d)):
        nn.init.xavier_uniform_(module.weight)
# %%
@dataclass(eq=False)
class LeNet(nn.Module):
    lr: float = 0.1
    num_classes: int = 10

    def __post_init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
            nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(self.num_classes))

    def forward(self, X):
        return self.net(X)
# %%
@dataclass(eq=False)
class Residual(nn.Module):
    num_channels: int
    use_1x1conv: bool = False
    strides: int = 1

    def __post_init__(self):
        nn.Module.__init__(self)
        self.f = nn.Sequential(self.conv(3, self.strides), nn.LazyBatchNorm2d(), nn.ReLU(),
                               self.conv(3), nn.LazyBatchNorm2d())
        self.g = self.conv(1, self.strides) if self.use_1x1conv else nn.Identity()

    def conv(self, size, stride=1):
        return nn.LazyConv2d(self.num_channels, size, stride=stride, padding=size // 2)

    def forward(self, X):
        return (self.f(X) + self.g(X)).relu()
# %%
@dataclass(eq=False)
class VGG(nn.Module):
    arch: tuple
    lr: float = 0.1
    num_classes: int = 10

    def __post_init__(self):
        nn.Module.__init__(self)
        self.blocks = nn.Sequential(*(vgg_block(*each) for each in self.arch))
        self.head = nn.Sequential(
            nn.Flatten(), nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(self.num_classes))
        self.apply(init_cnn)

    def forward(self, X):
        return self.head(self.blocks(X))
# %%
def vgg_block(num_convs, out_channels):
    block = nn.Sequential()
    for i in range(num_convs):
        block.add_module(f'conv{i}', nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        block.add_module(f'relu{i}', nn.ReLU())
    block.add_module('pool', nn.MaxPool2d(2))
    return block
