# %%
from my_layers import *
