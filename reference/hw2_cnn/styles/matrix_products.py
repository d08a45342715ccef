# style: every layer is a matrix product: weights lie the other way round, biases are rows, convolutions are im2col
# %%
import torch
from d2l import torch as d2l
from torch import nn
from torch.nn import functional as F
# %%
class Dense(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(inputs, outputs) / inputs**0.5)
        self.b = nn.Parameter(torch.zeros(1, outputs))

    def forward(self, X):
        return X @ self.W + self.b


class Convolution(nn.Module):
    def __init__(self, channels, outputs, size, padding=0):
        super().__init__()
        self.W = nn.Parameter(torch.randn(channels * size * size, outputs) / size)
        self.b = nn.Parameter(torch.zeros(outputs, 1))
        self.size, self.padding = size, padding

    def forward(self, X):
        columns = F.unfold(X, self.size, padding=self.padding)
        height = X.shape[2] + 2 * self.padding - self.size + 1
        return (self.W.T @ columns + self.b).unflatten(2, (height, -1))
# %%
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            Convolution(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
            Convolution(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
            Dense(400, 120), nn.Sigmoid(), Dense(120, 84), nn.Sigmoid(), Dense(84, num_classes))
# %%
def vgg_block(num_convs, out_channels):
    layers = []
    for _ in range(num_convs):
        layers += [nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))
# %%
class LazyDense(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.W, self.b = nn.UninitializedParameter(), nn.Parameter(torch.zeros(outputs))
        self.outputs = outputs

    def forward(self, X):
        if nn.parameter.is_lazy(self.W):
            self.W.materialize((X.shape[1], self.outputs))
            nn.init.xavier_uniform_(self.W)
        return X @ self.W + self.b


class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            *[vgg_block(number, channels) for number, channels in arch], nn.Flatten(),
            LazyDense(4096), nn.ReLU(), nn.Dropout(), LazyDense(4096), nn.ReLU(), nn.Dropout(), LazyDense(num_classes))
