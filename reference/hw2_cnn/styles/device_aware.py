# style: moves everything to d2l.try_gpu() and the result back, or not
# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l

device = d2l.try_gpu()
# %%
def corr2d(X, K, device=device):
    X, K = X.to(device), K.to(device)
    Y = torch.zeros((X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1), device=device)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum()
    return Y
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size, device=device))
        self.bias = nn.Parameter(torch.zeros(1, device=device))

    def forward(self, x):
        return corr2d(x.to(device), self.weight) + self.bias
# %%
def corr2d_multi_in(X, K):
    return sum([corr2d(x, k) for x, k in zip(X, K)]).to(X.device)
# %%
def comp_conv2d(conv2d, X):
    conv2d = conv2d.to(device)
    X = X.to(device).reshape((1, 1, *X.size()))
    return conv2d(X)[0, 0].cpu()
# %%
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
            nn.LazyLinear(num_classes)).to(device)

    def forward(self, X):
        return self.net(X.to(device))
# %%
def init_cnn(module):
    if type(module) in [nn.Linear, nn.Conv2d]:
        nn.init.xavier_uniform_(module.weight.to(device))
