# style: networks with explicit sizes and a forward written with torch.nn.functional
# %%
import torch
import torch.nn as nn
import torch.nn.functional as F
# %%
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super(LeNet, self).__init__()
        self.lr = lr
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x):
        x = F.avg_pool2d(F.sigmoid(self.conv1(x)), 2)
        x = F.avg_pool2d(F.sigmoid(self.conv2(x)), kernel_size=2, stride=2)
        x = x.view(-1, self.num_flat_features(x))
        x = torch.sigmoid(self.fc1(x))
        x = torch.sigmoid(self.fc2(x))
        return self.fc3(x)

    def num_flat_features(self, x):
        n = 1
        for s in x.size()[1:]:
            n *= s
        return n
# %%
class ConvReLUs(nn.Module):
    def __init__(self, num_convs, out_channels):
        super().__init__()
        for i in range(num_convs):
            setattr(self, f'conv{i}', nn.LazyConv2d(out_channels, 3, padding='same'))
        self.num_convs = num_convs

    def forward(self, x):
        for i in range(self.num_convs):
            x = F.relu(getattr(self, f'conv{i}')(x))
        return F.max_pool2d(x, 2, 2)


def vgg_block(num_convs, out_channels):
    return ConvReLUs(num_convs, out_channels)
# %%
class VGG(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.blocks = nn.ModuleList([vgg_block(n, c) for n, c in arch])
        self.fc1 = nn.LazyLinear(4096)
        self.fc2 = nn.Linear(4096, 4096)
        self.fc3 = nn.Linear(4096, num_classes)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        x = torch.flatten(x, 1)
        x = F.dropout(F.relu(self.fc1(x)), p=0.5, training=self.training)
        x = F.dropout(F.relu(self.fc2(x)), p=0.5, training=self.training)
        return self.fc3(x)
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, 3, strides, 1)
        self.bn1 = nn.BatchNorm2d(num_channels)
        self.conv2 = nn.Conv2d(num_channels, num_channels, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(num_channels)
        self.use_1x1conv = use_1x1conv
        if self.use_1x1conv:
            self.conv3 = nn.LazyConv2d(num_channels, 1, strides)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.use_1x1conv:
            out = out + self.conv3(x)
        else:
            out = out + x
        return F.relu(out)
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(64)
        self.layers = nn.ModuleList(self.make_layer(n, c, i) for i, (n, c) in enumerate(arch))
        self.fc = nn.Linear(arch[-1][1], num_classes)

    def make_layer(self, num_residuals, num_channels, i):
        layer = nn.ModuleList()
        for j in range(num_residuals):
            if j == 0 and i != 0:
                layer.append(Residual(num_channels, True, 2))
            else:
                layer.append(Residual(num_channels))
        return layer

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for layer in self.layers:
            for block in layer:
                x = block(x)
        x = F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1)
        return self.fc(x)


def ResNet18(lr=0.1, num_classes=10):
    return ResNet(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
