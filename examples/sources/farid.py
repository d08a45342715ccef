# notebook: vscode
# %%
import torch
from torch import nn, Tensor
from torch.nn import functional as F
from d2l import torch as d2l
# %% [markdown]
# # 7.2 Convolutions for images
# %%
def corr2d(X, K):
    # im2col: one row for every window, then a single matrix-vector product
    (H, W), (h, w) = X.shape, K.shape
    out_h, out_w = H - h + 1, W - w + 1
    rows = torch.arange(out_h).view(-1, 1, 1, 1) + torch.arange(h).view(1, 1, -1, 1)
    cols = torch.arange(out_w).view(1, -1, 1, 1) + torch.arange(w).view(1, 1, 1, -1)
    patches = X[rows, cols].reshape(out_h * out_w, h * w)
    return (patches @ K.reshape(-1)).reshape(out_h, out_w)
# %%
X = torch.arange(9.0).reshape(3, 3)
K = torch.arange(4.0).reshape(2, 2)
assert corr2d(X, K).tolist() == [[19, 25], [37, 43]]
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.register_parameter('weight', nn.Parameter(torch.rand(kernel_size)))
        self.register_parameter('bias', nn.Parameter(torch.zeros(1)))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
X = torch.zeros(6, 8)
X[:, :2] = 1
X[:, 6:] = 1
K = torch.FloatTensor([[1, -1]])
Y = corr2d(X, K)
print(Y, corr2d(X.T, K), sep='\n')
# %%
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X, Y = X.reshape(1, 1, 6, 8), Y.reshape(1, 1, 6, 7)
for i in range(10):
    Y_hat = conv2d(X)
    conv2d.zero_grad()
    ((Y_hat - Y) ** 2).sum().backward()
    with torch.no_grad():
        conv2d.weight.add_(conv2d.weight.grad, alpha=-3e-2)
conv2d.weight.data
# %% [markdown]
# Discussion: what is called convolution here is, strictly speaking, correlation. The learned filter approaches (1, −1); with more
# steps it would be exact, since the problem is a convex least-squares one.
# %% [markdown]
# # 7.3 Padding and stride
# %%
def comp_conv2d(conv2d, X):
    return conv2d(X.view(1, 1, *X.shape)).squeeze()

X = torch.rand(8, 8)
print(comp_conv2d(nn.LazyConv2d(1, 3, padding=1), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, (5, 3), padding=(2, 1)), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, 3, padding=1, stride=2), X).shape)
print(comp_conv2d(nn.LazyConv2d(1, (3, 5), padding=(0, 1), stride=(3, 4)), X).shape)
# %%
# squeeze() would also remove a height or width of one, so I make it exact:
def comp_conv2d(conv2d, X):
    return conv2d(X.reshape(1, 1, *X.shape)).squeeze(0).squeeze(0)

comp_conv2d(nn.LazyConv2d(1, 8), torch.rand(8, 8)).shape
#= torch.Size([1, 1])
# %% [markdown]
# Discussion: padding decides how often the border is looked at, stride how densely the rest is.
# %% [markdown]
# # 7.4 Several channels
# %%
def corr2d_multi_in(X, K):
    return torch.stack([corr2d(X[c], K[c]) for c in range(len(X))], dim=-1).sum(-1)

def corr2d_multi_in_out(X, K):
    return torch.stack(tuple(corr2d_multi_in(X, kernel) for kernel in K), dim=0)

def corr2d_multi_in_out_1x1(X, K):
    return torch.einsum('oi,ihw->ohw', K[..., 0, 0], X)
# %%
X = torch.normal(0, 1, (3, 3, 3))
K = torch.normal(0, 1, (2, 3, 1, 1))
assert torch.allclose(corr2d_multi_in_out_1x1(X, K), corr2d_multi_in_out(X, K), atol=1e-6)
# %% [markdown]
# Discussion: every output channel mixes all input channels. Depthwise convolution drops the mixing and adds it back with a 1×1 layer, much cheaper.
# %% [markdown]
# # 7.5 Pooling
# %%
def pool2d(X, pool_size, mode='max'):
    (H, W), (p, q) = X.shape, pool_size
    # one shifted copy of the image for every cell of the window
    shifted = torch.stack([X[a:H - p + 1 + a, b:W - q + 1 + b] for a in range(p) for b in range(q)])
    if mode == 'max':
        return shifted.max(dim=0).values
    if mode == 'avg':
        return shifted.mean(dim=0)
    raise ValueError(mode)
