def pool2d(X, pool_size, mode="max"):
    each = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)
    return each.amax(dim=(2, 3)) if mode == "max" else each.mean(dim=(2, 3))
