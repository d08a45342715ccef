# notebook: jupyter
# %% [markdown]
# Ines
#
# Discussion 7.1: An image is not a list of unrelated numbers. The convolution knows two things about it: what is near belongs together, and what is
# true here is true there. A dense layer would have to learn both from examples.
# %%
# 7.2
import torch
import torch.nn as nn
import torch.nn.functional as F
from d2l import torch as d2l


def corr2d(X, K):
    height, width = K.shape
    Y = torch.zeros(X.shape[0] - height + 1, X.shape[1] - width + 1)
    i = 0
    while i < Y.shape[0]:
        j = 0
        while j < Y.shape[1]:
            Y[i, j] = (X[i:i + height, j:j + width] * K).sum()
            j += 1
        i += 1
    return Y


class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        nn.Module.__init__(self)
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
X = torch.arange(9.0).reshape(3, 3)
K = torch.arange(4.0).reshape(2, 2)
print(corr2d(X, K))

X = torch.ones(6, 8)
X[:, 2:6] = 0.0
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
print(Y)
print(corr2d(X.t(), K))
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X, Y = X.reshape((1, 1, 6, 8)), Y.reshape((1, 1, 6, 7))
step = 0
while step < 10:
    loss = ((conv2d(X) - Y) ** 2).sum()
    conv2d.zero_grad()
    loss.backward()
    conv2d.weight.data[:] -= 3e-2 * conv2d.weight.grad
    step += 1
print(step, loss.item(), conv2d.weight.data)
#> 10 0.0314 tensor([[[[ 0.9803, -0.9798]]]])
# %% [markdown]
# Discussion 7.2: the difference of neighbours is large only at an edge. A learned kernel is better than a designed one as soon as we cannot say what we
# are looking for.
# %%
# 7.3
def comp_conv2d(conv2d, X):
    batch = torch.unsqueeze(torch.unsqueeze(X, 0), 0)
    Y = conv2d(batch)
    return Y[0, 0, :, :]


X = torch.rand(8, 8)
print(comp_conv2d(nn.LazyConv2d(1, kernel_size=3, padding=1), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, kernel_size=(5, 3), padding=(2, 1)), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, kernel_size=3, padding=1, stride=2), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4)), X).shape)
# %% [markdown]
# Discussion 7.3: many layers without padding eat the picture from its border. Stride and padding together choose the size of the output freely.
# %%
# 7.4
def corr2d_multi_in(X, K):
    c, Y = 0, 0
    while c < X.shape[0]:
        Y = Y + corr2d(X[c], K[c])
        c += 1
    return Y


def corr2d_multi_in_out(X, K):
    Y = []
    while len(Y) < K.shape[0]:
        Y.append(corr2d_multi_in(X, K[len(Y)]))
    return torch.stack(Y)


def corr2d_multi_in_out_1x1(X, K):
    flat = K.reshape(K.shape[0], K.shape[1]) @ X.reshape(X.shape[0], -1)
    return flat.reshape(K.shape[0], X.shape[1], X.shape[2])


X = torch.normal(0, 1, (3, 3, 3))
K = torch.normal(0, 1, (2, 3, 1, 1))
print(torch.abs(corr2d_multi_in_out_1x1(X, K) - corr2d_multi_in_out(X, K)).max())
# %% [markdown]
# Discussion 7.4: a channel is an answer to one question asked at each place. More channels, more questions. The 1×1 layer combines answers.
# %%
# 7.5
def pool2d(X, pool_size, mode='max'):
    p_h, p_w = pool_size
    Y = torch.zeros(X.shape[0] - p_h + 1, X.shape[1] - p_w + 1)
    i = 0
    while i < Y.shape[0]:
        j = 0
        while j < Y.shape[1]:
            window = X[i:i + p_h, j:j + p_w]
            if mode == 'max':
                Y[i, j] = window.max()
                j += 1
            elif mode == 'avg':
                Y[i, j] = window.mean()
        i += 1
    return Y


X = torch.arange(9.0).reshape(3, 3)
print(pool2d(X, (2, 2)))
#> tensor([[4., 5.],
#>         [7., 8.]])
# %%
print(pool2d(X, (2, 2), 'avg'))
# %%
X = torch.arange(16.0).reshape(1, 1, 4, 4)
pool2d = nn.MaxPool2d(3)
print(pool2d(X))
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
print(pool2d(X))
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
print(pool2d(X))
# %% [markdown]
# Discussion 7.5: the average did not finish on my computer, it seems to be much slower than the maximum. In theory both look at the same number of pixels.
# %%
# 7.6
def init_cnn(module):
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(module.weight)


class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            ConvBlock(6, padding=2), ConvBlock(16), nn.Flatten(), Dense(120), Dense(84), nn.LazyLinear(num_classes)
        )


class ConvBlock(nn.Module):
    def __init__(self, channels, **options):
        super().__init__()
        self.conv = nn.LazyConv2d(channels, kernel_size=5, **options)
        self.act = nn.Sigmoid()
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)

    def forward(self, x):
        return self.pool(self.act(self.conv(x)))


class Dense(nn.Sequential):
    def __init__(self, width):
        super().__init__(nn.LazyLinear(width), nn.Sigmoid())


LeNet().layer_summary((1, 1, 28, 28))
#> ConvBlock output shape:	 torch.Size([1, 6, 14, 14])
#> ConvBlock output shape:	 torch.Size([1, 16, 5, 5])
#> Flatten output shape:	 torch.Size([1, 400])
#> Dense output shape:	 torch.Size([1, 120])
#> Dense output shape:	 torch.Size([1, 84])
#> Linear output shape:	 torch.Size([1, 10])
# %%
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128)
model = LeNet(lr=0.1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# Discussion 7.6: LeNet is small and its accuracy on clothes is lower than on digits. Shirts and pullovers are confused most.
# %%
# 8.2
def vgg_block(num_convs, out_channels):
    block = nn.Sequential()
    while len(block) < 2 * num_convs:
        block.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        block.append(nn.ReLU())
    return block.append(nn.MaxPool2d(kernel_size=2, stride=2))


class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(*[vgg_block(*pair) for pair in arch])
        self.net.append(nn.Flatten())
        self.net.extend([nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5)])
        self.net.extend([nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5)])
        self.net.append(nn.LazyLinear(num_classes))


VGG(arch=((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
# %%
model = VGG(arch=((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# Discussion 8.2: the idea of VGG is to think in blocks and not in layers, as one thinks in functions and not in instructions.
# %%
# 8.6
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.first = nn.Sequential(
            nn.LazyConv2d(num_channels, kernel_size=3, stride=strides, padding=1), nn.LazyBatchNorm2d(), nn.ReLU()
        )
        self.second = nn.Sequential(nn.LazyConv2d(num_channels, kernel_size=3, padding=1), nn.LazyBatchNorm2d())
        self.side = nn.Sequential()
        if use_1x1conv:
            self.side.append(nn.LazyConv2d(num_channels, kernel_size=1, stride=strides))

    def forward(self, X):
        return F.relu(self.second(self.first(X)) + self.side(X))


class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(self.b1())
        for i, (num_residuals, num_channels) in enumerate(arch):
            self.net.append(self.block(num_residuals, num_channels, first_block=i == 0))
        self.net.append(nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))

    def b1(self):
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )

    def block(self, num_residuals, num_channels, first_block=False):
        first = Residual(num_channels) if first_block else Residual(num_channels, use_1x1conv=True, strides=2)
        return nn.Sequential(first, *[Residual(num_channels) for _ in range(num_residuals - 1)])


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
# Discussion 8.6: adding is better than replacing: whatever a block does, its input is still there afterwards.
