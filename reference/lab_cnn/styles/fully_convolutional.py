# style: the first linear layer is a convolution that sees the whole image, as in LeCun's paper of 1998
# %%
import torch
from torch import nn
# %%
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 7), nn.ReLU(), nn.Conv2d(128, 10, 1), nn.Flatten())

    def forward(self, x):
        return self.layers(x)
# %%
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.C1, self.C3, self.C5 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5), nn.Conv2d(16, 120, 5)
        self.F6, self.output = nn.Linear(120, 84), nn.Linear(84, 10)
        self.subsample = nn.MaxPool2d(2, 2)

    def forward(self, x):
        x = self.subsample(torch.relu(self.C1(x)))
        x = self.subsample(torch.relu(self.C3(x)))
        x = torch.relu(self.C5(x)).view(-1, 120)
        return self.output(torch.relu(self.F6(x)))
