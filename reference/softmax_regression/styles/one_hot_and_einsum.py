# style: marks labels by ones and zeros, multiplies by einsum, and knows the gradient by heart
# %%
import torch
from torch import nn
from torch.nn import functional as F
# %%
def softmax(X):
    E = X.exp()
    return torch.einsum("nc,n->nc", E, 1 / torch.einsum("nc->n", E))

def cross_entropy(y_hat, y):
    marks = F.one_hot(y, y_hat.size(1)).to(y_hat.dtype)
    return -(marks * torch.log(y_hat)).sum() / y_hat.size(0)

def accuracy(y_hat, y):
    return (F.one_hot(y, y_hat.size(1)) * F.one_hot(y_hat.argmax(1), y_hat.size(1))).sum() / len(y)
# %%
class SoftmaxRegressionScratch(nn.Module):
    def __init__(self, num_inputs, num_outputs, lr, sigma=0.01):
        super().__init__()
        self.lr = lr
        self.register_parameter("W", nn.Parameter(sigma * torch.randn((num_inputs, num_outputs))))
        self.register_parameter("b", nn.Parameter(torch.zeros((num_outputs,))))

    def forward(self, X):
        return softmax(torch.einsum("ni,io->no", X.flatten(start_dim=1), self.W) + self.b.unsqueeze(0))

    def loss(self, y_hat, y):
        return cross_entropy(y_hat, y)
# %%
def train_step(W, b, X, y, lr):
    error = (softmax(X @ W + b) - torch.eye(len(b), dtype=W.dtype)[y]) / len(y)
    return W - lr * X.T @ error, b - lr * error.sum(0)
