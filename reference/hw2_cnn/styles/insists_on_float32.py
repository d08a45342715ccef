# style: every tensor is made and converted with an explicit float32
# %%
import torch
from torch import nn
# %%
def corr2d(X, K):
    X, K = X.float(), K.float()
    Y = torch.zeros((X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1), dtype=torch.float32)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum()
    return Y
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(1, dtype=torch.float32))

    def forward(self, x):
        return corr2d(x.type(torch.FloatTensor), self.weight) + self.bias
# %%
X = torch.ones((6, 8), dtype=torch.float32)
X[:, 2:6] = torch.tensor(0, dtype=torch.float32)
K = torch.FloatTensor([[1, -1]])
# %%
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2, dtype=torch.float32), nn.Sigmoid(), nn.AvgPool2d(2, 2),
            nn.Conv2d(6, 16, 5, dtype=torch.float32), nn.Sigmoid(), nn.AvgPool2d(2, 2))
        self.classifier = nn.Sequential(
            nn.Linear(16 * 5 * 5, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, num_classes))

    def forward(self, x):
        x = x.to(torch.float32)
        x = self.features(x)
        x = x.view(x.shape[0], 16 * 5 * 5)
        return self.classifier(x)
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides, dtype=torch.float32)
        self.bn1 = nn.BatchNorm2d(num_channels, dtype=torch.float32)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, dtype=torch.float32)
        self.bn2 = nn.BatchNorm2d(num_channels, dtype=torch.float32)
        self.conv3 = None
        if use_1x1conv:
            self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides, dtype=torch.float32)

    def forward(self, X):
        X = X.float()
        Y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        return torch.relu(Y + (X if self.conv3 is None else self.conv3(X)))
