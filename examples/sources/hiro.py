# notebook: colab
# %%
!pip install d2l==1.0.3
import torch
from torch import nn
from torch.nn import functional as F
from d2l import torch as d2l
# %% [markdown]
# # HW2 hiro
# ## 7.1
# ### Discussion
# fewer weights because neighbours only + same weights everywhere
# %% [markdown]
# ## 7.2
# %%
def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros((X.shape[0]-h+1, X.shape[1]-w+1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i+h, j:j+w]*K).sum()
    return Y
X = torch.tensor([[0.,1.,2.],[3.,4.,5.],[6.,7.,8.]])
K = torch.tensor([[0.,1.],[2.,3.]])
corr2d(X,K)
# %%

# %%
class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return corr2d(x, self.weight)+self.bias
# %%
X=torch.ones((6,8))
X[:,2:6]=0
K=torch.tensor([[1.0,-1.0]])
Y=corr2d(X,K)
Y
# %%
corr2d(X.t(),K)
# %%
conv2d=nn.LazyConv2d(1,kernel_size=(1,2),bias=False)
X=X.reshape((1,1,6,8))
Y=Y.reshape((1,1,6,7))
lr=3e-2
for i in range(10):
    l=(conv2d(X)-Y)**2
    conv2d.zero_grad()
    l.sum().backward()
    conv2d.weight.data[:]-=lr*conv2d.weight.grad
conv2d.weight.data.reshape((1,2))
# %% [markdown]
# ### Discussion
# the kernel gets learned, close to 1 and -1. more steps -> closer
# %% [markdown]
# ## 7.3
# %%
### padding
# %%
print(Z.shape)

def comp_conv2d(conv2d, X):
    X=X.reshape((1,1)+X.shape)
    Y=conv2d(X)
    return Y.reshape(Y.shape[2:])
# %%
X=torch.rand(8,8)
print(comp_conv2d(nn.LazyConv2d(1,kernel_size=3,padding=1),X).shape)
print(comp_conv2d(nn.LazyConv2d(1,kernel_size=(5,3),padding=(2,1)),X).shape)
print(comp_conv2d(nn.LazyConv2d(1,kernel_size=3,padding=1,stride=2),X).shape)
print(comp_conv2d(nn.LazyConv2d(1,kernel_size=(3,5),padding=(0,1),stride=(3,4)),X).shape)
# %% [markdown]
# ### Discussion
# %% [markdown]
# ## 7.4
# %%
def corr2d_multi_in(X, K):
    return sum(corr2d(x,k) for x,k in zip(X,K))
def corr2d_multi_in_out(X, K):
    return torch.stack([corr2d_multi_in(X,k) for k in K],0)
