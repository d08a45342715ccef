# notebook: vscode
# %% [markdown]
# # Homework 2 · Bruno
#
# I avoid Python loops over pixels and write the networks as plain `nn.Module`s with their own `forward`.
# %%
from __future__ import annotations

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms as T

device = "cuda" if torch.cuda.is_available() else "cpu"
# %% [markdown]
# ## §7.1 — from dense layers to convolutions
#
# ### Discussion
# Start with a four-index weight tensor $W_{ijab}$. Demanding that a shifted input gives a shifted output removes $i, j$. Demanding
# locality limits $a, b$ to a small box. What remains is a kernel of $(2\Delta+1)^2$ numbers instead of $H^2W^2$. The bet is a
# *bias* in the statistical sense: it is right for natural images and wrong for, e.g., tables.
# %% [markdown]
# ## §7.2 — convolutions for images
# %%
def corr2d(image: Tensor, kernel: Tensor) -> Tensor:
    """Valid cross-correlation.

    All windows are views into the image: shape (out_h, out_w, kh, kw), no copy is made.
    """
    windows = image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    return torch.einsum("ijab,ab->ij", windows, kernel)


corr2d(torch.arange(9.0).view(3, 3), torch.arange(4.0).view(2, 2))
#= tensor([[19., 25.],
#=         [37., 43.]])
# %%
class Conv2D(nn.Module):
    """A one-channel convolution with a bias."""

    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))
        self.weight = nn.Parameter(torch.rand(*kernel_size))

    def forward(self, image: Tensor) -> Tensor:
        return corr2d(image, self.weight).add(self.bias)
# %%
K = torch.tensor([[1.0, -1.0]])
X = torch.cat([torch.ones(6, 2), torch.zeros(6, 4), torch.ones(6, 2)], dim=1)
Y = corr2d(X, K)
assert Y.sum() == 0 and Y[:, 1].eq(1).all() and Y[:, 5].eq(-1).all()
assert not corr2d(X.T, K).any()
# %%
torch.manual_seed(7)
conv2d = nn.Conv2d(in_channels=1, out_channels=1, kernel_size=(1, 2), bias=False)
optimizer = torch.optim.SGD(conv2d.parameters(), lr=3e-2)
for _ in range(10):
    optimizer.zero_grad()
    error = F.mse_loss(conv2d(X[None, None]), Y[None, None], reduction="sum")
    error.backward()
    optimizer.step()
print(conv2d.weight.flatten().tolist(), error.item())
# %% [markdown]
# ### Discussion
# `unfold` turns the sliding window into two extra axes, so that the whole operation is one tensor contraction; this is also how
# libraries reduce convolution to a matrix product (im2col). The kernel $(1, -1)$ is a discrete derivative in $x$; to detect
# edges in all directions one needs at least two of them, e.g. it and its transpose.
# %% [markdown]
# ## §7.3 — padding and stride
# %%
def comp_conv2d(layer: nn.Module, image: Tensor) -> Tensor:
    """Apply a layer to a single image without batch and channel axes."""
    return layer(image[None, None])[0, 0]


for options in (
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": (5, 3), "padding": (2, 1)},
    {"kernel_size": 3, "padding": 1, "stride": 2},
    {"kernel_size": (3, 5), "padding": (0, 1), "stride": (3, 4)},
):
    print(options, tuple(comp_conv2d(nn.Conv2d(1, 1, **options), torch.rand(8, 8)).shape))
