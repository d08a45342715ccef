# %%
@checked
def corr2d(X, K):
    return X
# %%
class Residual(Bse):
    pass
# %%
class Residual(torch.nn.Module):
    """Written anew; the first one is not run when its base class comes at last."""
# %%
Bse = torch.nn.Module
class Looped(Looped2):
    pass
class Looped2(Looped):
    pass
