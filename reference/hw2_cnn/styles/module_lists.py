# style: layers in nn.ModuleList and nn.ModuleDict, repeated by copy.deepcopy, d2l.Classifier with its own forward
# %%
import copy
import torch
from torch import nn
from d2l import torch as d2l
# %%
class LeNet(d2l.Classifier):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.convs = nn.ModuleList([nn.LazyConv2d(6, kernel_size=5, padding=2), nn.LazyConv2d(16, kernel_size=5)])
    self.dense = nn.ModuleList([nn.LazyLinear(n) for n in (120, 84)])
    self.last = nn.LazyLinear(num_classes)
    self.pool = nn.AvgPool2d(2, stride=2)
    self.act = nn.Sigmoid()

  def forward(self, X):
    for conv in self.convs:
      X = self.pool(self.act(conv(X)))
    X = X.reshape(len(X), -1)
    for linear in self.dense:
      X = self.act(linear(X))
    return self.last(X)
# %%
class VGGBlock(nn.Module):
  def __init__(self, num_convs, out_channels):
    super().__init__()
    self.convs = nn.ModuleList()
    for _ in range(num_convs):
      self.convs.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
    self.pool = nn.MaxPool2d(kernel_size=2, stride=2)

  def forward(self, X):
    for conv in self.convs:
      X = conv(X).relu()
    return self.pool(X)

def vgg_block(num_convs, out_channels):
  return VGGBlock(num_convs, out_channels)
# %%
class VGG(d2l.Classifier):
  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.parts = nn.ModuleDict()
    for number, (n, c) in enumerate(arch, start=1):
      self.parts[f'block{number}'] = vgg_block(n, c)
    dense = nn.Sequential(nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5))
    self.parts['flatten'] = nn.Flatten()
    self.parts['dense1'] = dense
    self.parts['dense2'] = copy.deepcopy(dense)
    self.parts['out'] = nn.LazyLinear(num_classes)

  def forward(self, X):
    for part in self.parts.values():
      X = part(X)
    return X
# %%
class Residual(nn.Module):
  def __init__(self, num_channels, use_1x1conv=False, strides=1):
    super().__init__()
    self.m = nn.ModuleDict({
        'conv1': nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides),
        'bn1': nn.BatchNorm2d(num_channels),
        'conv2': nn.LazyConv2d(num_channels, kernel_size=3, padding=1),
        'bn2': nn.BatchNorm2d(num_channels)})
    if use_1x1conv:
      self.m['conv3'] = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides)

  def forward(self, X):
    Y = self.m['conv1'](X)
    Y = torch.relu_(self.m['bn1'](Y))
    Y = self.m['bn2'](self.m['conv2'](Y))
    Y += self.m['conv3'](X) if 'conv3' in self.m else X
    return Y.relu_()
# %%
class ResNet(d2l.Classifier):
  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.stages = nn.ModuleList([nn.Sequential(
        nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(),
        nn.ReLU(), nn.MaxPool2d(kernel_size=3, stride=2, padding=1))])
    for i, (n, c) in enumerate(arch):
      plain = Residual(c)
      blocks = [copy.deepcopy(plain) for _ in range(n)]
      if i > 0:
        blocks[0] = Residual(c, use_1x1conv=True, strides=2)
      self.stages.append(nn.Sequential(*blocks))
    self.fc = nn.LazyLinear(num_classes)

  def forward(self, X):
    for stage in self.stages:
      X = stage(X)
    return self.fc(X.mean(dim=(2, 3)))
# %%
class ResNet18(ResNet):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
