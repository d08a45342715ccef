# style: layers are bare nn.Parameters used with F.conv2d, F.linear and matrix products
# %%
import math
import torch
from torch import nn
from torch.nn import functional as F
# %%
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        shapes = [(6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (num_classes, 84)]
        self.W = nn.ParameterList(nn.Parameter(self.draw(shape)) for shape in shapes)
        self.b = nn.ParameterList(nn.Parameter(torch.zeros(shape[0])) for shape in shapes)

    @staticmethod
    def draw(shape):
        weight = torch.empty(shape)
        receptive = math.prod(shape[2:])
        bound = math.sqrt(6 / (receptive * (shape[0] + shape[1])))
        return nn.init.uniform_(weight, -bound, bound)

    def forward(self, X):
        X = F.avg_pool2d(torch.sigmoid(F.conv2d(X, self.W[0], self.b[0], padding=2)), 2)
        X = F.avg_pool2d(torch.sigmoid(F.conv2d(X, self.W[1], self.b[1])), 2)
        X = X.reshape(X.shape[0], -1)
        X = 1 / (1 + torch.exp(-F.linear(X, self.W[2], self.b[2])))
        X = 1 / (1 + torch.exp(-(X @ self.W[3].T + self.b[3])))
        return torch.addmm(self.b[4], X, self.W[4].t())
# %%
class Residual(nn.Module):
    """Convolutions as in F.conv2d; the 1x1 convolution is an einsum over channels."""

    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.strides = strides
        self.w1, self.b1 = nn.UninitializedParameter(), nn.Parameter(torch.zeros(num_channels))
        self.w2 = nn.Parameter(torch.randn(num_channels, num_channels, 3, 3) * (2 / (9 * num_channels)) ** 0.5)
        self.b2 = nn.Parameter(torch.zeros(num_channels))
        self.bn1, self.bn2 = nn.BatchNorm2d(num_channels), nn.BatchNorm2d(num_channels)
        if use_1x1conv:
            self.w3, self.b3 = nn.UninitializedParameter(), nn.Parameter(torch.zeros(num_channels))
        else:
            self.w3 = None

    def materialise(self, c_in):
        c_out = len(self.b1)
        with torch.no_grad():
            self.w1.materialize((c_out, c_in, 3, 3))
            self.w1.normal_(0, (2 / (9 * c_in)) ** 0.5)
            if self.w3 is not None:
                self.w3.materialize((c_out, c_in, 1, 1))
                self.w3.normal_(0, c_in ** -0.5)

    def forward(self, X):
        if nn.parameter.is_lazy(self.w1):
            self.materialise(X.shape[1])
        Y = F.conv2d(X, self.w1, self.b1, stride=self.strides, padding=1)
        Y = F.conv2d(F.relu(self.bn1(Y)), self.w2, self.b2, padding=1)
        if self.w3 is not None:
            s = self.strides
            X = torch.einsum('bchw,ocij->bohw', X[:, :, ::s, ::s], self.w3) + self.b3[:, None, None]
        return F.relu(self.bn2(Y) + X)
