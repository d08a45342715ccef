# style: batch normalisation by F.batch_norm with own parameters and registered buffers
# %%
import torch
from torch import nn
from torch.nn import functional as F
# %%
class Normalise(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.register_buffer('mean', torch.zeros(channels))
        self.register_buffer('var', torch.ones(channels))

    def forward(self, X):
        return F.batch_norm(X, self.mean, self.var, self.scale, self.shift, training=self.training)
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.first = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.second = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.norms = nn.ModuleList([Normalise(num_channels), Normalise(num_channels)])
        self.short = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else nn.Identity()

    def forward(self, X):
        Y = F.relu(self.norms[0](self.first(X)), inplace=True)
        Y = self.norms[1](self.second(Y))
        return F.relu(Y + self.short(X))
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        layers = [nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), Normalise(64), nn.ReLU(),
                  nn.MaxPool2d(kernel_size=3, stride=2, padding=1)]
        for i in range(len(arch)):
            for j in range(arch[i][0]):
                new_stage = i > 0 and j == 0
                layers.append(Residual(arch[i][1], new_stage, 2 if new_stage else 1))
        layers += [nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)]
        self.net = nn.Sequential(*layers)

    def forward(self, X):
        return self.net(X)
# %%
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
