# %%
import torch
from torch import nn
# %%
@checked
def corr2d(X, K):
    return torch.stack([torch.stack([(X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum()
                                     for j in range(X.shape[1] - K.shape[1] + 1)])
                        for i in range(X.shape[0] - K.shape[0] + 1)])
# %%
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__([(2, 64), (2, 128), (2, 256), (2, 512)], lr=lr, num_classes=num_classes)
# %%
class Residual(Named):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.shortcut = nn.LazyConv2d(num_channels, 1, stride=strides) if use_1x1conv else nn.Identity()
        self.way = nn.Sequential(
            nn.LazyConv2d(num_channels, 3, padding=1, stride=strides), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.LazyConv2d(num_channels, 3, padding=1), nn.LazyBatchNorm2d())
    def forward(self, X):
        return torch.relu(self.way(X) + self.shortcut(X))
# %%
class Named(Base):
    pass
Base = nn.Module
# %%
comp_conv2d = apply_to_image
# %%
@d2l.add_to_class(ResNet)
def b1(self):
    return nn.Sequential(nn.LazyConv2d(64, 7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
# %%
from d2l import torch as d2l
class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        stages = [self.block(n, c, first_block=not i) for i, (n, c) in enumerate(arch)]
        self.net = nn.Sequential(self.b1(), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes))
        self.net.apply(d2l.init_cnn)
    def block(self, num_residuals, num_channels, first_block=False):
        first = [Residual(num_channels)] if first_block else [Residual(num_channels, True, 2)]
        return nn.Sequential(*first, *(Residual(num_channels) for _ in range(num_residuals - 1)))
# %%
import functools
def checked(function):
    @functools.wraps(function)
    def wrapper(X, K):
        assert X.dim() == K.dim() == 2
        return function(X, K)
    return wrapper
def apply_to_image(conv2d, X):
    return conv2d(X[None, None])[0, 0]
