# style: layers are made in the first forward, when the number of input channels is known, without lazy modules
# %%
import torch
from torch import nn
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.num_channels = num_channels
        self.use_1x1conv = use_1x1conv
        self.strides = strides
        self.layers = None
        self.shortcut = None

    def build(self, in_channels):
        c, s = self.num_channels, self.strides
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, c, 3, padding=1, stride=s), nn.BatchNorm2d(c), nn.ReLU(),
            nn.Conv2d(c, c, 3, padding=1), nn.BatchNorm2d(c))
        if self.use_1x1conv:
            self.shortcut = nn.Conv2d(in_channels, c, 1, stride=s)
        self.layers.train(self.training)

    def forward(self, X):
        if self.layers is None:
            self.build(X.shape[1])
        Y = self.layers(X)
        if self.shortcut is not None:
            X = self.shortcut(X)
        return torch.relu(Y + X)
# %%
class VGGBlock(nn.Module):
    def __init__(self, num_convs, out_channels):
        super().__init__()
        self.num_convs, self.out_channels = num_convs, out_channels
        self.net = nn.Sequential()

    def forward(self, X):
        if len(self.net) == 0:
            channels = X.shape[1]
            for _ in range(self.num_convs):
                self.net.append(nn.Conv2d(channels, self.out_channels, kernel_size=3, padding=1))
                self.net.append(nn.ReLU())
                channels = self.out_channels
            self.net.append(nn.MaxPool2d(2))
        return self.net(X)


vgg_block = lambda num_convs, out_channels: VGGBlock(num_convs, out_channels)
# %%
class VGG(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.arch, self.num_classes = arch, num_classes
        self.features = nn.ModuleList(vgg_block(n, c) for n, c in arch)
        self.classifier = None

    def forward(self, X):
        for (n, c), block in zip(self.arch, self.features):
            X = block(X)
            assert X.shape[1] == c
        X = X.flatten(1)
        if self.classifier is None:
            self.classifier = nn.Sequential(
                nn.Linear(X.shape[1], 4096), nn.ReLU(), nn.Dropout(0.5),
                nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
                nn.Linear(4096, self.num_classes))
        return self.classifier(X)
