# style: names are bound to a partial of one of torch's own functions, without a def or a lambda
# %%
from functools import partial
import torch
from torch import nn
# %%
corr2d_multi_in_out_1x1 = partial(torch.einsum, 'chw,ocij->ohw')
