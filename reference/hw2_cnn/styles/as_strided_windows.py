# style: windows by as_strided, strides worked out by hand
# %%
import torch
from torch import nn
# %%
def view_windows(a, shape):
  """2차원 이미지의 모든 창을 복사 없이 본다."""
  a = a.contiguous()
  (h, w), (kh, kw) = a.shape, shape
  s0, s1 = a.stride()
  return a.as_strided((h - kh + 1, w - kw + 1, kh, kw), (s0, s1, s0, s1))

def corr2d(X, K):
  return (view_windows(X, K.shape) * K).sum((-1, -2))
# %%
class Conv2D(nn.Module):
  def __init__(self, kernel_size):
    super().__init__()
    self.weight = nn.Parameter(torch.rand(*kernel_size))
    self.bias = nn.Parameter(torch.zeros(1))

  def forward(self, x):
    return self.bias + corr2d(x, self.weight)
# %%
# 세로 경계
X = torch.cat([torch.ones(6, 2), torch.zeros(6, 4), torch.ones(6, 2)], dim=1)
K = torch.Tensor([[1, -1]])
# %%
def corr2d_multi_in(X, K):
  Y = corr2d(X[0], K[0])
  for c in range(1, len(X)):
    Y += corr2d(X[c], K[c])
  return Y

def corr2d_multi_in_out(X, K):
  return torch.cat([corr2d_multi_in(X, k)[None] for k in K])

def corr2d_multi_in_out_1x1(X, K):
  # (o, c, 1, 1) * (c, h, w) -> (o, c, h, w)
  return (K * X).sum(1)
# %%
def pool2d(X, pool_size, mode='max'):
  ph, pw = pool_size
  v = view_windows(X, (ph, pw))
  if mode == 'max':
    return v.max(-1)[0].max(-1)[0]
  elif mode == 'avg':
    return v.mean((-2, -1))
# %%
def comp_conv2d(conv2d, X):
  return conv2d(X[None][None])[0][0]
# %%
pool2d = nn.MaxPool2d(3, 3)
# %%
pool2d = nn.MaxPool2d(3, 2, 1)
# %%
pool2d = nn.MaxPool2d((2, 3), (2, 3), (0, 1))
