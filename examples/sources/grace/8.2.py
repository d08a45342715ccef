# notebook: colab
# %%
!pip install d2l==1.0.3
# %%
import torch
from torch import nn
from d2l import torch as d2l
# %% [markdown]
# # 8.2 VGG
# %%
def vgg_block(num_convs, out_channels):
    net = nn.Sequential()
    for i in range(num_convs):
        net.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        net.append(nn.ReLU())
    net.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return net
# %%
class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        conv_blks = []
        for (num_convs, out_channels) in arch:
            conv_blks.append(vgg_block(num_convs, out_channels))
        self.net = nn.Sequential(
            *conv_blks, nn.Flatten(),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
            nn.LazyLinear(num_classes))
        self.net.apply(d2l.init_cnn)
# %%
VGG(arch=((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))).layer_summary((1, 1, 224, 224))
# %%
model = VGG(arch=((1, 16), (1, 32), (2, 64), (2, 128), (2, 128)), lr=0.01)
trainer = d2l.Trainer(max_epochs=10, num_gpus=1)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]], d2l.init_cnn)
trainer.fit(model, data)
# %% [markdown]
# ## Discussion
#
# After five blocks 224 has become 7. A 28×28 picture could only pass four blocks, which is why the pictures are enlarged first.
