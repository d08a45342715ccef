# notebook: colab
# %%
%pip install -q d2l==1.0.3
# %%
from d2l import torch as d2l
import torch
import torch.nn as nn
from torch.nn import functional as F
# %% [markdown]
# ## 7.1 Why convolutions?
#
# **Discussion:** Suppose we hunt for a cat. It may sit in any corner, so the cat detector has to work in every corner; and an ear
# can be recognised without looking at the tail. Those two facts turn a dense layer into a convolution. We pay with a smaller family
# of functions. If our assumption is wrong, no amount of data will correct it.
# %% [markdown]
# ## 7.2 Convolutions
# %%
def corr2d(X, K):
  """cross-correlation: every output pixel is a dot product of two vectors"""
  kh, kw = K.shape
  k = K.reshape(-1)
  rows = []
  for i in range(X.size(0) - kh + 1):
    row = [torch.dot(X[i:i+kh, j:j+kw].reshape(-1), k) for j in range(X.size(1) - kw + 1)]
    rows.append(torch.stack(row))
  return torch.stack(rows)

class Conv2D(nn.Module):
  def __init__(self, kernel_size):
    super().__init__()
    self.weight = nn.Parameter(torch.empty(kernel_size).uniform_())
    self.bias = nn.Parameter(torch.zeros(1))
  def forward(self, x):
    return self.bias + corr2d(x, self.weight)
# %%
X = torch.tensor([[0., 1, 2], [3, 4, 5], [6, 7, 8]])
K = torch.tensor([[0., 1], [2, 3]])
print(corr2d(X, K))
#> tensor([[19., 25.],
#>         [37., 43.]])
# %%
X = torch.ones(6, 8); X[:, 2:6] = 0
K = torch.tensor([[1., -1.]])
Y = corr2d(X, K)
Y, corr2d(X.t(), K)
# %%
X4, Y4 = X.reshape(1, 1, 6, 8), Y.reshape(1, 1, 6, 7)
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
lr = 3e-2
for epoch in range(10):
  l = (conv2d(X4) - Y4)**2
  conv2d.zero_grad()
  l.sum().backward()
  conv2d.weight.data[:] -= lr * conv2d.weight.grad
  print(f'epoch {epoch+1}: {l.sum():.4f}')
print(conv2d.weight.data)
# %% [markdown]
# **Discussion:** Designing kernels by hand works for an edge but not for a cat; so the kernel is learned like any other weight. One
# pixel of a deep feature map depends on a large region of the input (receptive field), although every single kernel is small.
# %% [markdown]
# ## 7.3 Padding, stride
# %%
def comp_conv2d(conv2d, X):
  X = X.reshape(1, 1, *X.shape)
  Y = conv2d(X)
  return Y.reshape(Y.shape[2], Y.shape[3])

X = torch.rand(8, 8)
for kwargs in [dict(kernel_size=3, padding=1), dict(kernel_size=(5, 3), padding=(2, 1)),
               dict(kernel_size=3, padding=1, stride=2),
               dict(kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))]:
  print(kwargs, comp_conv2d(nn.LazyConv2d(1, **kwargs), X).shape)
# %% [markdown]
# **Discussion:** Even kernels cannot be padded evenly on both sides, that is why everybody takes odd ones. Stride is a cheap way to reduce resolution.
# %% [markdown]
# ## 7.4 Channels
# %%
def corr2d_multi_in(X, K):
  result = 0
  for x, k in zip(X, K):
    result = result + corr2d(x, k)
  return result

def corr2d_multi_in_out(X, K):
  return torch.stack([corr2d_multi_in(X, k) for k in K], dim=0)

def corr2d_multi_in_out_1x1(X, K):
  c_i, h, w = X.shape
  pixels = X.permute(1, 2, 0)               # (h, w, c_i)
  return (pixels @ K.reshape(-1, c_i).T).permute(2, 0, 1)
# %%
X = torch.tensor([[[0., 1, 2], [3, 4, 5], [6, 7, 8]], [[1., 2, 3], [4, 5, 6], [7, 8, 9]]])
K = torch.tensor([[[0., 1], [2, 3]], [[1., 2], [3, 4]]])
print(corr2d_multi_in(X, K))
K = torch.stack((K, K + 1, K + 2), 0)
print(corr2d_multi_in_out(X, K))
X = torch.randn(3, 3, 3); K = torch.randn(2, 3, 1, 1)
print((corr2d_multi_in_out_1x1(X, K) - corr2d_multi_in_out(X, K)).abs().sum())
# %% [markdown]
# **Discussion:** A 1×1 convolution is a small dense network walking over the pixels. With more output channels the layer can keep several descriptions of
# the same place, e.g. an edge map and a colour map.
# %% [markdown]
# ## 7.5 Pooling
# %%
def pool2d(X, pool_size, mode='max'):
  ph, pw = pool_size
  h, w = X.shape[0] - ph + 1, X.shape[1] - pw + 1
  Y = torch.zeros(h, w)
  for a in range(ph):
    for b in range(pw):
      shifted = X[a:a+h, b:b+w]
      Y = torch.maximum(Y, shifted) if mode == 'max' else Y + shifted / (ph * pw)
  return Y