#> {'kernel_size': 3, 'padding': 1} (8, 8)
#> {'kernel_size': (5, 3), 'padding': (2, 1)} (8, 8)
#> {'kernel_size': 3, 'padding': 1, 'stride': 2} (4, 4)
#> {'kernel_size': (3, 5), 'padding': (0, 1), 'stride': (3, 4)} (2, 2)
# %% [markdown]
# ### Discussion
# Zero padding leaks information about the position: a unit near the border can notice the artificial zeros. So a padded CNN is not
# perfectly translation-equivariant, which can be an advantage. Strides subsample without smoothing first, so they alias.
# %% [markdown]
# ## §7.4 — channels
# %%
def corr2d_multi_in(image: Tensor, kernel: Tensor) -> Tensor:
    """(c, h, w) with (c, kh, kw) gives (h', w')."""
    _, kh, kw = kernel.shape
    windows = image.unfold(1, kh, 1).unfold(2, kw, 1)
    return torch.einsum("cijab,cab->ij", windows, kernel)


def corr2d_multi_in_out(image: Tensor, kernels: Tensor) -> Tensor:
    """(c, h, w) with (o, c, kh, kw) gives (o, h', w')."""
    channels, height, width = image.shape
    _, _, kh, kw = kernels.shape
    sc, sh, sw = image.stride()
    windows = image.as_strided((channels, height - kh + 1, width - kw + 1, kh, kw), (sc, sh, sw, sh, sw))
    return torch.einsum("cijab,ocab->oij", windows, kernels)


def corr2d_multi_in_out_1x1(image: Tensor, kernels: Tensor) -> Tensor:
    """A change of basis in channel space."""
    return torch.tensordot(kernels[:, :, 0, 0], image, dims=1)
# %%
image = torch.stack([torch.arange(9.0), torch.arange(9.0) + 1]).view(2, 3, 3)
kernel = torch.stack([torch.arange(4.0), torch.arange(4.0) + 1]).view(2, 2, 2)
print(corr2d_multi_in(image, kernel))
print(corr2d_multi_in_out(image, torch.stack([kernel, kernel + 1, kernel + 2])))

image, kernels = torch.randn(3, 3, 3), torch.randn(2, 3, 1, 1)
torch.testing.assert_close(corr2d_multi_in_out_1x1(image, kernels), corr2d_multi_in_out(image, kernels))
# %% [markdown]
# ### Discussion
# Cost of one layer: $c_i c_o k_h k_w h' w'$ multiplications. Doubling both channel counts quadruples it, doubling the padding merely
# adds a border. The last comparison is not exactly zero in general, because the sums are taken in another order.
# %% [markdown]
# ## §7.5 — pooling
# %%
def pool2d(image: Tensor, pool_size: tuple[int, int], mode: str = "max", stride: int = 1) -> Tensor:
    """Maximum or mean of all windows."""
    ph, pw = pool_size
    windows = image.unfold(0, ph, stride).unfold(1, pw, stride)
    reduce = {"max": torch.amax, "avg": torch.mean}[mode]
    return reduce(windows, dim=(-2, -1))


print(pool2d(torch.arange(9.0).view(3, 3), (2, 2)), pool2d(torch.arange(9.0).view(3, 3), (2, 2), "avg"))
# %%
X = torch.arange(16.0).view(1, 1, 4, 4)
pool2d = nn.MaxPool2d(3)
print(pool2d(X))
# %%
pool2d = nn.MaxPool2d(3, stride=2, padding=1)
print(pool2d(X))
# %%
pool2d = nn.MaxPool2d(kernel_size=(2, 3), padding=(0, 1), stride=(2, 3))
print(pool2d(X), pool2d(torch.cat([X, X + 1], dim=1)), sep="\n")
# %% [markdown]
# ### Discussion
# Average pooling is a convolution with a constant kernel; max pooling is not (it is not linear), but it can be written with ReLUs:
# $\max(a, b) = b + \mathrm{relu}(a - b)$. Note that PyTorch pads max pooling with $-\infty$ and average pooling with zeros.
# %% [markdown]
# ## Training helper for the networks below
# %%
def fashion_mnist(size: int, batch_size: int = 128) -> tuple[DataLoader, DataLoader]:
    transform = T.Compose([T.Resize((size, size)), T.ToTensor()])
    train = torchvision.datasets.FashionMNIST("data", train=True, transform=transform, download=True)
    test = torchvision.datasets.FashionMNIST("data", train=False, transform=transform, download=True)
    return DataLoader(train, batch_size, shuffle=True, num_workers=0), DataLoader(test, batch_size)


