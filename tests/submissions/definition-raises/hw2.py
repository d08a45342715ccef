# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l
# %%
class LeNet(d2l.Clasifier):
    pass
# %%
conv2d = nn.LazyConv2d(1, kernal_size=3)
# %%
X = torch.ones(6, 8)
K = torch.tensr([[1.0, -1.0]])
