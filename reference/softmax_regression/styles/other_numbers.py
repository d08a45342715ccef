# style: gives a Fraction, a tensor of one element and a named tuple of parameters; keeps probabilities below 1 by a clamp
# %%
from collections import namedtuple
from fractions import Fraction

import torch
# %%
def accuracy(y_hat, y):
    return Fraction(int((y_hat.argmax(1) == y).sum()), len(y))
# %%
def softmax(X):
    return torch.exp(X - torch.logsumexp(X, dim=1, keepdim=True))
# %%
def cross_entropy(y_hat, y):
    p = torch.clamp(y_hat, min=1e-12, max=1.0)
    return -torch.log(p[torch.arange(len(y)), y]).mean().reshape(1)
# %%
Parameters = namedtuple("Parameters", "W b")

def train_step(W, b, X, y, lr):
    new = Parameters(*(torch.nn.Parameter(each.clone()) for each in (W, b)))
    optimizer = torch.optim.SGD(new, lr=lr)
    cross_entropy(softmax(X @ new.W + new.b), y).backward()
    optimizer.step()
    return new
