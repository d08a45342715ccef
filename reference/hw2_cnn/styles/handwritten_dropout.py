# style: dropout written by hand, as in section 5.6 of the book
# %%
import torch
from torch import nn
# %%
def dropout_layer(X, dropout):
    assert 0 <= dropout <= 1
    if dropout == 1:
        return torch.zeros_like(X)
    mask = (torch.rand(X.shape) > dropout).float()
    return mask * X / (1.0 - dropout)
# %%
def vgg_block(num_convs, out_channels):
    layers = []
    for _ in range(num_convs):
        layers.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        layers.append(nn.ReLU())
    layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*layers)
# %%
class VGG(nn.Module):
    def __init__(self, arch, lr=0.1, num_classes=10, dropout=0.5):
        super().__init__()
        self.dropout = dropout
        self.features = nn.Sequential(*[vgg_block(n, c) for n, c in arch], nn.Flatten())
        self.lin1, self.lin2 = nn.LazyLinear(4096), nn.LazyLinear(4096)
        self.lin3 = nn.LazyLinear(num_classes)
        self.relu = nn.ReLU()

    def forward(self, X):
        H1 = self.relu(self.lin1(self.features(X)))
        if self.training:
            H1 = dropout_layer(H1, self.dropout)
        H2 = self.relu(self.lin2(H1))
        if self.training:
            H2 = dropout_layer(H2, self.dropout)
        return self.lin3(H2)
