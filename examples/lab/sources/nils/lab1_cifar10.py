# notebook: colab
# %% [markdown]
# ## 1.2 CIFAR-10 (Nils)
# %%
import torch
import torch.nn as nn
import torch.optim as optim
import torchvision
import torchvision.transforms as transforms
import matplotlib.pyplot as plt
import numpy as np
# %%
device = 'cuda' if torch.cuda.is_available() else 'cpu'
transform = transforms.Compose([transforms.ToTensor(),
                                transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])
trainset = torchvision.datasets.CIFAR10(root='./data', train=True, download=True, transform=transform)
testset = torchvision.datasets.CIFAR10(root='./data', train=False, download=True, transform=transform)
train_loader = torch.utils.data.DataLoader(trainset, batch_size=128, shuffle=True, num_workers=2)
test_loader = torch.utils.data.DataLoader(testset, batch_size=4, shuffle=False, num_workers=2)
classes = ('plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck')
#> Files already downloaded and verified
# %%
def imshow(img):
    plt.imshow(np.transpose((img / 2 + 0.5).numpy(), (1, 2, 0)))
    plt.show()

images, labels = next(iter(test_loader))
imshow(torchvision.utils.make_grid(images))
print(' '.join(classes[labels[j]] for j in range(4)))
#> cat ship ship plane
# %%
class CNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2, 2),
            nn.Conv2d(6, 16, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2, 2),
            nn.Flatten())
        self.classifier = nn.Sequential(
            nn.Linear(400, 120), nn.ReLU(inplace=True),
            nn.Linear(120, 84), nn.ReLU(inplace=True),
            nn.Linear(84, num_classes))

    def forward(self, x):
        return self.classifier(self.features(x))

print(CNN()(torch.randn(3, 3, 32, 32)).shape)
#> torch.Size([3, 10])
# %%
model = CNN().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)
# %%
for epoch in range(30):
    running_loss = 0.0
    for i, data in enumerate(train_loader, 0):
        inputs, labels = data[0].to(device), data[1].to(device)
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print(f'{epoch + 1}: {running_loss / (i + 1):.3f}')
#> 1: 1.713
#> 30: 0.688
# %%
correct = total = 0
with torch.no_grad():
    for images, labels in test_loader:
        predicted = torch.max(model(images.to(device)), 1)[1].cpu()
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
print('Accuracy of the network on the test images: %d %%' % (100 * correct / total))
#> Accuracy of the network on the test images: 63 %
# %% [markdown]
# ### Discussion 1.2
#
# The loss on the training images goes below 0.7 and the test accuracy stays at 63 %: the network learns its 50,000 images by
# heart. Photographs differ in pose, colour and background, and six channels are few for that.
