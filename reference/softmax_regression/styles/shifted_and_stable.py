# style: subtracts the greatest score first, and takes logarithms by logsumexp
# %%
import torch
import torch.nn as nn

def softmax(X):
    Z = X - X.max(dim=-1, keepdim=True).values
    return torch.exp(Z - torch.logsumexp(Z, dim=-1, keepdim=True))

def cross_entropy(y_hat, y):
    return y_hat.gather(1, y.unsqueeze(1)).squeeze(1).log().neg().mean()

def accuracy(y_hat, y):
    return torch.mean((torch.max(y_hat, 1)[1] == y).double())

class SoftmaxRegressionScratch(nn.Module):
    def __init__(self, num_inputs, num_outputs, lr, sigma=0.01):
        super(SoftmaxRegressionScratch, self).__init__()
        self.num_inputs, self.lr = num_inputs, lr
        self.b = nn.Parameter(torch.zeros(num_outputs))  # before W
        self.W = nn.Parameter(torch.empty(num_inputs, num_outputs).normal_(0, sigma))

    def forward(self, X):
        return softmax(torch.addmm(self.b, X.view(-1, self.num_inputs), self.W))

    def loss(self, y_hat, y):
        return cross_entropy(y_hat, y)

def train_step(W, b, X, y, lr):
    W, b = W.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    optimizer = torch.optim.SGD([W, b], lr=lr)
    cross_entropy(softmax(X @ W + b), y).backward()
    optimizer.step()
    return W.detach(), b.detach()
