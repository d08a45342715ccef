# notebook: colab
# %%
pip install d2l==1.0.3
#> Requirement already satisfied: d2l==1.0.3 in /usr/local/lib/python3.10/dist-packages (1.0.3)
#> Note: you may need to restart the kernel to use updated packages.
# %%
import sys
import warnings
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l

print("실행 환경:", torch.__version__, file=sys.stderr)
warnings.warn("GPU가 없으면 학습이 오래 걸립니다")
#! 실행 환경: 2.5.1+cu121
#! <ipython-input-2-5d0f>:9: UserWarning: GPU가 없으면 학습이 오래 걸립니다
#!   warnings.warn("GPU가 없으면 학습이 오래 걸립니다")
# %% [markdown]
# # [과제 2] 합성곱 신경망 — 2024000101 김하늘
# %% [markdown]
# ## 7.1 완전연결층에서 합성곱으로
#
# **수업 노트**
# - 완전연결층은 픽셀의 순서를 섞어도 똑같이 학습된다 → 공간 정보를 쓰지 않는다.
# - 이동 불변성(translation invariance) + 지역성(locality) → 합성곱
#
# ### Discussion
# 가중치가 위치 (i, j)에 의존하지 않게 만들면 매개변수 수가 이미지 크기와 무관해진다. 여기에 지역성까지 더하면 커널 크기만 남는다.
# 다만 얼굴 인증처럼 눈·코의 위치가 정해져 있는 문제에서는 위치마다 다른 가중치를 쓰는 것이 더 나을 수도 있다고 생각한다.
# %% [markdown]
# ## 7.2 이미지를 위한 합성곱
# %%
def corr2d(X, K):  # 2차원 교차상관
  kh, kw = K.shape
  oh, ow = X.shape[0] - kh + 1, X.shape[1] - kw + 1
  # 출력의 한 칸씩 계산하지 않고, 커널의 한 칸씩 더해 나간다
  Y = torch.zeros(oh, ow, dtype=X.dtype, device=X.device)
  for a in range(kh):
    for b in range(kw):
      Y = Y + K[a, b] * X[a:a + oh, b:b + ow]
  return Y

X = torch.arange(9.).view(3, 3)
K = torch.arange(4.).view(2, 2)
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
# 세로 경계가 있는 6×8 이미지
X = torch.ones(6, 8)
X[:, 2:6] = 0
X
# %%
K = torch.tensor([[1., -1.]])
Y = corr2d(X, K)
print(Y)
print('전치하면:', corr2d(X.t(), K).abs().sum().item())
#> tensor([[ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.],
#>         [ 0.,  1.,  0.,  0.,  0., -1.,  0.]])
#> 전치하면: 0.0
# %%
# 커널 학습
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X, Y = X.view(1, 1, 6, 8), Y.view(1, 1, 6, 7)
for i in range(10):
  l = ((conv2d(X) - Y) ** 2).sum()
  conv2d.zero_grad()
  l.backward()
  with torch.no_grad():
    conv2d.weight -= 3e-2 * conv2d.weight.grad
  print(f'{i + 1}번째: {l.item():.3f}')
# %%
conv2d.weight.data
#= tensor([[[[ 0.9631, -1.0175]]]])
# %% [markdown]
# ### Discussion
# 대각선 경계 이미지에 K를 적용하면 대각선 위치에서 값이 나오고, K를 전치해도 비슷한 결과가 나온다. 손으로 만든 커널과 학습한 커널이 거의
# 같다는 점이 신기했다. 교차상관과 합성곱의 차이는 커널을 뒤집는 것뿐이고, 커널을 학습하는 경우에는 어느 쪽을 써도 상관없다.
#
# **메모**: receptive field = 출력 한 칸에 영향을 주는 모든 입력 칸
# %% [markdown]
# ## 7.3 패딩과 스트라이드
# %%
def comp_conv2d(conv2d, X):
  # 배치와 채널 축을 붙였다가 계산 후에 뗀다
  Y = conv2d(X.unsqueeze(0).unsqueeze(0))
  return Y.squeeze(0).squeeze(0)

X = torch.rand(8, 8)
for layer in [nn.LazyConv2d(1, 3, padding=1),
              nn.LazyConv2d(1, (5, 3), padding=(2, 1)),
              nn.LazyConv2d(1, 3, padding=1, stride=2),
              nn.LazyConv2d(1, (3, 5), padding=(0, 1), stride=(3, 4))]:
  conv2d = layer
  print(comp_conv2d(conv2d, X).shape)
