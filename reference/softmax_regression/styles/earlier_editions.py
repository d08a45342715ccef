# style: accuracy of earlier editions of the book, powers of e and a loss taken over as a static method
# %%
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l

# %%
def accuracy(y_hat, y):
    """Compute accuracy"""
    if len(y_hat.shape) > 1 and y_hat.shape[1] > 1:
        y_hat = d2l.argmax(y_hat, axis=1)
    cmp = d2l.astype(y_hat, y.dtype) == y
    return float(d2l.reduce_sum(d2l.astype(cmp, y.dtype))) / len(y)
# %%
def softmax(X):
    import math
    return math.e ** X / (math.e ** X).sum(dim=1).reshape(-1, 1)
# %%
def cross_entropy(y_hat, y):
    return sum(-torch.log(p[c]) for p, c in zip(y_hat, y)) / len(y)
# %%
class SoftmaxRegressionScratch(d2l.Classifier):
    def __init__(self, num_inputs, num_outputs, lr, sigma=0.01):
        super().__init__()
        self.save_hyperparameters()
        dist = torch.distributions.Normal(0, sigma)
        self.W = dist.sample((num_inputs, num_outputs)); self.W.requires_grad = True
        self.b = torch.zeros(num_outputs); self.b.requires_grad = True
    def parameters(self):
        return (self.W, self.b)
    def forward(self, X):
        return softmax(torch.einsum('ni,io->no', X.reshape(-1, self.num_inputs), self.W) + self.b)
    loss = staticmethod(cross_entropy)
# %%
def train_step(W, b, X, y, lr):
    model = SoftmaxRegressionScratch(W.shape[0], W.shape[1], lr)
    model.W, model.b = W.clone().requires_grad_(True), b.clone().requires_grad_(True)
    l = model.loss(model(X), y)
    dW, db = torch.autograd.grad(l, model.parameters())
    return (W - lr * dW).detach(), (b - lr * db).detach()
