# notebook: colab
# %%
!pip install d2l==1.0.3
#> Collecting d2l==1.0.3
#>   Downloading d2l-1.0.3-py3-none-any.whl (111 kB)
#> Successfully installed d2l-1.0.3
# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l
# %% [markdown]
# # HW2: convolutional networks (Ada)
#
# Everything ran on a T4 in Colab.
# %% [markdown]
# ## 7.1. From Fully Connected Layers to Convolutions
#
# ### Discussion
#
# A photo with a million pixels and a hidden layer of a thousand units already needs a billion weights. Two wishes save us:
# the same detector should work wherever the object is (translation), and a hidden unit should look only at its neighbourhood
# (locality). The first makes the weights independent of the position, the second cuts them off beyond a distance $\Delta$.
# Channels then give back some of the freedom, because each position holds a vector and not a single number.
#
# Could translation invariance hurt? Yes, for instance when we read a clock face or a chess board, where the position *is* the
# information.
# %% [markdown]
# ## 7.2. Convolutions for Images
# %%
def corr2d(X, K):
    """Slide K over X and sum the products."""
    kh, kw = K.shape
    out = torch.zeros((X.shape[0] - kh + 1, X.shape[1] - kw + 1))
    for row in range(out.shape[0]):
        for col in range(out.shape[1]):
            out[row, col] = (X[row:row + kh, col:col + kw] * K).sum()
    return out
# %%
X = torch.arange(9.0).reshape(3, 3)
K = torch.arange(4.0).reshape(2, 2)
corr2d(X, K)
#= tensor([[19., 25.],
#=         [37., 43.]])
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
X = torch.ones((6, 8))
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])
Y = corr2d(X, K)
print(Y)
print(corr2d(X.t(), K))
#> tensor([[ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.]])
#> tensor([[0., 0., 0., 0., 0.],
#>         [0., 0., 0., 0., 0.],
#>         [0., 0., 0., 0., 0.],
#>         [0., 0., 0., 0., 0.],
#>         [0., 0., 0., 0., 0.],
#>         [0., 0., 0., 0., 0.],
#>         [0., 0., 0., 0., 0.],
#>         [0., 0., 0., 0., 0.]])
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X = X.reshape((1, 1, 6, 8))
Y = Y.reshape((1, 1, 6, 7))
lr = 3e-2

for step in range(10):
    loss = (conv2d(X) - Y) ** 2
    conv2d.zero_grad()
    loss.sum().backward()
    conv2d.weight.data[:] -= lr * conv2d.weight.grad
    if step % 2 == 1:
        print(f'step {step + 1}, loss {loss.sum():.3f}')
#> step 2, loss 7.905
#> step 4, loss 1.711
#> step 6, loss 0.453
#> step 8, loss 0.148
#> step 10, loss 0.055
# %%
conv2d.weight.data.reshape((1, 2))
#= tensor([[ 1.0119, -0.9671]])
# %% [markdown]
# ### Discussion
#
# The kernel with one and minus one is a finite difference along a row, so it answers only where neighbours differ. The
# transposed image has its edges the other way round, and the answer is zero everywhere: the kernel sees vertical edges only.
# Learning found nearly the same numbers from ten looks at one picture. Whether we call it convolution or cross-correlation does not
# matter for learning, as the learned kernel is simply flipped in the other case.
# %% [markdown]
# ## 7.3. Padding and Stride
# %%
def comp_conv2d(conv2d, X):
    X = X.reshape((1, 1) + X.shape)
    Y = conv2d(X)
    return Y.reshape(Y.shape[2:])

conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1)
X = torch.rand(size=(8, 8))
print(comp_conv2d(conv2d, X).shape)
conv2d = nn.LazyConv2d(1, kernel_size=(5, 3), padding=(2, 1))
print(comp_conv2d(conv2d, X).shape)
conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1, stride=2)
print(comp_conv2d(conv2d, X).shape)
conv2d = nn.LazyConv2d(1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))
print(comp_conv2d(conv2d, X).shape)
#> torch.Size([8, 8])
#> torch.Size([8, 8])
#> torch.Size([4, 4])
#> torch.Size([2, 2])
# %% [markdown]
# ### Discussion
#
# Without padding the picture shrinks with every layer and the border pixels are used less than the others. Odd kernels are
# convenient, because $(k-1)/2$ zeros on either side keep the size. A stride larger than one throws positions away on purpose:
# cheaper, and the next layer sees further. For the last call: $\lfloor(8-3+0+3)/3\rfloor = 2$ and $\lfloor(8-5+2+4)/4\rfloor = 2$.
# %% [markdown]
# ## 7.4. Multiple Input and Multiple Output Channels
# %%
def corr2d_multi_in(X, K):
    return sum(d2l.corr2d(channel, kernel) for channel, kernel in zip(X, K))
