# style: no classes but one, networks are functions that return nn.Sequential
# %%
import torch
from torch import nn
# %%
def LeNet(lr=0.1, num_classes=10):
    def stage(channels, **options):
        return nn.Sequential(nn.LazyConv2d(channels, kernel_size=5, **options), nn.Sigmoid(), nn.AvgPool2d(2))

    return nn.Sequential(stage(6, padding=2), stage(16), nn.Flatten(),
                         nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))
# %%
def vgg_block(num_convs, out_channels):
    unit = lambda: nn.Sequential(nn.LazyConv2d(out_channels, 3, padding=1), nn.ReLU())
    return nn.Sequential(nn.Sequential(*[unit() for _ in range(num_convs)]), nn.MaxPool2d(2, stride=2))


def VGG(arch, lr=0.1, num_classes=10):
    dense = [m for _ in 'ab' for m in (nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(.5))]
    return nn.Sequential(*map(lambda pair: vgg_block(*pair), arch), nn.Flatten(), *dense, nn.LazyLinear(num_classes))
# %%
class Add(nn.Module):
    """Both branches, added."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, X):
        return sum(branch(X) for branch in self.branches)


def Residual(num_channels, use_1x1conv=False, strides=1):
    main = nn.Sequential(
        nn.LazyConv2d(num_channels, 3, padding=1, stride=strides), nn.LazyBatchNorm2d(), nn.ReLU(),
        nn.LazyConv2d(num_channels, 3, padding=1), nn.LazyBatchNorm2d())
    side = nn.LazyConv2d(num_channels, 1, stride=strides) if use_1x1conv else nn.Identity()
    return nn.Sequential(Add(main, side), nn.ReLU())
# %%
def ResNet(arch, lr=0.1, num_classes=10):
    def stage(number, count, channels):
        yield Residual(channels) if number == 0 else Residual(channels, use_1x1conv=True, strides=2)
        yield from (Residual(channels) for _ in range(count - 1))

    stem = [nn.LazyConv2d(64, 7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    body = [block for number, pair in enumerate(arch) for block in stage(number, *pair)]
    return nn.Sequential(*stem, *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes))


def ResNet18(lr=0.1, num_classes=10):
    return ResNet([(2, 64 * 2 ** i) for i in range(4)], lr, num_classes)
# %%
def init_cnn(module):
    table = {nn.Linear: nn.init.xavier_uniform_, nn.Conv2d: nn.init.xavier_uniform_}
    table.get(type(module), lambda weight: None)(getattr(module, 'weight', None))