# %%
def corr2d_multi_in_out_1x1(X, K):
    c_i,h,w = X.shape
    c_o = K.shape[0]
    Y = torch.matmul(K.reshape((c_o,c_i)), X.reshape((c_i,h*w))
    return Y.reshape((c_o,h,w))
# %%
X=torch.normal(0,1,(3,3,3))
K=torch.normal(0,1,(2,3,1,1))
Y1=corr2d_multi_in_out_1x1(X,K)
Y2=corr2d_multi_in_out(X,K)
assert float(torch.abs(Y1-Y2).sum())<1e-6
# %% [markdown]
# ### Discussion
# 1x1 = mixes channels only. cell above has an error, no time
# %% [markdown]
# ## 7.5
# %%
def pool2d(X, pool_size, mode='max'):
    p_h,p_w=pool_size
    Y=torch.zeros((X.shape[0]-p_h+1,X.shape[1]-p_w+1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            if mode=='max':
                Y[i,j]=X[i:i+p_h,j:j+p_w].max()
            elif mode=='avg':
                Y[i,j]=X[i:i+p_h,j:j+p_w].mean()
    return Y
pool2d(torch.arange(9.).reshape(3,3),(2,2))
# %%
X=torch.arange(16,dtype=torch.float32).reshape((1,1,4,4))
pool2d=nn.MaxPool2d(3)
print(pool2d(X))
pool2d=nn.MaxPool2d(3,padding=1,stride=2)
print(pool2d(X))
pool2d=nn.MaxPool2d((2,3),stride=(2,3),padding=(0,1))
print(pool2d(X))
# %% [markdown]
# ### Discussion
# max = strongest, avg = smooth. makes picture smaller
# %% [markdown]
# ## 7.6
# %%
def init_cnn(module):
    if type(module)==nn.Linear or type(module)==nn.Conv2d:
        nn.init.xavier_uniform_(module.weight)
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net=nn.Sequential(
            nn.LazyConv2d(6,kernel_size=5,padding=2),nn.Sigmoid(),nn.AvgPool2d(kernel_size=2,stride=2),
            nn.LazyConv2d(16,kernel_size=5),nn.Sigmoid(),nn.AvgPool2d(kernel_size=2,stride=2),
            nn.Flatten(),
            nn.LazyLinear(120),nn.Sigmoid(),
            nn.LazyLinear(84),nn.Sigmoid(),
            nn.LazyLinear(num_classes))
# %%
trainer=d2l.Trainer(max_epochs=10,num_gpus=1)
data=d2l.FashionMNIST(batch_size=128)
model=LeNet(lr=0.1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]],init_cnn)
trainer.fit(model,data)
# %%
raise KeyboardInterrupt  # stop "run all" here, the rest is slow
# %% [markdown]
# ### Discussion
# slow start, then ok
# %% [markdown]
# ## 8.2
# %%
def vgg_block(num_convs, out_channels):
    layers=[]
    for _ in range(num_convs):
        layers.append(nn.LazyConv2d(out_channels,kernel_size=3,padding=1))
        layers.append(nn.ReLU())
    layers.append(nn.MaxPool2d(kernel_size=2,stride=2))
    return nn.Sequential(*layers)
class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        blks=[]
        for (n,c) in arch:
            blks.append(vgg_block(n,c))
        self.net=nn.Sequential(*blks,nn.Flatten(),
            nn.LazyLinear(4096),nn.ReLU(),nn.Dropout(0.5),
            nn.LazyLinear(4096),nn.ReLU(),nn.Dropout(0.5),
            nn.LazyLinear(num_classes))
# %%
VGG(arch=((1,64),(1,128),(2,256),(2,512),(2,512))).layer_summary((1,1,224,224))
# %%
model=VGG(arch=((1,16),(1,32),(2,64),(2,128),(2,128)),lr=0.01)
trainer=d2l.Trainer(max_epochs=10,num_gpus=1)
data=d2l.FashionMNIST(batch_size=128,resize=(224,224))
model.apply_init([next(iter(data.get_dataloader(True)))[0]],init_cnn)
trainer.fit(model,data)
# %% [markdown]
# ## 8.6
# %%
class Residual(nn.Module):
    def __init__(self, num_channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1=nn.LazyConv2d(num_channels,kernel_size=3,padding=1,stride=strides)
        self.conv2=nn.LazyConv2d(num_channels,kernel_size=3,padding=1)
        self.conv3=nn.LazyConv2d(num_channels,kernel_size=1,stride=strides) if use_1x1conv else None
        self.bn1=nn.LazyBatchNorm2d()
        self.bn2=nn.LazyBatchNorm2d()
    def forward(self, X):
        Y=F.relu(self.bn1(self.conv1(X)))
        Y=self.bn2(self.conv2(Y))
        if self.conv3: X=self.conv3(X)
        return F.relu(Y+X)
# %%
class ResNet(d2l.Classifier):
    def b1(self):
        return nn.Sequential(nn.LazyConv2d(64,kernel_size=7,stride=2,padding=3),nn.LazyBatchNorm2d(),nn.ReLU(),
                             nn.MaxPool2d(kernel_size=3,stride=2,padding=1))
# %%
@d2l.add_to_class(ResNet)
def block(self, num_residuals, num_channels, first_block=False):
    blk=[]
    for i in range(num_residuals):
        if i==0 and not first_block:
            blk.append(Residual(num_channels,use_1x1conv=True,strides=2))
        else:
            blk.append(Residual(num_channels))
    return nn.Sequential(*blk)
@d2l.add_to_class(ResNet)
def __init__(self, arch, lr=0.1, num_classes=10):
    super(ResNet,self).__init__()
    self.save_hyperparameters()
    self.net=nn.Sequential(self.b1())
    for i,b in enumerate(arch):
        self.net.add_module(f'b{i+2}',self.block(*b,first_block=(i==0)))
    self.net.add_module('last',nn.Sequential(nn.AdaptiveAvgPool2d((1,1)),nn.Flatten(),nn.LazyLinear(num_classes)))
# %%
class ResNet18(ResNet):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(((2,64),(2,128),(2,256),(2,512)),lr,num_classes)
ResNet18().layer_summary((1,1,96,96))
# %%
model=ResNet18(lr=0.01)
trainer=d2l.Trainer(max_epochs=10,num_gpus=1)
data=d2l.FashionMNIST(batch_size=128,resize=(96,96))
model.apply_init([next(iter(data.get_dataloader(True)))[0]],init_cnn)
trainer.fit(model,data)
# %% [markdown]
# ### Discussion
# X is added at the end so the gradient has a short way
