# style: averages come from an integral image (cumulative sums), maxima from sorting
# %%
import torch
import torch.nn.functional as F
from torch import nn
# %%
def average(X, ph, pw):
    # S[i, j]는 왼쪽 위 직사각형의 합
    S = F.pad(X.cumsum(0).cumsum(1), (1, 0, 1, 0))
    total = S[ph:, pw:] - S[:-ph, pw:] - S[ph:, :-pw] + S[:-ph, :-pw]
    return total / (ph * pw)


def maximum(X, ph, pw):
    cells = X.unfold(0, ph, 1).unfold(1, pw, 1).reshape(X.shape[0] - ph + 1, X.shape[1] - pw + 1, ph * pw)
    ordered, _ = torch.sort(cells, dim=-1, descending=True)
    return ordered[..., 0]


def pool2d(X, pool_size, mode='max'):
    assert mode in ('max', 'avg')
    return (maximum if mode == 'max' else average)(X, *pool_size)
# %%
pool2d = nn.MaxPool2d(3)
# %%
pool2d = nn.Sequential(nn.ConstantPad2d(1, -float('inf')), nn.MaxPool2d(3, stride=2))
# %%
pool2d = nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1), return_indices=False)
# %%
def corr2d_multi_in(X, K):
    def corr(x, k):
        out = torch.zeros(x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1)
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] = torch.inner(x[i:i + k.shape[0], j:j + k.shape[1]].flatten(), k.flatten())
        return out

    partial_sums = torch.cumsum(torch.stack([corr(x, k) for x, k in zip(X, K)]), dim=0)
    return partial_sums[-1]