#> torch.Size([8, 8])
#> torch.Size([8, 8])
#> torch.Size([4, 4])
#> torch.Size([2, 2])
# %% [markdown]
# ### Discussion
# 출력 크기 공식: $\lfloor (n - k + p + s) / s \rfloor$. 패딩은 가장자리 정보를 잃지 않기 위해, 스트라이드는 계산량과 해상도를 줄이기 위해 쓴다.
# 소리 신호에서 스트라이드 2는 샘플링 주파수를 절반으로 낮추는 것에 해당한다.
# %% [markdown]
# ## 7.4 여러 개의 입력·출력 채널
# %%
def corr2d_multi_in(X, K):
  return torch.stack([corr2d(x, k) for x, k in zip(X, K)]).sum(0)

def corr2d_multi_in_out(X, K):
  return torch.stack([corr2d_multi_in(X, k) for k in K])
# %%
X = torch.stack([torch.arange(9.).view(3, 3), torch.arange(1., 10.).view(3, 3)])
K = torch.stack([torch.arange(4.).view(2, 2), torch.arange(1., 5.).view(2, 2)])
print(corr2d_multi_in(X, K))
K = torch.stack((K, K + 1, K + 2), 0)
print(corr2d_multi_in_out(X, K))
#> tensor([[ 56.,  72.],
#>         [104., 120.]])
#> tensor([[[ 56.,  72.],
#>          [104., 120.]],
#>
#>         [[ 76., 100.],
#>          [148., 172.]],
#>
#>         [[ 96., 128.],
#>          [192., 224.]]])
# %%
def corr2d_multi_in_out_1x1(X, K):
  ci, h, w = X.shape
  co = K.shape[0]
  return (K.reshape(co, ci) @ X.reshape(ci, -1)).reshape(co, h, w)

X = torch.normal(0, 1, (3, 3, 3))
K = torch.normal(0, 1, (2, 3, 1, 1))
print((corr2d_multi_in_out_1x1(X, K) - corr2d_multi_in_out(X, K)).abs().max() < 1e-6)
# %% [markdown]
# ### Discussion
# 1×1 합성곱은 공간 방향으로는 아무것도 섞지 않고 채널만 섞는다. 즉 모든 픽셀에 같은 완전연결층을 적용하는 것과 같다. 채널 수를 두 배로 늘리면
# (입력·출력 모두) 계산량은 네 배가 된다.
# %% [markdown]
# ## 7.5 풀링
# %%
def pool2d(X, pool_size, mode='max'):
  ph, pw = pool_size
  Y = torch.zeros(X.shape[0] - ph + 1, X.shape[1] - pw + 1)
  for i in range(Y.shape[0]):
    for j in range(Y.shape[1]):
      patch = X[i:i + ph, j:j + pw]
      Y[i, j] = patch.max() if mode == 'max' else patch.mean()
  return Y

X = torch.arange(9.).view(3, 3)
print(pool2d(X, (2, 2)))
print(pool2d(X, (2, 2), 'avg'))
# %%
X = torch.arange(16, dtype=torch.float32).reshape(1, 1, 4, 4)
pool2d = nn.MaxPool2d(3)
print(pool2d(X))
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
print(pool2d(X))
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
print(pool2d(X))
X = torch.cat((X, X + 1), 1)
print(pool2d(X))
# %% [markdown]
# ### Discussion
# 최대 풀링은 특징이 창 안 어디에 있든 같은 값을 주므로 한 칸 정도 움직여도 결과가 변하지 않는다. 최소 풀링은 -max(-x)로 만들 수 있으니 따로 층을
# 만들 필요가 없다. 풀링은 채널마다 따로 하므로 채널 수는 그대로이다.
# %% [markdown]
# ## 7.6 LeNet
# %%
def init_cnn(module):
  if isinstance(module, (nn.Linear, nn.Conv2d)):
    nn.init.xavier_uniform_(module.weight)

