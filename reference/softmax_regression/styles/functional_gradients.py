# style: short names, a lambda, torch.func for the gradient, and the library's softmax only within the model
# %%
import torch
from torch import nn
# %%
softmax = lambda X: (e := torch.exp(X)) / e.sum(-1)[:, None]
# %%
def cross_entropy(y_hat, y):
    """평균"""
    picked = torch.take_along_dim(y_hat, y[:, None], dim=1)
    return torch.mean(-picked.log())
# %%
def accuracy(y_hat, y):
    return float((torch.topk(y_hat, 1).indices.flatten() == y).sum()) / y.numel()
# %%
class SoftmaxRegressionScratch(nn.Module):
    def __init__(self, num_inputs, num_outputs, lr, sigma=0.01):
        super().__init__()
        self.lr, self.W, self.b = lr, nn.Parameter(torch.zeros(num_inputs, num_outputs)), nn.Parameter(torch.zeros(num_outputs))
        nn.init.normal_(self.W, std=sigma)

    def forward(self, X):
        return torch.softmax(X.reshape(len(X), -1) @ self.W + self.b, -1)

    loss = staticmethod(cross_entropy)
# %%
def train_step(W, b, X, y, lr):
    gradients = torch.func.grad(lambda p: cross_entropy(softmax(X @ p[0] + p[1]), y))((W, b))
    return tuple(p - lr * g for p, g in zip((W, b), gradients))
