# style: networks whose poolings are written with views, amax and mean
# %%
import torch
from torch import nn
# %%
class HalfMax(nn.Module):
    """Largest of each 2 x 2 block; an odd row or column at the end is dropped."""

    def forward(self, X):
        return X.unfold(2, 2, 2).unfold(3, 2, 2).amax(dim=(-2, -1))


class HalfMean(nn.Module):
    def forward(self, X):
        n, c, h, w = X.shape
        return X.reshape(n, c, h // 2, 2, w // 2, 2).mean(dim=(3, 5))
# %%
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), HalfMean(),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), HalfMean(),
            nn.Flatten(), nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))

    def forward(self, X):
        return self.net(X)
# %%
def vgg_block(num_convs, out_channels):
    layers = []
    for _ in range(num_convs):
        layers += [nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, HalfMax())
# %%
class VGG(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(
            *[vgg_block(n, c) for n, c in arch], nn.Flatten(),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(num_classes))

    def forward(self, X):
        return self.net(X)
