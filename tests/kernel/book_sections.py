"""What notebooks of chapters 3 to 8 do with d2l, in our own words: each text runs under the published library and ours.

A text leaves what is to be compared in `seen`. Beside that, every raw point that a board is given is compared: the
losses step by step. Fashion-MNIST has 20 images to train on and 4 to validate.
"""

from __future__ import annotations

BLOCKS = """
def conv_relu(channels, kernel, **more):
    return nn.Sequential(nn.LazyConv2d(channels, kernel, **more), nn.ReLU())

class Network(d2l.Classifier):
    def __init__(self, *layers, lr=0.05):
        super().__init__()
        self.save_hyperparameters(ignore=['layers'])
        self.net = nn.Sequential(*layers)

def learn(model, size, epochs=2, batch_size=8, lazy=True, **trainer):
    data = d2l.FashionMNIST(batch_size=batch_size, resize=(size, size))
    if lazy:
        model.apply_init([next(iter(data.get_dataloader(True)))[0]], d2l.init_cnn)
    trainer = d2l.Trainer(max_epochs=epochs, num_gpus=1, **trainer)
    trainer.fit(model, data)
    seen['weights'] = model.state_dict()
    seen['counts'] = [trainer.epoch, trainer.train_batch_idx, trainer.val_batch_idx, trainer.num_train_batches,
                      trainer.num_val_batches, trainer.gpus, model.board.xlim, model.board.xlabel]
    return trainer
"""

DENSE = "nn.Flatten(), nn.LazyLinear(32), nn.ReLU(), nn.LazyLinear(10)"

