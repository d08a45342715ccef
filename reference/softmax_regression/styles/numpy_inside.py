# style: leaves torch where no gradient is asked for
# %%
import numpy as np
import torch

def accuracy(y_hat, y):
    return np.mean(y_hat.numpy().argmax(axis=1) == y.numpy())

def train_step(W, b, X, y, lr):
    w, c, x = (t.detach().numpy() for t in (W, b, X))
    z = x @ w + c
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(x)), y.numpy()] -= 1
    p /= len(x)
    return torch.from_numpy(w - lr * x.T @ p), torch.from_numpy(c - lr * p.sum(axis=0))
