# style: builds blocks with a helper; lazy layers find their own input sizes
# %%
import torch
from torch import nn

def block(channels, kernel, padding=0):
    return nn.Sequential(nn.LazyConv2d(channels, kernel, padding=padding), nn.ReLU(), nn.MaxPool2d(kernel_size=2))

def head(*widths):
    layers = [nn.Flatten()]
    for width in widths[:-1]:
        layers += [nn.LazyLinear(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.LazyLinear(widths[-1]))
# %%
class CNN(nn.Module):
    """숫자"""
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(block(32, 3, 1), block(64, 3, 1))
        self.head = head(128, 10)

    def forward(self, x):
        return self.head(self.body(x))
# %%
class CNN(nn.Module):
    """사진"""
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(block(6, 5), block(16, 5))
        self.head = head(120, 84, 10)

    def forward(self, x):
        return self.head(self.body(x))
