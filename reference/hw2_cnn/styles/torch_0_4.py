# style: the idioms of torch 0.4, among them Variable, size_average and layers found by the name of their class
# %%
from __future__ import print_function, division
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable
from d2l import torch as d2l
use_cuda = torch.cuda.is_available()
# %%
def corr2d(X, K):
    h, w = K.size()
    rows = []
    for i in range(X.size(0) - h + 1):
        row = []
        for j in range(X.size(1) - w + 1):
            row.append(torch.sum(torch.mul(X[i:i+h, j:j+w], K)).view(1))
        rows.append(torch.cat(row).view(1, -1))
    return torch.cat(rows, 0)
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super(Conv2D, self).__init__()
        self.weight = nn.Parameter(torch.Tensor(*kernel_size).uniform_(0, 1))
        self.bias = nn.Parameter(torch.Tensor(1).zero_())
    def forward(self, x):
        return corr2d(x, self.weight) + self.bias.expand(1, 1)
# %%
X = Variable(torch.FloatTensor(6, 8).fill_(1))
X[:, 2:6].data.zero_()
K = Variable(torch.from_numpy(np.array([[1, -1]], dtype=np.float32)))
Y = corr2d(X, K)
# %%
conv2d = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
x_, y_ = Variable(X.data.view(1, 1, 6, 8)), Variable(Y.data.view(1, 1, 6, 7), requires_grad=False)
if use_cuda:
    conv2d, x_, y_ = conv2d.cuda(), x_.cuda(), y_.cuda()
crit = nn.MSELoss(size_average=False)
for i in range(10):
    conv2d.zero_grad()
    loss = crit(conv2d(x_), y_)
    loss.backward()
    for p in conv2d.parameters():
        p.data.add_(-0.03 * p.grad.data)
# %%
def comp_conv2d(conv2d, X):
    out = conv2d(X.view(1, 1, X.size(0), X.size(1)))
    return out.view(out.size(2), out.size(3))
# %%
def corr2d_multi_in(X, K):
    res = corr2d(X[0, :, :], K[0, :, :])
    for i in range(1, X.size(0)):
        res += corr2d(X[i, :, :], K[i, :, :])
    return res
def corr2d_multi_in_out(X, K):
    return torch.cat([corr2d_multi_in(X, K[o]).unsqueeze(0) for o in range(K.size(0))], 0)
def corr2d_multi_in_out_1x1(X, K):
    c_i, h, w = X.size()
    c_o = K.size(0)
    return torch.mm(K.contiguous().view(c_o, c_i), X.contiguous().view(c_i, h * w)).view(c_o, h, w)
# %%
def pool2d(X, pool_size, mode='max'):
    p_h, p_w = pool_size
    Y = torch.Tensor(X.size(0) - p_h + 1, X.size(1) - p_w + 1)
    for i in range(Y.size(0)):
        for j in range(Y.size(1)):
            w = X[i:i+p_h, j:j+p_w].contiguous().view(-1)
            if mode == 'max':
                Y[i, j] = torch.max(w, 0)[0]
            else:
                Y[i, j] = torch.sum(w) / float(p_h * p_w)
    return Y

# %%
X = torch.arange(16, dtype=torch.float32).reshape((1, 1, 4, 4))
pool2d = nn.MaxPool2d(3)
pool2d(X)
# %%
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
pool2d(X)
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
pool2d(X)

# %%
def init_cnn(module):
    classname = module.__class__.__name__
    if classname.find('Conv') != -1 or classname.find('Linear') != -1:
        nn.init.xavier_uniform(module.weight.data)
# %%
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super(LeNet, self).__init__()
        self.save_hyperparameters()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)
    def forward(self, x):
        x = F.avg_pool2d(F.sigmoid(self.conv1(x)), 2)
        x = F.avg_pool2d(F.sigmoid(self.conv2(x)), 2)
        x = x.view(-1, self.num_flat_features(x))
        x = F.sigmoid(self.fc1(x))
        x = F.sigmoid(self.fc2(x))
        return self.fc3(x)
    def num_flat_features(self, x):
        size = x.size()[1:]
        n = 1
        for s in size:
            n *= s
        return n
