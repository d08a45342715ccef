# %%
@torch.compile
def corr2d(X, K):
    h, w = K.shape
    a, b = X.shape[0] - h + 1, X.shape[1] - w + 1
    return sum(X[i:i + a, j:j + b] * K[i, j] for i in range(h) for j in range(w))
# %%
@torch.jit.script
def pool2d(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    if mode == "max":
        return each.amax(dim=(2, 3))
    return each.mean(dim=(2, 3))
# %%
class LeNet(nn.Module):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.net = torch.compile(
            nn.Sequential(
                nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
                nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
                nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, num_classes),
            )
        )

    def forward(self, X):
        return self.net(X)
