# style: layers are created in another order than they are used in, under other names
# %%
import torch
from torch import nn
from torch.nn import functional as F
# %%
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.out = nn.Linear(84, num_classes)
        self.hidden_b = nn.Linear(120, 84)
        self.hidden_a = nn.Linear(400, 120)
        self.c3 = nn.Conv2d(6, 16, kernel_size=(5, 5))
        self.c1 = nn.Conv2d(1, 6, kernel_size=(5, 5), padding=(2, 2))
        self.s = nn.AvgPool2d((2, 2))

    def forward(self, X):
        X = self.s(self.c1(X).sigmoid())
        X = self.s(self.c3(X).sigmoid())
        X = self.hidden_a(X.flatten(1)).sigmoid()
        return self.out(self.hidden_b(X).sigmoid())
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.shortcut = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.norm_b = nn.LazyBatchNorm2d()
        self.conv_b = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.norm_a = nn.LazyBatchNorm2d()
        self.conv_a = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)

    def forward(self, X):
        side = X if self.shortcut is None else self.shortcut(X)  # 지름길 먼저
        main = self.norm_a(self.conv_a(X))
        main = self.norm_b(self.conv_b(F.relu(main)))
        return F.relu(torch.add(side, main))
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.head = nn.LazyLinear(num_classes)
        stages = []
        for number in reversed(range(len(arch))):
            count, channels = arch[number]
            blocks = [Residual(channels) for _ in range(count)]
            if number:
                blocks[0] = Residual(channels, use_1x1conv=True, strides=2)
            stages.insert(0, nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.norm = nn.LazyBatchNorm2d()
        self.conv = nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3)

    def forward(self, X):
        X = F.max_pool2d(F.relu(self.norm(self.conv(X))), kernel_size=3, stride=2, padding=1)
        return self.head(F.adaptive_avg_pool2d(self.stages(X), (1, 1)).squeeze(-1).squeeze(-1))


class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr=lr, num_classes=num_classes)
# %%
class VGG(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.scores = nn.LazyLinear(num_classes)
        self.second = nn.LazyLinear(4096)
        self.first = nn.LazyLinear(4096)
        self.drop = nn.Dropout(0.5)
        self.blocks = nn.Sequential(*[vgg_block(*each) for each in arch])

    def forward(self, X):
        X = self.blocks(X).flatten(1)
        X = self.drop(self.first(X).clamp(min=0))
        X = self.drop(self.second(X).clamp(min=0))
        return self.scores(X)


def vgg_block(num_convs, out_channels):
    pool = nn.MaxPool2d(2)
    convs = [nn.LazyConv2d(out_channels, kernel_size=3, padding=1) for _ in range(num_convs)]
    block = nn.Sequential(pool)
    for conv in convs[::-1]:
        block.insert(0, nn.ReLU())
        block.insert(0, conv)
    return block
