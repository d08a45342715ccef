# notebook: jupyter
# %% [markdown]
# # CNN homework — Elif
#
# Sections follow the book. My notes are under *Memo*, my answers under *Discussion*, and I did some *Exercises*.
# %%
import itertools
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l
# %% [markdown]
# ## 7.1 From Dense to Convolutional
# ### Memo
# - locality, translation
# - audio: the same ideas with one axis (time)
# ### Discussion
# For audio the kernel would be one-dimensional over time, or two-dimensional over a spectrogram. In a spectrogram invariance along
# frequency is doubtful: the same word an octave higher is not the same pattern moved.
# %% [markdown]
# ## 7.2 Convolutions for Images
# %%
def windows(X, h, w):
    """All h×w windows of X, row by row."""
    for i, j in itertools.product(range(X.shape[0] - h + 1), range(X.shape[1] - w + 1)):
        yield X[i:i + h, j:j + w]


def corr2d(X, K):
    h, w = K.shape
    values = torch.stack([(window * K).sum() for window in windows(X, h, w)])
    return values.reshape(X.shape[0] - h + 1, X.shape[1] - w + 1)


corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))
#= tensor([[19., 25.],
#=         [37., 43.]])
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, X):
        return corr2d(X, self.weight) + self.bias
# %%
X = torch.ones(6, 8)
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
print(Y)
print(corr2d(X.t(), K))
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
inputs, targets = X[None, None], Y[None, None]
for i in range(10):
    loss = ((conv2d(inputs) - targets) ** 2).sum()
    conv2d.zero_grad()
    loss.backward()
    conv2d.weight.data -= 3e-2 * conv2d.weight.grad
print(conv2d.weight.data.reshape(1, 2))
#> tensor([[ 0.9894, -1.0002]])
# %% [markdown]
# ### Exercises
# Second derivative: `[1, -2, 1]`. A diagonal edge gives a diagonal answer for `K`, and the same for its transpose.
# %%
D = torch.tensor([[1.0, -2.0, 1.0]])
corr2d(torch.eye(5), D)
# %% [markdown]
# ### Discussion
# A derivative kernel must sum to zero, otherwise a uniform grey area would give an answer too. Gradient descent found such a kernel without
# being told so, from the targets alone.
# %% [markdown]
# ## 7.3 Padding and Stride
# %%
def comp_conv2d(conv2d, X):
    Y = conv2d(X.reshape((1, 1) + tuple(X.shape)))
    return Y[0][0]


X = torch.rand(8, 8)
print(comp_conv2d(nn.LazyConv2d(1, 3, padding=1), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, (5, 3), padding=(2, 1)), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, 3, padding=1, stride=2), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, (3, 5), padding=(0, 1), stride=(3, 4)), X).shape)
# %% [markdown]
# ### Discussion
# Mirror padding continues the picture instead of adding a black frame, which I like better for photographs. Strides cost accuracy for small objects.
# %% [markdown]
# ## 7.4 Channels
# %%
def corr2d_multi_in(X, K):
    return sum(map(corr2d, X, K))


def corr2d_multi_in_out(X, K):
    return torch.stack([corr2d_multi_in(X, k) for k in K])


def corr2d_multi_in_out_1x1(X, K):
    mix = K.flatten(1)  # (outputs, inputs)
    return (mix @ X.flatten(1)).unflatten(1, X.shape[1:])


X = torch.stack([torch.arange(9.0).reshape(3, 3), torch.arange(1.0, 10.0).reshape(3, 3)])
K = torch.stack([torch.arange(4.0).reshape(2, 2), torch.arange(1.0, 5.0).reshape(2, 2)])
print(corr2d_multi_in(X, K))
print(corr2d_multi_in_out(X, torch.stack((K, K + 1, K + 2))))
# %% [markdown]
# ### Discussion
# Two convolutions in a row without a nonlinearity are one convolution with a bigger kernel, so the ReLU between them is what makes depth useful.
# %% [markdown]
# ## 7.5 Pooling
# %%
def pool2d(X, pool_size, mode='max'):
    reduce = {'max': torch.max, 'avg': torch.mean}[mode]
    h, w = pool_size
    values = torch.stack([reduce(window) for window in windows(X, h, w)])
    return values.reshape(X.shape[0] - h + 1, X.shape[1] - w + 1)


