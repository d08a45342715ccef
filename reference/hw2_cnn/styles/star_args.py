# style: *args and **kwargs everywhere, helpers called by keyword only
# %%
import torch
from torch import nn
from d2l import torch as d2l
# %%
def size(*, image, kernel):
    return [a - b + 1 for a, b in zip(image.shape, kernel.shape)]


def corr2d(*args, **options):
    image, kernel = args
    Y = torch.zeros(*size(image=image, kernel=kernel), **options)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (image[i:i + kernel.shape[0], j:j + kernel.shape[1]] * kernel).sum()
    return Y
# %%
class Conv2D(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(*args, **kwargs))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, *inputs, **kwargs):
        return corr2d(*inputs, self.weight) + self.bias
# %%
def comp_conv2d(*layer_and_image):
    layer, image = layer_and_image
    return layer(image.view(1, 1, *image.shape)).view(*layer(image[None, None]).shape[2:])
# %%
def pool2d(X, *rest, **named):
    pool_size, mode, *_ = (*rest, *named.values(), 'max')
    Y = torch.empty(X.shape[0] - pool_size[0] + 1, X.shape[1] - pool_size[1] + 1)
    for index in torch.cartesian_prod(torch.arange(Y.shape[0]), torch.arange(Y.shape[1])).tolist():
        i, j = index
        window = X[i:i + pool_size[0], j:j + pool_size[1]]
        Y[i, j] = dict(max=window.max(), avg=window.mean())[mode]
    return Y
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(**dict(kernel_size=3, padding=1, stride=2))
# %%
pool2d = nn.MaxPool2d(*((2, 3), (2, 3), (0, 1)))
# %%
class LeNet(d2l.Classifier):
    def __init__(self, *args, **kwargs):
        super().__init__()
        lr, num_classes, *_ = (*args, kwargs.get('lr', 0.1), kwargs.get('num_classes', 10))
        self.lr = lr
        conv = lambda *a, **k: (nn.LazyConv2d(*a, kernel_size=5, **k), nn.Sigmoid(), nn.AvgPool2d(2, 2))
        self.net = nn.Sequential(*conv(6, padding=2), *conv(16), nn.Flatten(),
                                 nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(),
                                 nn.LazyLinear(num_classes))
# %%
class VGG(d2l.Classifier):
    def __init__(self, *args, lr=0.1, num_classes=10, **kwargs):
        super().__init__()
        (arch, *_) = args
        self.lr = lr
        dense = [nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(p=0.5)]
        again = [nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(p=0.5)]
        self.net = nn.Sequential(*[vgg_block(*pair) for pair in arch], nn.Flatten(), *dense, *again,
                                 nn.LazyLinear(num_classes))


def vgg_block(*args, **kwargs):
    num_convs, out_channels = (*args, *kwargs.values())
    layers = []
    for _ in range(num_convs):
        layers.extend((nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()))
    return nn.Sequential(*layers, nn.MaxPool2d(kernel_size=2, stride=2))
