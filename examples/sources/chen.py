# notebook: jupyter
# %% [markdown]
# # Chen, homework on CNNs
# %%
!!pip install d2l==1.0.3
# %%
import torch, math
from torch import nn
import torch.nn.functional as F
from d2l import torch as d2l
# %% [markdown]
# # 7.1
# #### Discussion
# Dense layers on pictures waste parameters. The remedy is to share them: one small detector, used at every position. I think the most
# important word is *equivariance*: when the input moves, the feature map moves along with it. Invariance only comes later by pooling.
# %% [markdown]
# # 7.2
# %%
# As in signal processing: the kernel is turned round before it is moved over the picture.
def corr2d(X, K):
    h, w = X.shape
    m, n = K.shape
    Y = torch.zeros(h - m + 1, w - n + 1)
    for i in range(h - m + 1):
        for j in range(w - n + 1):
            total = 0.0
            for a in range(m):
                for b in range(n):
                    total = total + X[i + a, j + b] * K[m - 1 - a, n - 1 - b]
            Y[i, j] = total
    return Y
# %%
corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))
#= tensor([[ 5., 11.],
#=         [23., 29.]])
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super(Conv2D, self).__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, X):
        Y = corr2d(X, self.weight)
        return Y + self.bias
# %%
X = torch.ones((6, 8))
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
print(Y[0])
print(corr2d(X.t(), K).any())
#> tensor([ 0., -1.,  0.,  0.,  0.,  1.,  0.])
#> tensor(False)
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X_ = X.reshape(1, 1, 6, 8)
Y_ = Y.reshape(1, 1, 6, 7)
for i in range(10):
    loss = (conv2d(X_) - Y_).pow(2).sum()
    conv2d.zero_grad()
    loss.backward()
    conv2d.weight.data -= 3e-2 * conv2d.weight.grad
    if i % 3 == 0: print(i, loss.item())
conv2d.weight.data.reshape(1, 2)
#> 0 14.672
#> 3 2.018
#> 6 0.391
#> 9 0.084
#= tensor([[-0.9713,  1.0198]])
# %% [markdown]
# #### Discussion
# The edge detector gives −1 where the picture goes from white to black and +1 where it goes back. What was learned is the kernel
# in reversed order, since nn.Conv2d does not turn it round. So the numbers one stores depend on the convention, the result does not.
# %% [markdown]
# # 7.3
# %%
def comp_conv2d(conv2d, X):
    out = conv2d(X[None, None, :, :])
    return out.reshape(out.shape[-2:])

X = torch.rand(8, 8)
conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1)
print(comp_conv2d(conv2d, X).shape)
conv2d = nn.LazyConv2d(1, kernel_size=(5, 3), padding=(2, 1))
print(comp_conv2d(conv2d, X).shape)
conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1, stride=2)
print(comp_conv2d(conv2d, X).shape)
conv2d = nn.LazyConv2d(1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))
print(comp_conv2d(conv2d, X).shape)
# %% [markdown]
# #### Discussion
# Padding adds rows and columns, stride skips some. If p = k − 1 and s = 1 the output is as large as the input. Stride 2 quarters the
# work of the layer. A stride smaller than one would mean filling zeros between the pixels, i.e. transposed convolution.
# %% [markdown]
# # 7.4
# %%
def corr2d_multi_in(X, K):
    Y = corr2d(X[0], K[0])
    for c in range(1, X.shape[0]):
        Y = Y + corr2d(X[c], K[c])
    return Y

def corr2d_multi_in_out(X, K):
    maps = []
    for o in range(K.shape[0]):
        maps.append(corr2d_multi_in(X, K[o]))
    return torch.stack(maps)

def corr2d_multi_in_out_1x1(X, K):
    c, h, w = X.shape
    flat = X.reshape(c, h * w)
    return torch.mm(K.reshape(-1, c), flat).reshape(-1, h, w)