# %%
X = torch.tensor([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]],
                  [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]])
K = torch.tensor([[[0.0, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, 4.0]]])
corr2d_multi_in(X, K)
#= tensor([[ 56.,  72.],
#=         [104., 120.]])
# %%
def corr2d_multi_in_out(X, K):
    return torch.stack([corr2d_multi_in(X, kernel) for kernel in K], 0)

K = torch.stack((K, K + 1, K + 2), 0)
print(K.shape)
corr2d_multi_in_out(X, K)
#> torch.Size([3, 2, 2, 2])
#= tensor([[[ 56.,  72.],
#=          [104., 120.]],
#=
#=         [[ 76., 100.],
#=          [148., 172.]],
#=
#=         [[ 96., 128.],
#=          [192., 224.]]])
# %%
def corr2d_multi_in_out_1x1(X, K):
    c_in, h, w = X.shape
    c_out = K.shape[0]
    Y = torch.matmul(K.reshape((c_out, c_in)), X.reshape((c_in, h * w)))
    return Y.reshape((c_out, h, w))
# %%
X = torch.normal(0, 1, (3, 3, 3))
K = torch.normal(0, 1, (2, 3, 1, 1))
Y1 = corr2d_multi_in_out_1x1(X, K)
Y2 = corr2d_multi_in_out(X, K)
assert float(torch.abs(Y1 - Y2).sum()) < 1e-6
# %% [markdown]
# ### Discussion
#
# Each output channel has one kernel *per input channel*, and the products are summed over all of them. With a window of one pixel
# nothing spatial is left: it is a fully connected layer applied to the channel vector of every pixel with shared weights. That
# makes it a cheap way to change the number of channels.
# %% [markdown]
# ## 7.5. Pooling
# %%
def pool2d(X, pool_size, mode='max'):
    p_h, p_w = pool_size
    out = torch.zeros((X.shape[0] - p_h + 1, X.shape[1] - p_w + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            window = X[i:i + p_h, j:j + p_w]
            if mode == 'max':
                out[i, j] = window.max()
            elif mode == 'avg':
                out[i, j] = window.mean()
    return out
# %%
X = torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
print(pool2d(X, (2, 2)))
print(pool2d(X, (2, 2), 'avg'))
#> tensor([[4., 5.],
#>         [7., 8.]])
#> tensor([[2., 3.],
#>         [5., 6.]])
# %%
X = torch.arange(16, dtype=torch.float32).reshape((1, 1, 4, 4))
pool2d = nn.MaxPool2d(3)
pool2d(X)
#= tensor([[[[10.]]]])
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
pool2d(X)
#= tensor([[[[ 5.,  7.],
#=           [13., 15.]]]])
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
pool2d(X)
#= tensor([[[[ 5.,  7.],
#=           [13., 15.]]]])
# %%
X = torch.cat((X, X + 1), 1)
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
pool2d(X)
# %% [markdown]
# ### Discussion
#
# Max pooling asks "is the feature anywhere in this window?" and therefore forgives a shift of a pixel; averaging smooths. Both
# work channel by channel, so the number of channels stays. There is nothing to learn in a pooling layer.
# %% [markdown]
# ## 7.6. LeNet
# %%
def init_cnn(module):
    """Xavier for the layers with weights."""
    if type(module) == nn.Linear or type(module) == nn.Conv2d:
        nn.init.xavier_uniform_(module.weight)


class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Flatten(),
            nn.LazyLinear(120), nn.Sigmoid(),
            nn.LazyLinear(84), nn.Sigmoid(),
            nn.LazyLinear(num_classes))
# %%
model = LeNet()
model.layer_summary((1, 1, 28, 28))
#> Conv2d output shape:	 torch.Size([1, 6, 28, 28])
#> Sigmoid output shape:	 torch.Size([1, 6, 28, 28])
#> AvgPool2d output shape:	 torch.Size([1, 6, 14, 14])
#> Conv2d output shape:	 torch.Size([1, 16, 10, 10])
#> Sigmoid output shape:	 torch.Size([1, 16, 10, 10])
#> AvgPool2d output shape:	 torch.Size([1, 16, 5, 5])
#> Flatten output shape:	 torch.Size([1, 400])
#> Linear output shape:	 torch.Size([1, 120])
#> Sigmoid output shape:	 torch.Size([1, 120])
#> Linear output shape:	 torch.Size([1, 84])
#> Sigmoid output shape:	 torch.Size([1, 84])
#> Linear output shape:	 torch.Size([1, 10])
# %%
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128)
model = LeNet(lr=0.1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
#
# The loss hardly moves in the first epochs and then falls: sigmoids have small slopes, and stacked they pass on little gradient.
# Five layers have weights: two convolutions find features while the picture gets smaller and the channels get more, three
# dense layers classify. Most of the parameters sit in the first dense layer (400 × 120).
# %% [markdown]
# ## 8.2. Networks Using Blocks (VGG)
# %%
def vgg_block(num_convs, out_channels):
    layers = []
    for _ in range(num_convs):
        layers.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        layers.append(nn.ReLU())
    layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*layers)