# %%
X = torch.arange(9.0).reshape(3, 3)
pool2d(X, (2, 2)), pool2d(X, (2, 2), 'avg')
# %%
X = torch.arange(16.0).reshape(1, 1, 4, 4)
pool2d = nn.MaxPool2d(3)
pool2d(X)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
pool2d(X)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
pool2d(X)
# %% [markdown]
# Discussion: max keeps the strongest evidence, mean keeps the energy. Both throw away the exact position, and neither has parameters.
# %% [markdown]
# # 7.6 LeNet
# %%
def init_cnn(module):
    for kind in (nn.Linear, nn.Conv2d):
        if type(module) is kind:
            nn.init.xavier_uniform_(module.weight)

class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),
            nn.Flatten(),
            nn.Linear(400, 120), nn.Sigmoid(),
            nn.Linear(120, 84), nn.Sigmoid(),
            nn.Linear(84, num_classes))

LeNet().layer_summary((1, 1, 28, 28))
# %%
model = LeNet(lr=0.1)
model.apply(init_cnn)
data = d2l.FashionMNIST(batch_size=128)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
trainer.fit(model, data)
# %% [markdown]
# Discussion: the network halves the picture twice by average pooling. A convolution after a pooling layer sees twice as much of the original picture.
# %% [markdown]
# # 8.2 VGG
# %%
# Average pooling as in LeNet.
def vgg_block(num_convs, out_channels):
    layers = []
    for _ in range(num_convs):
        layers.extend([nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()])
    layers.append(nn.AvgPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*layers)

class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            *[vgg_block(num_convs, out_channels) for num_convs, out_channels in arch],
            nn.Flatten(),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(num_classes))
        self.net.apply(init_cnn)

VGG(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
# %%
model = VGG(((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
trainer.fit(model, data)
# %% [markdown]
# Discussion: small kernels, many of them. Going from 11 to 19 layers only changes the numbers in `arch`.
# %% [markdown]
# # 8.6 ResNet
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        conv = nn.LazyConv2d
        self.conv1 = conv(num_channels, 3, stride=strides, padding=1)
        self.norm1 = nn.LazyBatchNorm2d()
        self.conv2 = conv(num_channels, 3, padding=1)
        self.norm2 = nn.LazyBatchNorm2d()
        self.project = conv(num_channels, 1, stride=strides) if use_1x1conv else None

    def forward(self, X: Tensor) -> Tensor:
        Y = torch.relu(self.norm1(self.conv1(X)))
        Y = self.norm2(self.conv2(Y))
        return torch.relu(Y + X) if self.project is None else torch.relu(Y + self.project(X))

class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(self.b1())
        first = True
        for num_residuals, num_channels in arch:
            self.net.append(self.block(num_residuals, num_channels, first))
            first = False
        self.net.append(nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))

    def b1(self):
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1))

    def block(self, num_residuals, num_channels, first_block=False):
        stage = nn.Sequential()
        for k in range(num_residuals):
            smaller = k == 0 and not first_block
            stage.append(Residual(num_channels, use_1x1conv=smaller, strides=1 + smaller))
        return stage

class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)

ResNet18().layer_summary((1, 1, 96, 96))
# %%
model = ResNet18(lr=0.01)
data = d2l.FashionMNIST(batch_size=128, resize=(96, 96))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], init_cnn)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
trainer.fit(model, data)
# %% [markdown]
# Discussion: the sum gives the later layers a direct look at earlier features. An Inception block also has parallel paths but concatenates them.
# %% [markdown]
# # 7.1 (forgot this one above)
#
# Discussion: a convolution is a dense layer whose weight matrix is forced to be sparse and constant along its diagonals (Toeplitz). That is all.
