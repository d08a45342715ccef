# style: four nested loops with an accumulator for every output pixel, two-space indentation
# %%
import torch
from torch import nn
from d2l import torch as d2l
# %%
def corr2d(X, K):
  # 출력 픽셀마다 곱의 합을 직접 구한다
  h = X.shape[0] - K.shape[0] + 1
  w = X.shape[1] - K.shape[1] + 1
  rows = []
  for i in range(h):
    row = []
    for j in range(w):
      s = 0
      for a in range(K.shape[0]):
        for b in range(K.shape[1]):
          s = s + X[i + a][j + b] * K[a][b]
      row.append(s)
    rows.append(torch.stack(row))
  return torch.stack(rows)
# %%
class Conv2D(nn.Module):
  def __init__(self, kernel_size):
    super().__init__()
    self.weight = nn.Parameter(torch.rand(kernel_size))
    self.bias = nn.Parameter(torch.zeros(1))
  def forward(self, x):
    out = corr2d(x, self.weight)
    return out + self.bias
# %%
X = torch.tensor([[1., 1., 0., 0., 0., 0., 1., 1.]] * 6)
K = torch.tensor([1., -1.]).reshape(1, 2)
Y = corr2d(X, K)
# %%
# 커널 학습: optimizer 사용
conv2d = nn.Conv2d(1, 1, (1, 2), bias=False)
optimizer = torch.optim.SGD(conv2d.parameters(), lr=3e-2)
image, target = X.view(1, 1, 6, 8), Y.view(1, 1, 6, 7)
for epoch in range(10):
  optimizer.zero_grad()
  loss = torch.sum(torch.square(conv2d(image) - target))
  loss.backward()
  optimizer.step()
# %%
def comp_conv2d(conv2d, X):
  h, w = X.shape
  Y = conv2d(X.view(1, 1, h, w))
  return Y.view(Y.size(2), Y.size(3))
# %%
def corr2d_multi_in(X, K):
  # 여기서는 숫자(float)로 더해도 된다
  c, h, w = X.shape
  _, kh, kw = K.shape
  out = [[0.0] * (w - kw + 1) for _ in range(h - kh + 1)]
  for i in range(h - kh + 1):
    for j in range(w - kw + 1):
      for n in range(c):
        for a in range(kh):
          for b in range(kw):
            out[i][j] += X[n, i + a, j + b].item() * K[n, a, b].item()
  return torch.tensor(out)
# %%
def corr2d_multi_in_out_1x1(X, K):
  c_i, h, w = X.shape
  c_o = K.shape[0]
  Y = torch.zeros(c_o, h, w)
  for o in range(c_o):
    for c in range(c_i):
      Y[o] += K[o, c, 0, 0] * X[c]
  return Y
# %%
def pool2d(X, pool_size, mode='max'):
  p_h, p_w = pool_size
  Y = torch.zeros((X.shape[0] - p_h + 1, X.shape[1] - p_w + 1))
  for i in range(Y.shape[0]):
    for j in range(Y.shape[1]):
      biggest, total = float('-inf'), 0.0
      for a in range(p_h):
        for b in range(p_w):
          v = float(X[i + a, j + b])
          total += v
          if v > biggest:
            biggest = v
      Y[i, j] = biggest if mode == 'max' else total / (p_h * p_w)
  return Y
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
# 7.3의 예제: 같은 이름을 다시 쓴다
conv2d = nn.LazyConv2d(1, kernel_size=3, padding=1)
comp_conv2d(conv2d, torch.rand(size=(8, 8))).shape
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(3, 5), padding=(0, 1), stride=(3, 4))
comp_conv2d(conv2d, torch.rand(size=(8, 8))).shape