@torch.no_grad()
def accuracy(network: nn.Module, loader: DataLoader) -> float:
    network.eval()
    right = total = 0
    for images, labels in loader:
        right += (network(images.to(device)).argmax(1).cpu() == labels).sum().item()
        total += len(labels)
    return right / total


def train(network: nn.Module, size: int, lr: float, epochs: int = 10) -> None:
    network.to(device)
    optimizer = torch.optim.SGD(network.parameters(), lr=lr)
    train_loader, test_loader = fashion_mnist(size)
    for epoch in range(1, epochs + 1):
        network.train()
        for images, labels in train_loader:
            loss = F.cross_entropy(network(images.to(device)), labels.to(device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch:2d}  loss {loss.item():.3f}  test accuracy {accuracy(network, test_loader):.3f}")
# %% [markdown]
# ## §7.6 — LeNet
# %%
def init_cnn(module: nn.Module) -> None:
    """Glorot's uniform distribution for dense and convolutional weights; lazy layers have none yet."""
    if isinstance(module, (nn.Linear, nn.Conv2d)) and not nn.parameter.is_lazy(module.weight):
        nn.init.xavier_uniform_(module.weight)


class LeNet(nn.Module):
    """Two convolutions, three dense layers; the classifier is created first, used last."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.lr = lr
        self.scores = nn.Linear(84, num_classes)
        self.dense_b = nn.Linear(120, 84)
        self.dense_a = nn.Linear(16 * 5 * 5, 120)
        self.features_b = nn.Conv2d(6, 16, 5)
        self.features_a = nn.Conv2d(in_channels, 6, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(F.sigmoid(self.features_a(x)), 2)
        x = F.avg_pool2d(F.sigmoid(self.features_b(x)), 2)
        x = torch.flatten(x, 1)
        x = F.sigmoid(self.dense_a(x))
        x = F.sigmoid(self.dense_b(x))
        return self.scores(x)
# %%
def shapes(network: nn.Module, *size: int) -> None:
    """Print the output shape of every leaf layer."""
    hooks = [
        layer.register_forward_hook(lambda layer, _, y, name=name: print(f"{name:24s}{type(layer).__name__:18s}{tuple(y.shape)}"))
        for name, layer in network.named_modules()
        if not list(layer.children())
    ]
    with torch.no_grad():
        network.eval()(torch.zeros(size))
    for hook in hooks:
        hook.remove()


shapes(LeNet(), 1, 1, 28, 28)
#> features_a              Conv2d            (1, 6, 28, 28)
#> features_b              Conv2d            (1, 16, 10, 10)
#> dense_a                 Linear            (1, 120)
#> dense_b                 Linear            (1, 84)
#> scores                  Linear            (1, 10)
# %%
lenet = LeNet().apply(init_cnn)
train(lenet, size=28, lr=0.1)
# %% [markdown]
# ### Discussion
# Saturated sigmoids: for the first few epochs the network predicts the class frequencies and nothing else. The gradient of
# a sigmoid is at most 1/4, four of them in a row leave 1/256 of it. Xavier keeps the variances alive long enough to escape.
# %% [markdown]
# ## §8.2 — VGG
# %%
def vgg_block(num_convs: int, out_channels: int, in_channels: int | None = None) -> nn.Sequential:
    """`num_convs` convolutions that keep the size, then a pooling that halves it."""
    block = nn.Sequential()
    for number in range(num_convs):
        if number:
            conv = nn.Conv2d(out_channels, out_channels, 3, padding="same")
        elif in_channels:
            conv = nn.Conv2d(in_channels, out_channels, 3, padding="same")
        else:
            conv = nn.LazyConv2d(out_channels, 3, padding="same")
        block.add_module(f"conv{number}", conv)
        block.add_module(f"relu{number}", nn.ReLU(inplace=True))
    block.add_module("pool", nn.MaxPool2d(2))
    return block


class VGG(nn.Module):
    def __init__(self, arch, lr: float = 0.1, num_classes: int = 10, in_channels: int = 1, p: float = 0.5) -> None:
        super().__init__()
        self.lr = lr
        self.head = nn.Sequential(
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(p),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(p),
            nn.Linear(4096, num_classes),
        )
        self.body = nn.ModuleList()
        for num_convs, out_channels in arch:
            self.body.append(vgg_block(num_convs, out_channels, in_channels))
            in_channels = out_channels
        self.apply(init_cnn)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.body:
            x = block(x)
        return self.head(torch.flatten(x, start_dim=1))
# %%
shapes(VGG(((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))), 1, 1, 224, 224)
# %%
vgg = VGG(((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)))
vgg(torch.zeros(1, 1, 224, 224))  # settles the lazy layer
train(vgg.apply(init_cnn), size=224, lr=0.01)
# %% [markdown]
# ### Discussion
# Three 3×3 layers cover 7×7 pixels with $27c^2$ instead of $49c^2$ weights. Nearly nine tenths of VGG-11's parameters are in the first
# two dense layers, a strong hint that one should average over positions instead of flattening, as later designs do.
# %% [markdown]
# ## §8.6 — ResNet
# %%
class Residual(nn.Module):
    """relu(shortcut(x) + branch(x))."""

    def __init__(
        self, num_channels: int, use_1x1conv: bool = False, strides: int = 1, in_channels: int | None = None
    ) -> None:
        super().__init__()
        entering = in_channels or num_channels
        lazy = use_1x1conv and in_channels is None

        def conv(size: int) -> nn.Module:
            if lazy:
                return nn.LazyConv2d(num_channels, size, stride=strides, padding=size // 2)
            return nn.Conv2d(entering, num_channels, size, stride=strides, padding=size // 2)

        self.shortcut = conv(1) if use_1x1conv else nn.Identity()
        self.norms = nn.ModuleList([nn.BatchNorm2d(num_channels), nn.BatchNorm2d(num_channels)])
        self.second = nn.Conv2d(num_channels, num_channels, 3, padding=1)
        self.first = conv(3)

    def forward(self, x: Tensor) -> Tensor:
        way_round = self.shortcut(x)
        branch = self.norms[0](self.first(x)).relu()
        branch = self.norms[1](self.second(branch))
        return torch.relu(way_round + branch)


print(Residual(3)(torch.randn(4, 3, 6, 6)).shape, Residual(6, True, 2)(torch.randn(4, 3, 6, 6)).shape)
# %%
class ResNet(nn.Module):
    def __init__(self, arch, lr: float = 0.1, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.lr = lr
        self.stem_conv = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3)
        self.stem_norm = nn.BatchNorm2d(64)
        stages = []
        channels = 64
        for stage, (depth, width) in enumerate(arch):
            for position in range(depth):
                halve = stage > 0 and position == 0
                stages.append(Residual(width, halve, 2 if halve else 1, in_channels=channels))
                channels = width
        self.stages = nn.Sequential(*stages)
        self.classify = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem_norm(self.stem_conv(x)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = self.stages(x)
        return self.classify(x.mean(dim=(2, 3)))


class ResNet18(ResNet):
    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__([(2, 64), (2, 128), (2, 256), (2, 512)], lr=lr, num_classes=num_classes)


shapes(ResNet18(), 1, 1, 96, 96)
# %%
train(ResNet18().apply(init_cnn), size=96, lr=0.01)
# %% [markdown]
# ### Discussion
# With $y = x + f(x)$ the Jacobian is $I + f'$, so the gradient cannot vanish through depth alone. Batch normalisation at the end of
# the branch keeps the sum from growing block after block. The shortcut costs almost nothing: a copy, or one 1×1 convolution a stage.
