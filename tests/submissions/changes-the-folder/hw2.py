# %%
import os
os.makedirs('work', exist_ok=True)
os.chdir('work')
from my_layers import corr2d
# %%
%cd /content/drive/MyDrive
os.chdir('/content')
# %%
os.chdir('/')
from my_layers import pool2d
