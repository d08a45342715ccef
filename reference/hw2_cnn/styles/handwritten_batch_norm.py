# style: batch normalisation written from scratch, with one scale and one shift per channel
# %%
import torch
from torch import nn
# %%
class BatchNorm(nn.Module):
  """채널마다 평균 0, 분산 1로 만든 뒤 gamma와 beta를 적용한다."""

  def __init__(self, num_features, momentum=0.1, eps=1e-5):
    super().__init__()
    self.gamma = nn.Parameter(torch.ones(num_features))
    self.beta = nn.Parameter(torch.zeros(num_features))
    self.register_buffer('moving_mean', torch.zeros(num_features))
    self.register_buffer('moving_var', torch.ones(num_features))
    self.momentum, self.eps = momentum, eps

  def forward(self, X):
    if self.training:
      mean = X.mean(dim=(0, 2, 3))
      var = X.var(dim=(0, 2, 3), unbiased=False)
      n = X.numel() // X.shape[1]
      with torch.no_grad():
        self.moving_mean += self.momentum * (mean - self.moving_mean)
        self.moving_var += self.momentum * (var * n / (n - 1) - self.moving_var)
    else:
      mean, var = self.moving_mean, self.moving_var
    shape = (1, -1, 1, 1)
    X_hat = (X - mean.reshape(shape)) / torch.sqrt(var.reshape(shape) + self.eps)
    return self.gamma.reshape(shape) * X_hat + self.beta.reshape(shape)
# %%
class Residual(nn.Module):
  def __init__(self, num_channels, use_1x1conv=False, strides=1):
    super().__init__()
    self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
    self.bn1 = BatchNorm(num_channels)
    self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
    self.bn2 = BatchNorm(num_channels)
    self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None

  def forward(self, X):
    Y = torch.relu(self.bn1(self.conv1(X)))
    Y = self.bn2(self.conv2(Y))
    if self.conv3:
      X = self.conv3(X)
    return torch.relu(Y + X)
# %%
class ResNet(nn.Module):
  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.stem = nn.Sequential(nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), BatchNorm(64), nn.ReLU(),
                              nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
    self.body = nn.Sequential()
    for i, (n, c) in enumerate(arch):
      for j in range(n):
        self.body.add_module(f'{i}_{j}', Residual(c, True, 2) if i > 0 and j == 0 else Residual(c))
    self.fc = nn.LazyLinear(num_classes)

  def forward(self, X):
    X = self.body(self.stem(X))
    return self.fc(X.mean((-1, -2), keepdim=True).flatten(1))
# %%
def ResNet18(lr=0.1, num_classes=10):
  return ResNet(arch=((2, 64), (2, 128), (2, 256), (2, 512)), lr=lr, num_classes=num_classes)