# %%
class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        blocks = [vgg_block(n, c) for n, c in arch]
        self.net = nn.Sequential(
            *blocks, nn.Flatten(),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(num_classes))
        self.net.apply(d2l.init_cnn)
# %%
VGG(arch=((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
#> Sequential output shape:	 torch.Size([1, 64, 112, 112])
#> Sequential output shape:	 torch.Size([1, 128, 56, 56])
#> Sequential output shape:	 torch.Size([1, 256, 28, 28])
#> Sequential output shape:	 torch.Size([1, 512, 14, 14])
#> Sequential output shape:	 torch.Size([1, 512, 7, 7])
#> Flatten output shape:	 torch.Size([1, 25088])
#> Linear output shape:	 torch.Size([1, 4096])
#> ReLU output shape:	 torch.Size([1, 4096])
#> Dropout output shape:	 torch.Size([1, 4096])
#> Linear output shape:	 torch.Size([1, 4096])
#> ReLU output shape:	 torch.Size([1, 4096])
#> Dropout output shape:	 torch.Size([1, 4096])
#> Linear output shape:	 torch.Size([1, 10])
# %%
model = VGG(arch=((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], d2l.init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
#
# VGG repeats one brick. Two 3×3 windows see as far as one 5×5 window, with fewer weights and one more nonlinearity between them,
# so deep and narrow beats shallow and wide. The price is the memory of the large early feature maps and the two huge dense layers.
# %% [markdown]
# ## 8.6. Residual Networks (ResNet)
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = None
        if use_1x1conv:
            self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides)
        self.bn1 = nn.LazyBatchNorm2d()
        self.bn2 = nn.LazyBatchNorm2d()

    def forward(self, X):
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        if self.conv3:
            X = self.conv3(X)
        Y += X
        return F.relu(Y)
# %%
X = torch.randn(4, 3, 6, 6)
print(Residual(3)(X).shape)
print(Residual(6, use_1x1conv=True, strides=2)(X).shape)
#> torch.Size([4, 3, 6, 6])
#> torch.Size([4, 6, 3, 3])
# %%
class ResNet(d2l.Classifier):
    def b1(self):
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
# %%
@d2l.add_to_class(ResNet)
def block(self, num_residuals, num_channels, first_block=False):
    layers = []
    for number in range(num_residuals):
        if number == 0 and not first_block:
            layers.append(Residual(num_channels, use_1x1conv=True, strides=2))
        else:
            layers.append(Residual(num_channels))
    return nn.Sequential(*layers)
# %%
@d2l.add_to_class(ResNet)
def __init__(self, arch, lr=0.1, num_classes=10):
    super(ResNet, self).__init__()
    self.save_hyperparameters()
    self.net = nn.Sequential(self.b1())
    for i, stage in enumerate(arch):
        self.net.add_module(f'stage{i + 2}', self.block(*stage, first_block=(i == 0)))
    self.net.add_module('last', nn.Sequential(
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))
    self.net.apply(d2l.init_cnn)
# %%
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)

ResNet18().layer_summary((1, 1, 96, 96))
#> Sequential output shape:	 torch.Size([1, 64, 24, 24])
#> Sequential output shape:	 torch.Size([1, 64, 24, 24])
#> Sequential output shape:	 torch.Size([1, 128, 12, 12])
#> Sequential output shape:	 torch.Size([1, 256, 6, 6])
#> Sequential output shape:	 torch.Size([1, 512, 3, 3])
#> Sequential output shape:	 torch.Size([1, 10])
# %%
model = ResNet18(lr=0.01)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128, resize=(96, 96))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], d2l.init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
#
# If the best thing a block can do is nothing, a plain block has to learn the identity, while a residual block only has to push its
# weights to zero. The function classes become nested, so a deeper net is never worse in principle. The 1×1 convolution is only
# there to make the shapes fit when the number of channels or the size changes.
# %%

