# style: names are bound to lambdas and functools.partial
# %%
import torch
from torch import nn
from functools import partial, reduce
from operator import add
# %%
_windows = lambda X, size: X.unfold(0, size[0], 1).unfold(1, size[1], 1)
corr2d = lambda X, K: (_windows(X, K.shape) * K).flatten(2).sum(2)
# %%
comp_conv2d = lambda conv2d, X: conv2d(X[None, None])[0, 0]
# %%
corr2d_multi_in = lambda X, K: reduce(add, map(corr2d, X, K))
corr2d_multi_in_out = lambda X, K: torch.stack(tuple(map(partial(corr2d_multi_in, X), K)))
corr2d_multi_in_out_1x1 = lambda X, K: torch.tensordot(K.squeeze(-1).squeeze(-1), X, dims=([1], [0]))
# %%
def _pool(X, pool_size, mode='max', table=None):
    return table[mode](_windows(X, pool_size))


pool2d = partial(_pool, table={'max': partial(torch.amax, dim=(2, 3)), 'avg': partial(torch.mean, dim=(2, 3))})
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
init_cnn = lambda m: nn.init.xavier_uniform_(m.weight) if type(m) in {nn.Linear, nn.Conv2d} else None
# %%
vgg_block = lambda num_convs, out_channels: nn.Sequential(
    *reduce(add, ([nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()] for _ in range(num_convs))),
    nn.MaxPool2d(kernel_size=2, stride=2))
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        conv = partial(nn.LazyConv2d, num_channels)
        self.main = nn.Sequential(conv(3, padding=1, stride=strides), nn.LazyBatchNorm2d(), nn.ReLU(),
                                  conv(3, padding=1), nn.LazyBatchNorm2d())
        self.side = conv(1, stride=strides) if use_1x1conv else (lambda X: X)

    forward = lambda self, X: torch.relu(self.main(X) + self.side(X))
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        stage = lambda i, n, c: [Residual(c, *((True, 2) if i and not j else ())) for j in range(n)]
        self.net = nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            *(block for i, (n, c) in enumerate(arch) for block in stage(i, n, c)),
            nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes))
        self.net.apply(init_cnn)

    forward = lambda self, X: self.net(X)


ResNet18 = partial(ResNet, ((2, 64), (2, 128), (2, 256), (2, 512)))