class LeNet(d2l.Classifier):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.net = nn.Sequential(
      nn.LazyConv2d(6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
      nn.LazyConv2d(16, 5), nn.Sigmoid(), nn.AvgPool2d(2, 2),
      nn.Flatten(),
      nn.LazyLinear(120), nn.Sigmoid(),
      nn.LazyLinear(84), nn.Sigmoid(),
      nn.LazyLinear(num_classes),
    )
# %%
@d2l.add_to_class(d2l.Classifier)
def layer_summary(self, X_shape):  # 층마다 출력 크기 보기
  X = torch.randn(*X_shape)
  for layer in self.net:
    X = layer(X)
    print(f'{layer.__class__.__name__:12s}', tuple(X.shape))

LeNet().layer_summary((1, 1, 28, 28))
# %%
data = d2l.FashionMNIST(batch_size=128)
model = LeNet(lr=0.1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
trainer.fit(model, data)
#! /usr/local/lib/python3.10/dist-packages/torch/nn/modules/lazy.py:180: UserWarning: Lazy modules are a new feature under heavy development
#!   warnings.warn('Lazy modules are a new feature under heavy development')
# %% [markdown]
# ### Discussion
# 처음 몇 에폭 동안은 손실이 거의 줄지 않다가 갑자기 줄기 시작했다. 시그모이드의 기울기가 작아서 그런 것 같다. ReLU와 최대 풀링으로 바꾸면 훨씬
# 빨리 학습된다(직접 해 보니 첫 에폭부터 0.7 이상).
# %% [markdown]
# ## 8.2 블록을 쓰는 신경망 (VGG)
# %%
def vgg_block(num_convs, out_channels):
  layers = []
  for _ in range(num_convs):
    layers += [nn.LazyConv2d(out_channels, 3, padding=1), nn.ReLU()]
  layers += [nn.MaxPool2d(2, 2)]
  return nn.Sequential(*layers)

class VGG(d2l.Classifier):
  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    layers = []
    for num_convs, out_channels in arch:
      layers.append(vgg_block(num_convs, out_channels))
    layers += [nn.Flatten(),
               nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
               nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
               nn.LazyLinear(num_classes)]
    self.net = nn.Sequential(*layers)
# %%
VGG(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
# %%
model = VGG(((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
# AlexNet보다 느린 이유는 앞쪽 특징 맵이 크고 계산이 많기 때문이다. 하지만 블록만 반복하면 되니 설계가 간단하다. 3×3을 두 번 쓰면 5×5와 같은 범위를
# 보면서 매개변수는 18c² 대 25c²로 더 적다.
# %% [markdown]
# ## 8.6 잔차 신경망 (ResNet)
# %%
class Residual(nn.Module):
  def __init__(self, num_channels, use_1x1conv=False, strides=1):
    super().__init__()
    self.conv1 = nn.LazyConv2d(num_channels, 3, padding=1, stride=strides)
    self.bn1 = nn.LazyBatchNorm2d()
    self.conv2 = nn.LazyConv2d(num_channels, 3, padding=1)
    self.bn2 = nn.LazyBatchNorm2d()
    self.conv3 = nn.LazyConv2d(num_channels, 1, stride=strides) if use_1x1conv else None

  def forward(self, X):
    Y = self.conv1(X)
    Y = F.relu(self.bn1(Y))
    Y = self.bn2(self.conv2(Y))
    if self.conv3 is not None:
      X = self.conv3(X)  # 크기와 채널 수를 맞춘다
    return F.relu(Y + X)
# %%
class ResNet(d2l.Classifier):
  def b1(self):
    return nn.Sequential(
      nn.LazyConv2d(64, 7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
      nn.MaxPool2d(3, stride=2, padding=1))

  def block(self, num_residuals, num_channels, first_block=False):
    blk = []
    for i in range(num_residuals):
      if i == 0 and not first_block:
        blk.append(Residual(num_channels, use_1x1conv=True, strides=2))
      else:
        blk.append(Residual(num_channels))
    return nn.Sequential(*blk)

  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.net = nn.Sequential(self.b1())
    for i, b in enumerate(arch):
      self.net.add_module(f'b{i + 2}', self.block(*b, first_block=(i == 0)))
    self.net.add_module('head', nn.Sequential(
      nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes)))

class ResNet18(ResNet):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)

ResNet18().layer_summary((1, 1, 96, 96))
#> Sequential   (1, 64, 24, 24)
#> Sequential   (1, 64, 24, 24)
#> Sequential   (1, 128, 12, 12)
#> Sequential   (1, 256, 6, 6)
#> Sequential   (1, 512, 3, 3)
#> Sequential   (1, 10)
# %%
model = ResNet18(lr=0.01)
data = d2l.FashionMNIST(batch_size=128, resize=(96, 96))
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ### Discussion
# 층을 깊게 쌓아도 항등 함수를 쉽게 표현할 수 있으면 더 나빠지지는 않는다. 잔차 연결은 기울기가 지름길로 흐르게 해 준다. 1×1 합성곱이 필요한 경우는
# 채널 수나 크기가 바뀌어 더할 수 없을 때이다.