SECTIONS = {
    "3.2 hyper-parameters": """
class Kept(d2l.HyperParameters):
    def __init__(self, a, b=2, *rest, _hidden=0, **more):
        total = a + b
        self.save_hyperparameters(ignore=['a'])

class Wraps(Kept):
    def __init__(self, size, a=9):
        super().__init__(size, 5, 6, extra=7)
        self.save_hyperparameters()

kept, wraps = Kept(1, 3, 4, extra=5), Wraps(8)
seen.update(first=sorted(kept.hparams), second=wraps.hparams, kept=sorted(vars(kept)), all=vars(wraps))

@d2l.add_to_class(Kept)
def twice(self):
    return 2 * self.b

seen['added'] = [Kept(1).twice(), twice]
""",
    "3.2 boards": """
board = d2l.ProgressBoard('x', display=False)
for i in range(11):
    board.draw(i / 10, np.sin(i), 'sin', every_n=2)
    board.draw(i / 10, np.float32(i), 'line', every_n=10)
seen['lines'] = {label: [tuple(point) for point in line] for label, line in board.data.items()}
seen['waiting'] = {label: [tuple(point) for point in line] for label, line in board.raw_points.items()}

class Own(d2l.ProgressBoard):
    def __init__(self):
        self.save_hyperparameters()
        self.display = False

own = Own()
own.draw(1, 2.0, 'a')
seen['own'] = list(own.data)
""",
    "3.3 data": """
w, b = torch.tensor([2, -3.4]), 4.2
data = d2l.SyntheticRegressionData(w=w, b=b, num_train=30, num_val=10, batch_size=7)
seen.update(X=data.X, y=data.y, names=sorted(vars(data)), lengths=[len(data.train_dataloader()), len(data.val_dataloader())])
seen['train'] = [list(batch) for batch in data.train_dataloader()]
seen['val'] = [list(batch) for batch in data.val_dataloader()]

@d2l.add_to_class(d2l.SyntheticRegressionData)
def get_dataloader(self, train):
    order = torch.randperm(self.num_train) if train else torch.arange(self.num_train, self.num_train + self.num_val)
    for rows in order.split(self.batch_size):
        yield self.X[rows], self.y[rows]

seen['by hand'] = [list(batch) for batch in data.train_dataloader()]
""",
    "3.4 linear regression from scratch": """
data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2, num_train=60, num_val=20)
model = d2l.LinearRegressionScratch(2, lr=0.03)
trainer = d2l.Trainer(max_epochs=3)
trainer.fit(model, data)
trainer.fit(model, data)
seen.update(w=model.w, b=model.b, hparams=sorted(model.hparams))
""",
    "3.5 linear regression": """
data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2, num_train=60, num_val=20)
model = d2l.LinearRegression(lr=0.03)
d2l.Trainer(max_epochs=3).fit(model, data)
seen['learned'] = model.get_w_b()
""",
    "3.7 weight decay": """
class Wide(d2l.DataModule):
    def __init__(self, num_train, num_val, num_inputs, batch_size):
        self.save_hyperparameters()
        n = num_train + num_val
        self.X = torch.randn(n, num_inputs)
        self.y = self.X @ torch.full((num_inputs, 1), 0.01) + 0.05 + 0.01 * torch.randn(n, 1)
    def get_dataloader(self, train):
        rows = slice(0, self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader([self.X, self.y], train, rows)

class Decaying(d2l.LinearRegressionScratch):
    def __init__(self, num_inputs, lambd, lr, sigma=0.01):
        super().__init__(num_inputs, lr, sigma)
        self.save_hyperparameters()
    def loss(self, y_hat, y):
        return super().loss(y_hat, y) + self.lambd * (self.w ** 2).sum() / 2

class Concise(d2l.LinearRegression):
    def __init__(self, wd, lr):
        super().__init__(lr)
        self.save_hyperparameters()
        self.wd = wd
    def configure_optimizers(self):
        return torch.optim.SGD([{'params': self.net.weight, 'weight_decay': self.wd}, {'params': self.net.bias}], lr=self.lr)

data = Wide(num_train=20, num_val=40, num_inputs=50, batch_size=5)
for model in (Decaying(50, 3, 0.01), Concise(3, 0.01)):
    model.board.yscale = 'log'
    d2l.Trainer(max_epochs=4).fit(model, data)
    seen[type(model).__name__] = model.state_dict() or [model.w, model.b]
""",
    "4.2 images": """
data = d2l.FashionMNIST(resize=(32, 32))
data.num_workers = 2
seen.update(lengths=[len(data.train), len(data.val)], first=data.train[0], names=data.text_labels(range(10)))
X, y = next(iter(data.train_dataloader()))
seen.update(X=X, y=y, val=[list(batch) for batch in data.val_dataloader()], hparams=sorted(data.hparams), dtype=str(y.dtype))
data.visualize([X[:8], y[:8]])
""",
    "4.4 softmax regression from scratch": """
class Scratch(d2l.Classifier):
    def __init__(self, num_inputs, num_outputs, lr, sigma=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.W = torch.normal(0, sigma, size=(num_inputs, num_outputs), requires_grad=True)
        self.b = torch.zeros(num_outputs, requires_grad=True)
    def parameters(self):
        return [self.W, self.b]
    def forward(self, X):
        scores = torch.exp(X.reshape((-1, self.W.shape[0])) @ self.W + self.b)
        return scores / scores.sum(1, keepdim=True)
    def loss(self, y_hat, y):
        return -torch.log(y_hat[range(len(y_hat)), y]).mean()

model = Scratch(784, 10, lr=0.1)
learn(model, 28, lazy=False)
seen['W'] = [model.W, model.b]
""",
    "4.5 softmax regression": "learn(d2l.SoftmaxRegression(num_outputs=10, lr=0.1), 28, lazy=False)",
    "5.2 multilayer perceptron": f"learn(Network({DENSE}), 28, lazy=False)",
    "5.6 dropout": f"learn(Network({DENSE.replace('nn.ReLU()', 'nn.ReLU(), nn.Dropout(0.4)')}), 28, lazy=False)",
    "7.6 LeNet": "learn(d2l.LeNet(lr=0.1), 28, epochs=4)",
    "8.1 AlexNet": """
learn(Network(conv_relu(12, 11, stride=4, padding=1), nn.MaxPool2d(3, 2), conv_relu(24, 5, padding=2), nn.MaxPool2d(3, 2),
      conv_relu(24, 3, padding=1), nn.MaxPool2d(3, 2), nn.Flatten(), nn.LazyLinear(64), nn.ReLU(), nn.Dropout(0.5),
      nn.LazyLinear(10)), 224)
""",
    "8.2 VGG": """
def block(convolutions, channels):
    layers = [conv_relu(channels, 3, padding=1) for _ in range(convolutions)]
    return nn.Sequential(*layers, nn.MaxPool2d(2, 2))

learn(Network(*(block(*each) for each in ((1, 4), (1, 8), (2, 16), (2, 32), (2, 32))), nn.Flatten(), nn.LazyLinear(64),
      nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(10)), 224)
""",
    "8.3 NiN": """
def nin(channels, *shape):
    return nn.Sequential(conv_relu(channels, *shape[:1], stride=shape[1], padding=shape[2]),
                         conv_relu(channels, 1), conv_relu(channels, 1))

learn(Network(nin(12, 11, 4, 0), nn.MaxPool2d(3, 2), nin(24, 5, 1, 2), nn.MaxPool2d(3, 2), nn.Dropout(0.5),
      nin(10, 3, 1, 1), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten()), 224)
""",
    "8.4 GoogLeNet": """
class Inception(nn.Module):
    def __init__(self, c1, c2, c3, c4):
        super().__init__()
        self.paths = nn.ModuleList([conv_relu(c1, 1), nn.Sequential(conv_relu(c2[0], 1), conv_relu(c2[1], 3, padding=1)),
            nn.Sequential(conv_relu(c3[0], 1), conv_relu(c3[1], 5, padding=2)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(c4, 1))])
    def forward(self, X):
        return torch.cat([path(X) for path in self.paths], 1)

class GoogLeNet(d2l.Classifier):
    pass

@d2l.add_to_class(GoogLeNet)
def stem(self):
    return nn.Sequential(conv_relu(8, 7, stride=2, padding=3), nn.MaxPool2d(3, 2, 1))

@d2l.add_to_class(GoogLeNet)
def __init__(self, lr=0.1, num_classes=10):
    super(GoogLeNet, self).__init__()
    self.save_hyperparameters()
    self.net = nn.Sequential(self.stem(), Inception(8, (6, 8), (4, 8), 8), nn.MaxPool2d(3, 2, 1),
        Inception(4, (4, 6), (2, 4), 2), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes))

learn(GoogLeNet(lr=0.01), 96)
""",
    "8.5 batch normalisation": """
class Normalises(nn.Module):
    def __init__(self, features, dims):
        super().__init__()
        shape = (1, features) if dims == 2 else (1, features, 1, 1)
        self.gamma, self.beta = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))
        self.mean, self.var = torch.zeros(shape), torch.ones(shape)
    def forward(self, X):
        dims = (0,) if X.dim() == 2 else (0, 2, 3)
        mean, var = self.mean, self.var
        if torch.is_grad_enabled():
            mean = X.mean(dims, keepdim=True)
            var = ((X - mean) ** 2).mean(dims, keepdim=True)
            self.mean, self.var = 0.9 * self.mean + 0.1 * mean.detach(), 0.9 * self.var + 0.1 * var.detach()
        return (X - mean) / torch.sqrt(var + 1e-5) * self.gamma + self.beta

learn(Network(nn.LazyConv2d(6, 5), Normalises(6, 4), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(), nn.LazyLinear(20),
      Normalises(20, 2), nn.Sigmoid(), nn.LazyLinear(10), lr=0.1), 28)
seen['by hand'] = dict(seen['weights'])
learn(Network(nn.LazyConv2d(6, 5), nn.LazyBatchNorm2d(), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(), nn.LazyLinear(20),
      nn.LazyBatchNorm1d(), nn.Sigmoid(), nn.LazyLinear(10), lr=0.1), 28)
""",
    "8.6 ResNet": """
class ResNet(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.LazyConv2d(8, 7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        for i, (count, channels) in enumerate(arch):
            blocks = [d2l.Residual(channels, use_1x1conv=i > 0 and j == 0, strides=2 if i > 0 and j == 0 else 1) for j in range(count)]
            self.net.add_module(f'b{i + 2}', nn.Sequential(*blocks))
        self.net.add_module('last', nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes)))

model = ResNet(((2, 8), (2, 16), (2, 32)), lr=0.01)
learn(model, 96)
model.eval()
model.layer_summary((1, 1, 96, 96))
""",
    "8.6 ResNeXt": """
X = torch.randn(4, 32, 12, 12)
learn(Network(conv_relu(32, 3, stride=4), d2l.ResNeXtBlock(32, 16, 1), d2l.ResNeXtBlock(64, 16, 1, True, 2),
      nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(10)), 96)
""",
    "8.7 DenseNet": """
def conv(channels, kernel=3, padding=1):
    return nn.Sequential(nn.LazyBatchNorm2d(), nn.ReLU(), nn.LazyConv2d(channels, kernel, padding=padding))

class Dense(nn.Module):
    def __init__(self, count, channels):
        super().__init__()
        self.net = nn.Sequential(*(conv(channels) for _ in range(count)))
    def forward(self, X):
        for layer in self.net:
            X = torch.cat((X, layer(X)), dim=1)
        return X

learn(Network(conv_relu(8, 7, stride=2, padding=3), Dense(3, 4), conv(10, 1, 0), nn.AvgPool2d(2, 2), Dense(2, 4),
      nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(10)), 96)
""",
    "overridden: every hook": f"""
order = []

class Net(Network):
    def training_step(self, batch):
        order.append('step')
        loss = self.loss(self(*batch[:-1]), batch[-1], averaged=True)
        self.plot('loss', loss, train=True)
        self.plot('half', loss / 2, train=True)
        return loss * 2
    def validation_step(self, batch):
        super().validation_step(batch)
        self.plot('err', 1 - self.accuracy(self(*batch[:-1]), batch[-1]), train=False)
    def configure_optimizers(self):
        order.append('optimizers')
        return torch.optim.Adam(self.parameters(), lr=1e-3)
    def plot(self, key, value, train):
        order.append((key, float(value.detach()), train, self.trainer.epoch))
        super().plot(key, value, train)

class Own(d2l.Trainer):
    def prepare_batch(self, batch):
        X, y = super().prepare_batch(batch)
        return X + 0.1, y
    def prepare_data(self, data):
        super().prepare_data(data)
        order.append(('data', self.num_train_batches, self.num_val_batches))
    def prepare_model(self, model):
        order.append('model')
        super().prepare_model(model)

data = d2l.FashionMNIST(batch_size=4)
model = Net({DENSE})
trainer = Own(max_epochs=2, gradient_clip_val=0.5)
trainer.fit(model, data)
trainer.fit(model, data)
trainer.max_epochs = 1
trainer.fit(model, data)
seen.update(order=order, weights=model.state_dict(), hparams=sorted(trainer.hparams))
""",
    "overridden: fit_epoch and fit": f"""
class Accumulates(d2l.Trainer):
    def fit_epoch(self):
        self.model.train()
        for number, batch in enumerate(self.train_dataloader):
            self.model.training_step(self.prepare_batch(batch)).backward()
            if number % 2:
                self.optim.step()
                self.optim.zero_grad()
            self.train_batch_idx += 1

class Twice(d2l.Trainer):
    def fit(self, model, data):
        super().fit(model, data)
        for group in self.optim.param_groups:
            group['lr'] /= 10
        for self.epoch in range(self.max_epochs, 2 * self.max_epochs):
            self.fit_epoch()

data = d2l.FashionMNIST(batch_size=4)
for kind in (Accumulates, Twice):
    model = Network({DENSE})
    trainer = kind(max_epochs=2)
    trainer.fit(model, data)
    seen[kind.__name__] = [model.state_dict(), trainer.epoch, trainer.train_batch_idx, trainer.val_batch_idx]
""",
    "overridden: add_to_class": f"""
@d2l.add_to_class(d2l.Trainer)
def fit_epoch(self):
    for batch in self.train_dataloader:
        self.optim.zero_grad()
        loss = self.model.training_step(self.prepare_batch(batch))
        loss.backward()
        self.optim.step()
        self.train_batch_idx += 1

@d2l.add_to_class(d2l.Module)
def training_step(self, batch):
    loss = self.loss(self(*batch[:-1]), batch[-1]) + 1
    self.plot('plus one', loss, train=True)
    return loss

learn(Network({DENSE}), 28, lazy=False)
""",
    "data of the student's own": f"""
class Dataset(torch.utils.data.Dataset):
    def __init__(self, count):
        self.X, self.y = torch.rand(count, 1, 28, 28), torch.randint(0, 10, (count,))
    def __len__(self):
        return len(self.y)
    def __getitem__(self, number):
        return self.X[number], self.y[number]

class Own(d2l.DataModule):
    def __init__(self, batch_size=5, num_workers=2):
        super().__init__(num_workers=num_workers)
        self.save_hyperparameters()
        self.train, self.val = Dataset(17), Dataset(6)
    def get_dataloader(self, train):
        return torch.utils.data.DataLoader(self.train if train else self.val, self.batch_size, shuffle=train, drop_last=train,
                                           num_workers=0 if train else self.num_workers)

class Unvalidated(Own):
    def val_dataloader(self):
        return None

class Augmented(d2l.FashionMNIST):
    def __init__(self, batch_size=8, resize=(28, 28)):
        super().__init__(batch_size, resize)
        self.save_hyperparameters()
    def get_dataloader(self, train):
        return [(X.flip(-1), y) for X, y in super().get_dataloader(train)]

for data in (Own(), Unvalidated(), Augmented()):
    model = Network({DENSE})
    trainer = d2l.Trainer(max_epochs=2)
    trainer.fit(model, data)
    seen[type(data).__name__] = [model.state_dict(), trainer.num_train_batches, trainer.num_val_batches]
""",
    "transforms of the student's own": f"""
from torchvision import transforms
data = d2l.FashionMNIST(batch_size=4)
seen['plain'] = [data.train[3], type(data.train.transform).__name__, data.train.target_transform, len(data.train.data)]
data.train.transform.transforms.insert(0, transforms.RandomHorizontalFlip())
data.val.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
data.val.target_transform = lambda label: 9 - label
seen['train'] = [list(batch) for batch in data.train_dataloader()]
seen['val'] = [list(batch) for batch in data.val_dataloader()]
data.train.data, data.train.targets = data.train.data[:6], data.train.targets[:6]
model = Network({DENSE})
d2l.Trainer(max_epochs=2).fit(model, data)
seen['weights'] = model.state_dict()
rows = torch.utils.data.DataLoader(torch.utils.data.Subset(d2l.FashionMNIST().train, [5, 1, 3]), batch_size=2)
seen['rows'] = [list(batch) for batch in rows]
""",
    "split for cross-validation": f"""
data = d2l.FashionMNIST(batch_size=4)
part = torch.utils.data.Subset(data.train, range(6))
data.val = part
learn_from = torch.utils.data.ConcatDataset([data.train, part])
data.train = learn_from
model = Network({DENSE})
d2l.Trainer(max_epochs=1).fit(model, data)
seen.update(weights=model.state_dict(), size=len(data.train_dataloader().dataset))
""",
    "functions of earlier editions": """
train, val = d2l.load_data_fashion_mnist(4, resize=32)
net = nn.Sequential(nn.LazyConv2d(4, 5), nn.Sigmoid(), nn.AvgPool2d(4), nn.Flatten(), nn.LazyLinear(10))
net(torch.zeros(1, 1, 32, 32))
d2l.train_ch6(net, train, val, 2, 0.5, d2l.try_gpu())
seen.update(weights=net.state_dict(), accuracy=d2l.evaluate_accuracy_gpu(net, val))
X, y = d2l.synthetic_data(torch.tensor([2.0, -1.0]), 0.5, 20)
w, b = torch.zeros(2, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
for X_batch, y_batch in d2l.load_array((X, y), 6):
    loss = d2l.squared_loss(d2l.linreg(X_batch, w, b), y_batch)
    loss.sum().backward()
    d2l.sgd([w, b], 0.03, 6)
    seen.setdefault('losses', []).append(loss)
seen.update(w=w, b=b)
""",
}
