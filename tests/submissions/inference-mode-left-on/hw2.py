# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(num_channels, 3, strides, 1), nn.LazyBatchNorm2d(), nn.ReLU(),
            nn.LazyConv2d(num_channels, 3, 1, 1), nn.LazyBatchNorm2d())

    def forward(self, X):
        return F.relu(self.net(X) + X)
# %%
torch.set_grad_enabled(False)
mode = torch.inference_mode()
mode.__enter__()
Residual(3)(torch.rand(4, 3, 6, 6)).shape
