# %%
def 창(Χ, 높이, 너비):
    return Χ.unfold(0, 높이, 1).unfold(1, 너비, 1)
# %%
def corr2d(이미지, κ):
    return (창(이미지, *κ.shape) * κ).sum(dim=(2, 3))
# %%
def pool2d(X, pool_size, mode="max"):
    창들 = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return 창들.amax(dim=(2, 3)) if mode == "max" else 창들.mean(dim=(2, 3))