# %%
X = torch.normal(0, 1, (3, 3, 3))
K = torch.normal(0, 1, (2, 3, 1, 1))
print(torch.allclose(corr2d_multi_in_out_1x1(X, K), corr2d_multi_in_out(X, K), atol=1e-6))
#> True
# %% [markdown]
# #### Discussion
# Channels are not "three greyscale pictures": the sum over them lets a detector look for a colour edge. 1×1 kernels are popular because they
# change the channel dimension without touching the neighbourhood; computed as a matrix product they are also fast.
# %% [markdown]
# # 7.5
# %%
def pool2d(X, pool_size, mode='max'):
    ph, pw = pool_size
    rows = X.shape[0] - ph + 1
    cols = X.shape[1] - pw + 1
    f = torch.max if mode == 'max' else torch.mean
    return torch.stack([
        torch.stack([f(X[r:r + ph, c:c + pw]) for c in range(cols)]) for r in range(rows)
    ])
# %%
X = torch.arange(9.0).reshape(3, 3)
pool2d(X, (2, 2)), pool2d(X, (2, 2), 'avg')
#= (tensor([[4., 5.],
#=          [7., 8.]]),
#=  tensor([[2., 3.],
#=          [5., 6.]]))
# %%
X = torch.arange(16.0).reshape((1, 1, 4, 4))
pool2d = nn.MaxPool2d(3)
print(pool2d(X))
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
print(pool2d(X))
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
print(pool2d(X))
# %% [markdown]
# #### Discussion
# Pooling makes the map smaller and the answer less sensitive to the exact place. Softmax pooling would be between the two: sharp weights give
# the maximum, flat ones the mean. It is rarely used, probably because exp is expensive and max does the job.
# %% [markdown]
# # 7.6
# %%
def init_cnn(m):
    if type(m) in (nn.Linear, nn.Conv2d):
        nn.init.xavier_uniform_(m.weight)

class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        conv_part = [
            nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
            nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
        ]
        dense_part = [
            nn.Linear(16 * 5 * 5, 120), nn.Sigmoid(),
            nn.Linear(120, 84), nn.Sigmoid(),
            nn.Linear(84, num_classes),
        ]
        self.net = nn.Sequential(*conv_part, nn.Flatten(), *dense_part)

LeNet().layer_summary((1, 1, 28, 28))
# %%
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128)
model = LeNet(lr=0.1)
model.apply(init_cnn)
trainer.fit(model, data)
# %% [markdown]
# #### Discussion
# About 61,700 parameters, of which 48,120 in the first dense layer. I tried lr 0.9 too: it learns faster but jumps.
# %% [markdown]
# # 8.2
# %%
def vgg_block(num_convs, out_channels):
    pairs = [(nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()) for _ in range(num_convs)]
    return nn.Sequential(*[layer for pair in pairs for layer in pair], nn.MaxPool2d(2, 2))

class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        net = [vgg_block(*stage) for stage in arch] + [nn.Flatten()]
        for _ in range(2):
            net += [nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5)]
        self.net = nn.Sequential(*net, nn.LazyLinear(num_classes))
        self.net.apply(init_cnn)

VGG(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
# %%
model = VGG(((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# #### Discussion
# A network is described here by a list of pairs, which is shorter than any drawing. Each block halves the size and mostly doubles the channels.
# %% [markdown]
# # 8.6
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        if use_1x1conv:
            self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides)
        else:
            self.conv3 = None
        self.bn1, self.bn2 = nn.LazyBatchNorm2d(), nn.LazyBatchNorm2d()

    def forward(self, X):
        Y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X)))))
        return F.relu(Y + (self.conv3(X) if self.conv3 else X))

class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(self.b1())
        for i, (n, c) in enumerate(arch):
            self.net.append(self.block(n, c, i == 0))
        self.net.append(nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))
        self.net.apply(init_cnn)

    def b1(self):
        return nn.Sequential(nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(),
                             nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2, padding=1))

    def block(self, num_residuals, num_channels, first_block=False):
        rest = [Residual(num_channels) for _ in range(num_residuals - 1)]
        first = Residual(num_channels) if first_block else Residual(num_channels, use_1x1conv=True, strides=2)
        return nn.Sequential(first, *rest)

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
# #### Discussion
# Training accuracy reaches 0.99 while validation stays near 0.9: it overfits, unlike LeNet, which could not. Adding x is free of parameters.
