# style: functions live in a class as static and class methods and are bound to names afterwards
# %%
import torch
from torch import nn
# %%
class Ops:
    float_type = torch.float32

    @staticmethod
    def corr2d(X, K):
        a, b = K.shape
        return torch.stack([(X[i:i + a].unfold(1, b, 1).transpose(0, 1) * K).sum((1, 2))
                            for i in range(len(X) - a + 1)])

    @classmethod
    def corr2d_multi_in(cls, X, K):
        return torch.stack([cls.corr2d(x, k) for x, k in zip(X, K)]).sum(0)

    @classmethod
    def corr2d_multi_in_out(cls, X, K):
        return torch.stack([cls.corr2d_multi_in(X, k) for k in K])

    @staticmethod
    def corr2d_multi_in_out_1x1(X, K):
        o, c = K.shape[:2]
        return torch.bmm(K.reshape(1, o, c), X.reshape(1, c, -1)).reshape(o, *X.shape[-2:])

    def comp_conv2d(self, conv2d, X):
        self.shape = X.shape
        return conv2d(X.reshape(1, 1, *self.shape))[0][0]

    def pool2d(self, X, pool_size, mode='max'):
        return getattr(self, '_' + mode)(X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1))

    _max = staticmethod(lambda windows: windows.max(-1).values.max(-1).values)
    _avg = staticmethod(lambda windows: windows.mean(-1).mean(-1))


ops = Ops()
# %%
corr2d = Ops.corr2d
corr2d_multi_in = Ops.corr2d_multi_in
corr2d_multi_in_out = Ops.corr2d_multi_in_out
corr2d_multi_in_out_1x1 = Ops.corr2d_multi_in_out_1x1
comp_conv2d = ops.comp_conv2d
pool2d = ops.pool2d
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(self.start(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    @staticmethod
    def start(shape):
        return torch.rand(shape)

    def forward(self, x):
        return Ops.corr2d(x, self.weight) + self.bias
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
# %%
class Initializer:
    @staticmethod
    def xavier(module):
        if module.__class__.__name__ in ('Linear', 'Conv2d'):
            nn.init.xavier_uniform_(module.weight, gain=1.0)


init_cnn = Initializer.xavier
