# style: goes through examples and classes one by one
# %%
import torch
from torch import nn
# %%
def softmax(X):
    rows = []
    for i in range(X.shape[0]):
        total = 0
        for j in range(X.shape[1]):
            total = total + torch.exp(X[i, j])
        rows.append(torch.stack([torch.exp(X[i, j]) / total for j in range(X.shape[1])]))
    return torch.stack(rows)

def cross_entropy(y_hat, y):
    total = 0
    for i in range(len(y)):
        total -= torch.log(y_hat[i][y[i].item()])
    return total / len(y)

def accuracy(y_hat, y):
    right = 0
    for row, label in zip(y_hat, y):
        best = 0
        for j in range(len(row)):
            if row[j] > row[best]:
                best = j
        if best == label:
            right += 1
    return right / len(y)
# %%
class SoftmaxRegressionScratch(nn.Module):
    def __init__(self, num_inputs, num_outputs, lr, sigma=0.01):
        super().__init__()
        self.lr = lr
        self.W = nn.Parameter(torch.randn(num_inputs, num_outputs) * sigma)
        self.b = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, X):
        return torch.cat([softmax(x.flatten()[None] @ self.W + self.b) for x in X])

    def loss(self, y_hat, y):
        return cross_entropy(y_hat, y)
# %%
def train_step(W, b, X, y, lr):
    dW, db = torch.zeros_like(W), torch.zeros_like(b)
    for x, label in zip(X, y):
        p = softmax((x @ W + b).reshape(1, -1))[0]
        p[label] -= 1
        dW += torch.outer(x, p)
        db += p
    return W - lr * dW / len(X), b - lr * db / len(X)
