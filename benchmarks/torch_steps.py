"""The networks of steps.cpp in PyTorch, as a process that takes the same commands: see there.

    torch_steps.py LeNet-b64 2 compile+fused

Ways to run PyTorch, joined by "+": default; fused (the optimizer's fused=True); compile (torch.compile of forward, loss and backward;
needs a C++ compiler); cl (channels_last).
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + x)


def dense_block(inputs, outputs):
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(0.3)]


def conv_block(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def enhanced_cnn():
    layers = [nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    for channels in (64, 128, 256):
        layers += conv_block(channels, 2 * channels) + [ResidualBlock(2 * channels), ResidualBlock(2 * channels)]
        layers.append(nn.MaxPool2d(2) if channels < 256 else nn.AdaptiveAvgPool2d(4))
    classifier = [nn.Flatten(), nn.Dropout(0.5), nn.Linear(8192, 1024), nn.ReLU(), nn.Dropout(0.3), nn.Linear(1024, 5)]
    return nn.Sequential(*layers, *classifier)


def make(name):
    """A network, the shape of its input, its number of classes, its learning rate and weight decay for Adam."""
    net, _, batch = name.partition("-b")
    n = int(batch or 0)
    if net == "SpiralNet":
        return nn.Sequential(nn.Linear(2, 100), nn.ReLU(), nn.Linear(100, 3)), (300, 2), 3, 0.1, 0
    if net == "SimpleNet":
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), (64, 784), 10, 1e-3, 0
    if net == "BetterNet":
        return nn.Sequential(*dense_block(784, 256), *dense_block(256, 128), *dense_block(128, 64), nn.Linear(64, 10)), (64, 784), 10, 1e-3, 0
    if net == "LeNet":
        layers = [nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                  nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
        return nn.Sequential(*layers), (n, 1, 28, 28), 10, 1e-3, 0
    if net == "MnistCnn":
        layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(),
                  nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
        return nn.Sequential(*layers), (100, 1, 28, 28), 10, 1e-3, 0
    if net == "MyConvNet":
        layers = [nn.Conv2d(3, 64, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(64, 128, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                  nn.Linear(4608, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)]
        return nn.Sequential(*layers), (128, 3, 32, 32), 10, 1e-3, 0
    if net == "BetterConvNet":
        layers = [layer for a, b in ((3, 32), (32, 64), (64, 128)) for layer in conv_block(a, b) + [nn.MaxPool2d(2)]]
        layers += [nn.Flatten(), nn.Linear(2048, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
        return nn.Sequential(*layers), (128, 3, 32, 32), 10, 1e-3, 1e-4
    if net == "EnhancedCNN":
        return enhanced_cnn(), (n, 3, 224, 224), 5, 1e-3, 1e-4
    if net in ("ResNet18", "ResNet50"):
        import torchvision
        return getattr(torchvision.models, net.lower())(weights=None), (n, 3, 224, 224), 1000, 1e-3, 0
    sys.exit("torch_steps.py: no network " + name)


def build(name, words):
    """The two things that the commands run: a training step, and a forward pass."""
    if name == "BlobNet":
        net = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())
        x, y, loss_of = torch.randn(64, 2), torch.randint(0, 2, (64, 1)).float(), nn.BCELoss()
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, fused=True if "fused" in words else None)
    else:
        net, shape, classes, lr, weight_decay = make(name)
        x, y, loss_of = torch.randn(*shape), torch.randint(0, classes, (shape[0],)), nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=weight_decay, fused=True if "fused" in words else None)
    if "cl" in words and x.dim() == 4:
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    forward, loss = net, lambda x, y: loss_of(net(x), y)
    if "compile" in words:
        forward, loss = torch.compile(net), torch.compile(loss)

    def train():
        net.train()
        optimizer.zero_grad()
        loss(x, y).backward()
        optimizer.step()

    def infer():
        net.eval()
        with torch.no_grad():
            forward(x)

    return train, infer


def peak_megabytes():
    """The most memory this process ever held. (getrusage would count the process that started it, too.)"""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def main():
    name, threads, way = sys.argv[1:4]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    at_start = peak_megabytes()
    train, infer = build(name, way.split("+"))
    for line in sys.stdin:
        command, *count = line.split()
        if command == "memory":
            print(f"{peak_megabytes() - at_start:.1f}", flush=True)
            continue
        run = infer if command == "infer" else train
        start = time.perf_counter()
        for _ in range(int(count[0])):
            run()
        print(f"{time.perf_counter() - start:.9f}", flush=True)


if __name__ == "__main__":
    main()
