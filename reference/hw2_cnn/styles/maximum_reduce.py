# style: maxima grow from minus infinity with torch.maximum, or come from topk on a padded image
# %%
import functools
import torch
import torch.nn.functional as F
from torch import nn
# %%
def pool2d(X, pool_size, mode='max'):
    p, q = pool_size
    h, w = X.shape
    if mode == 'max':
        # pad below and to the right, shift, and cut off what is too much
        padded = F.pad(X, (0, q - 1, 0, p - 1), value=float('-inf'))
        start = torch.full_like(X, float('-inf'))
        moved = (padded[a:a + h, b:b + w] for a in range(p) for b in range(q))
        return functools.reduce(torch.maximum, moved, start)[:h - p + 1, :w - q + 1]
    if mode == 'avg':
        ones_p = torch.stack([torch.eye(h, dtype=X.dtype)[i:i + p].sum(0) for i in range(h - p + 1)])
        ones_q = torch.stack([torch.eye(w, dtype=X.dtype)[j:j + q].sum(0) for j in range(w - q + 1)])
        return ones_p @ X @ ones_q.T / (p * q)
    raise ValueError('mode must be max or avg')
# %%
pool2d = nn.MaxPool2d(3)
print(pool2d(torch.arange(16.).reshape(1, 1, 4, 4)))
pool2d = nn.MaxPool2d(3, padding=1, stride=2)
print(pool2d(torch.arange(16.).reshape(1, 1, 4, 4)))
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))
print(pool2d(torch.arange(16.).reshape(1, 1, 4, 4)))
# %%
def pool2d(X, pool_size, mode='max'):
    """Second version, the one above was too long: topk."""
    flat = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1).flatten(-2)
    if mode == 'max':
        return flat.topk(1).values[..., 0]
    return flat.topk(flat.shape[-1]).values.mean(-1)