X = torch.arange(9.0).reshape(3, 3)
print(pool2d(X, (2, 2)), pool2d(X, (2, 2), 'avg'))
# %%
X = torch.arange(16.0).reshape(1, 1, 4, 4)
pool2d = nn.MaxPool2d(3); print(pool2d(X))
pool2d = nn.MaxPool2d(3, padding=1, stride=2); print(pool2d(X))
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1)); print(pool2d(X))
# %% [markdown]
# ### Discussion
# Cost: (h−p+1)(w−q+1)·p·q comparisons per channel. Pooling with overlapping windows keeps more information than without.
# %% [markdown]
# ## 7.6 LeNet
# %%
def init_cnn(module):
    if isinstance(module, nn.Linear) or isinstance(module, nn.Conv2d):
        torch.nn.init.xavier_uniform_(module.weight)


class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(kernel_size=2, stride=2),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(kernel_size=2, stride=2), nn.Flatten(),
            nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))


LeNet().layer_summary((1, 1, 28, 28))
# %%
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128)
model = LeNet(lr=0.1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Exercises
# A modern version with max-pooling and ReLU:
# %%
class ModernLeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.LazyConv2d(16, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.LazyLinear(120), nn.ReLU(), nn.LazyLinear(84), nn.ReLU(), nn.LazyLinear(num_classes))


trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
model = ModernLeNet(lr=0.1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
# The modern version starts to learn at once, the old one waits for some epochs. So it was the sigmoids, not the depth.
# %% [markdown]
# ## 8.2 VGG
# %%
def vgg_block(num_convs, out_channels):
    layers = itertools.chain.from_iterable(
        (nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()) for _ in range(num_convs))
    return nn.Sequential(*layers, nn.MaxPool2d(kernel_size=2, stride=2))


class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            *itertools.starmap(vgg_block, arch), nn.Flatten(),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(num_classes))
        self.net.apply(d2l.init_cnn)


VGG(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
# %%
model = VGG(((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
# Compared with AlexNet it is slower but more regular. On 28×28 pictures enlarged to 224 most of the computation is spent on interpolated pixels.
# %% [markdown]
# ## 8.6 ResNet
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = nn.LazyBatchNorm2d()
        self.bn2 = nn.LazyBatchNorm2d()

    def forward(self, X):
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        if self.conv3:
            X = self.conv3(X)
        return F.relu(Y)


print(Residual(3)(torch.randn(4, 3, 6, 6)).shape)
print(Residual(6, use_1x1conv=True, strides=2)(torch.randn(4, 3, 6, 6)).shape)
#> torch.Size([4, 3, 6, 6])
#> torch.Size([4, 6, 3, 3])
# %%
class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(self.b1())
        for i, (count, channels) in enumerate(arch):
            self.net.add_module(f'b{i + 2}', self.block(count, channels, first_block=(i == 0)))
        self.net.add_module('last', nn.Sequential(
            nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))
        self.net.apply(d2l.init_cnn)

    def b1(self):
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1))

    def block(self, num_residuals, num_channels, first_block=False):
        shrink = [not first_block] + [False] * (num_residuals - 1)
        return nn.Sequential(*[Residual(num_channels, s, 2 if s else 1) for s in shrink])


class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)


ResNet18().layer_summary((1, 1, 96, 96))
# %%
model = ResNet18(lr=0.01)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128, resize=(96, 96))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
# The block learns what has to be *added* to its input. That is why very deep networks of this kind can be trained at all.
