"""Fill the stubs of the HW2 notebooks with right answers in the style of students who follow the book.

from tests.reference.solving import solve
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from typing import Any

DISCUSSION = "*Your answer here.*"
ANSWER = "A convolution looks at a small patch and uses the same weights everywhere, so it needs few parameters."

# Per name: what goes into the first stub of that name, the second and so on.
ANSWERS: dict[str, tuple[str, ...]] = {
    "corr2d": (
        '''
def corr2d(X, K):
    """Compute the two-dimensional cross-correlation of the image X with the kernel K."""
    kh, kw = K.shape
    out = torch.zeros(X.shape[0] - kh + 1, X.shape[1] - kw + 1)
    for row in range(out.shape[0]):
        for col in range(out.shape[1]):
            window = X[row : row + kh, col : col + kw]
            out[row, col] = torch.sum(window * K)
    return out
''',
    ),
    "Conv2D": (
        '''
class Conv2D(nn.Module):
    """A convolutional layer with one input channel and one output channel."""

    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.bias + corr2d(x, self.weight)
''',
    ),
    "X": (
        """
X = torch.ones((6, 8))
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])
""",
    ),
    "conv2d": (
        """
conv2d = nn.LazyConv2d(1, kernel_size=(1, 2), bias=False)
X = X.reshape(1, 1, 6, 8)
Y = Y.reshape(1, 1, 6, 7)

for step in range(10):
    loss = ((conv2d(X) - Y) ** 2).sum()
    conv2d.zero_grad()
    loss.backward()
    with torch.no_grad():
        conv2d.weight -= 3e-2 * conv2d.weight.grad
""",
    ),
    "comp_conv2d": (
        '''
def comp_conv2d(conv2d, X):
    """Apply the layer conv2d to the image X of shape (h, w)."""
    out = conv2d(X.reshape((1, 1) + X.shape))
    return out.reshape(out.shape[2:])
''',
    ),
    "corr2d_multi_in": (
        '''
def corr2d_multi_in(X, K):
    """Compute the cross-correlation over several input channels."""
    total = 0
    for channel in range(X.shape[0]):
        total = total + d2l.corr2d(X[channel], K[channel])
    return total
''',
    ),
    "corr2d_multi_in_out": (
        '''
def corr2d_multi_in_out(X, K):
    """Compute the cross-correlation over several input and output channels."""
    outputs = []
    for kernel in K:
        outputs.append(corr2d_multi_in(X, kernel))
    return torch.stack(outputs, 0)
''',
    ),
    "corr2d_multi_in_out_1x1": (
        '''
def corr2d_multi_in_out_1x1(X, K):
    """Compute a 1x1 convolution as a matrix product."""
    c_in, height, width = X.shape
    c_out = K.shape[0]
    product = torch.matmul(K.reshape(c_out, c_in), X.reshape(c_in, height * width))
    return product.reshape(c_out, height, width)
''',
    ),
    "pool2d": (
        '''
def pool2d(X, pool_size, mode="max"):
    """Pool every window of the image X by its maximum or its average."""
    ph, pw = pool_size
    out = torch.zeros((X.shape[0] - ph + 1, X.shape[1] - pw + 1))
    for row in range(out.shape[0]):
        for col in range(out.shape[1]):
            window = X[row : row + ph, col : col + pw]
            if mode == "max":
                out[row, col] = window.max()
            elif mode == "avg":
                out[row, col] = window.mean()
    return out
''',
        "pool2d = nn.MaxPool2d(3)",
        "pool2d = nn.MaxPool2d(3, stride=2, padding=1)",
        "pool2d = nn.MaxPool2d((2, 3), padding=(0, 1), stride=(2, 3))",
    ),
    "init_cnn": (
        '''
def init_cnn(module):
    """Initialise the weight of a linear or convolutional layer."""
    if type(module) == nn.Linear or type(module) == nn.Conv2d:
        nn.init.xavier_uniform_(module.weight)
''',
    ),
    "LeNet": (
        '''
class LeNet(d2l.Classifier):
    """The LeNet-5 model for images of 28 x 28 pixels."""

    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        features = [
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
        ]
        dense = [nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes)]
        self.net = nn.Sequential(*features, nn.Flatten(), *dense)
''',
    ),
    "vgg_block": (
        '''
def vgg_block(num_convs, out_channels):
    """Build one block of convolutions that ends with max-pooling."""
    layers = []
    for i in range(num_convs):
        layers.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        layers.append(nn.ReLU())
    layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)
''',
    ),
    "VGG": (
        '''
class VGG(d2l.Classifier):
    """A VGG network made of the blocks listed in arch."""

    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        layers = [vgg_block(convs, channels) for convs, channels in arch]
        layers.append(nn.Flatten())
        for i in range(2):
            layers += [nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5)]
        layers.append(nn.LazyLinear(num_classes))
        self.net = nn.Sequential(*layers)
        self.net.apply(d2l.init_cnn)
''',
    ),
    "Residual": (
        '''
class Residual(nn.Module):
    """A residual block with num_channels output channels."""

    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, stride=strides, padding=1)
        self.bn1 = nn.LazyBatchNorm2d()
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.bn2 = nn.LazyBatchNorm2d()
        self.conv3 = None
        if use_1x1conv:
            self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides)

    def forward(self, X):
        out = F.relu(self.bn1(self.conv1(X)))
        out = self.bn2(self.conv2(out))
        if self.conv3 is not None:
            X = self.conv3(X)
        out += X
        return F.relu(out)
''',
    ),
    "ResNet": (
        '''
class ResNet(d2l.Classifier):
    """A residual network with the stages listed in arch."""

    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential()
        self.net.add_module("stem", self.b1())
        for i, (num_residuals, num_channels) in enumerate(arch):
            self.net.add_module(f"stage{i + 1}", self.block(num_residuals, num_channels, first_block=(i == 0)))
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(num_classes))
        self.net.add_module("head", head)
        self.net.apply(d2l.init_cnn)

    def b1(self):
        """Build the stem."""
        conv = nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3)
        return nn.Sequential(conv, nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1))

    def block(self, num_residuals, num_channels, first_block=False):
        """Build one stage of residual blocks."""
        blocks = []
        for i in range(num_residuals):
            if i == 0 and not first_block:
                blocks.append(Residual(num_channels, use_1x1conv=True, strides=2))
            else:
                blocks.append(Residual(num_channels))
        return nn.Sequential(*blocks)
''',
    ),
    "ResNet18": (
        '''
class ResNet18(ResNet):
    """The residual network with 18 layers."""

    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
''',
    ),
}


def stubbed_names(source: str) -> list[str]:
    """List the names that a cell leaves open: definitions that raise NotImplementedError, and names bound to `...`."""
    names = []
    for statement in ast.parse(source).body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if "NotImplementedError" in source:
                names.append(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)) if value is ...:
                names.append(name)
    return names


def solve(notebook: dict[str, Any]) -> dict[str, Any]:
    """Give a copy of an assignment's notebook (its parsed JSON) with every stub and every discussion filled in."""
    solved = copy.deepcopy(notebook)
    seen: Counter[str] = Counter()
    for cell in solved["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cell["source"] = source.replace(DISCUSSION, ANSWER)
        elif names := stubbed_names(source):
            cell["source"] = ANSWERS[names[0]][seen[names[0]]].strip("\n")
            seen[names[0]] += 1
    return solved