# %%
X = torch.arange(9.).reshape(3, 3)
print(pool2d(X, (2, 2)))
print(pool2d(X, (2, 2), mode='avg'))
#> tensor([[4., 5.],
#>         [7., 8.]])
#> tensor([[2., 3.],
#>         [5., 6.]])
# %%
X = torch.arange(16.).reshape(1, 1, 4, 4)
pool2d = nn.MaxPool2d(3)
print(pool2d(X))
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
print(pool2d(X))
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
print(pool2d(X))
print(pool2d(torch.cat((X, X + 1), 1)).shape)
# %% [markdown]
# **Discussion:** I wrote pooling as "shift the whole image and combine", it needs only as many steps as the window has cells. The largest value wins, so small
# noise below the maximum is ignored.
# %% [markdown]
# ## 7.6 LeNet
# %%
def init_cnn(module):
  match module:
    case nn.Linear() | nn.Conv2d():
      nn.init.xavier_uniform_(module.weight)

class LeNet(d2l.Classifier):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.encoder = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2))
    self.decoder = nn.Sequential(
        nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, num_classes))
    self.net = nn.Sequential(self.encoder, self.decoder)

x = torch.rand(1, 1, 28, 28)
for part in LeNet().net:
  for layer in part:
    x = layer(x)
    print(layer.__class__.__name__, tuple(x.shape))
# %%
model = LeNet(lr=0.1)
model.apply(init_cnn)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
trainer.fit(model, d2l.FashionMNIST(batch_size=128))
# %% [markdown]
# **Discussion:** While the size goes 28 → 14 → 10 → 5, the channels go 1 → 6 → 16: we trade *where* for *what*. Sigmoid outputs are positive, so all gradients
# of one neuron's weights share a sign, which makes learning zig-zag.
# %% [markdown]
# ## 8.2 VGG
# %%
def conv_relu(c):
  return nn.Sequential(nn.LazyConv2d(c, 3, 1, 1), nn.ReLU())

def vgg_block(num_convs, out_channels):
  return nn.Sequential(*(conv_relu(out_channels) for _ in range(num_convs)), nn.MaxPool2d(2))

class VGG(d2l.Classifier):
  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.net = nn.Sequential()
    for i, (num_convs, out_channels) in enumerate(arch):
      self.net.add_module(f'block{i}', vgg_block(num_convs, out_channels))
    self.net.add_module('flatten', nn.Flatten())
    for i in (1, 2):
      self.net.add_module(f'fc{i}', nn.LazyLinear(4096))
      self.net.add_module(f'relu{i}', nn.ReLU())
      self.net.add_module(f'drop{i}', nn.Dropout(0.5))
    self.net.add_module('out', nn.LazyLinear(num_classes))

VGG(arch=((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
# %%
model = VGG(arch=((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
trainer.fit(model, data)
# %% [markdown]
# **Discussion:** The architecture is data (a tuple), the code is only an interpreter for it. Depth comes from repetition.
# %% [markdown]
# ## 8.6 ResNet
# %%
class Residual(nn.Module):
  def __init__(self, num_channels, use_1x1conv=False, strides=1):
    super().__init__()
    self.path = nn.Sequential(
        nn.LazyConv2d(num_channels, 3, padding=1, stride=strides), nn.LazyBatchNorm2d(), nn.ReLU(),
        nn.LazyConv2d(num_channels, 3, padding=1), nn.LazyBatchNorm2d())
    self.skip = nn.LazyConv2d(num_channels, 1, stride=strides) if use_1x1conv else nn.Identity()

  def forward(self, x):
    return F.relu(self.path(x) + self.skip(x))

class ResNet(d2l.Classifier):
  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    stages = [self.block(n, c, first_block=(i == 0)) for i, (n, c) in enumerate(arch)]
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes))
    self.net = nn.Sequential(self.b1(), *stages, head)

  def b1(self):
    return nn.Sequential(nn.LazyConv2d(64, 7, 2, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, 1))

  def block(self, num_residuals, num_channels, first_block=False):
    layers = []
    while len(layers) < num_residuals:
      down = not layers and not first_block
      layers.append(Residual(num_channels, down, 2 if down else 1))
    return nn.Sequential(*layers)

class ResNet18(ResNet):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)

ResNet18().layer_summary((1, 1, 96, 96))
# %%
model = ResNet18(lr=0.01)
data = d2l.FashionMNIST(batch_size=128, resize=(96, 96))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
trainer.fit(model, data)
# %% [markdown]
# **Discussion:** "Learn the difference, not the whole thing." If nothing has to change, the path may output zero. The gradient always finds the open road through
# the sum. Bottleneck blocks (1×1, 3×3, 1×1) would make it cheaper for many channels.
