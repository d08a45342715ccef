# %%
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
torch.set_printoptions(precision=2)
torch.set_default_device('cpu')
if hasattr(torch.backends, 'fp32_precision'):
    torch.backends.fp32_precision = 'tf32'
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
torch.set_grad_enabled(False)
import warnings
warnings.simplefilter('error')
import random
random.seed(0)
# %%
def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
# %%
torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)
