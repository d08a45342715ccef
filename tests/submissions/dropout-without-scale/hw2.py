# %%
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p
    def forward(self, X):
        if not self.training:
            return X
        return X * (torch.rand_like(X) > self.p).float()
# %%
def vgg_block(num_convs, out_channels):
    layers = []
    for _ in range(num_convs):
        layers += [nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))
# %%
class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            *[vgg_block(n, c) for n, c in arch], nn.Flatten(),
            nn.LazyLinear(4096), nn.ReLU(), Dropout(0.5), nn.LazyLinear(4096), nn.ReLU(), Dropout(0.5),
            nn.LazyLinear(num_classes))
