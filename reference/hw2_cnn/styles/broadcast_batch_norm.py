# style: batch normalisation from scratch with parameters and buffers of shape (1, channels, 1, 1), as section 8.5 has it
# %%
import torch
from torch import nn
# %%
class BatchNorm(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        shape = (1, num_features, 1, 1)
        self.gamma = nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.zeros(shape))
        self.register_buffer('moving_mean', torch.zeros(shape))
        self.register_buffer('moving_var', torch.ones(shape))

    def forward(self, X, eps=1e-5, momentum=0.1):
        if not self.training:
            return self.gamma * (X - self.moving_mean) / torch.sqrt(self.moving_var + eps) + self.beta
        mean = X.mean(dim=(0, 2, 3), keepdim=True)
        var = ((X - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
        count = X.shape[0] * X.shape[2] * X.shape[3]
        self.moving_mean = (1.0 - momentum) * self.moving_mean + momentum * mean.detach()
        self.moving_var = (1.0 - momentum) * self.moving_var + momentum * var.detach() * count / (count - 1)
        return self.gamma * (X - mean) / torch.sqrt(var + eps) + self.beta
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = BatchNorm(num_channels)
        self.bn2 = BatchNorm(num_channels)

    def forward(self, X):
        Y = torch.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        return torch.relu(Y + (self.conv3(X) if self.conv3 else X))
