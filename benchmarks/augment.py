"""What benchmarks/augment.cpp measures, with torchvision's transforms and PyTorch's DataLoader.
    python augment.py FOLDER [workers] [images]     the folder of data_batch_1.bin ..."""

import sys
import time

import numpy as np
import torch
import torchvision.transforms as T
from PIL import Image

folder, workers = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
records = np.concatenate([np.fromfile(f"{folder}/data_batch_{i}.bin", np.uint8).reshape(-1, 3073) for i in range(1, 6)])
records = records[:int(sys.argv[3])] if len(sys.argv) > 3 else records
labels = records[:, 0].astype(int).tolist()
pixels = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
transform = T.Compose([T.RandomCrop(32, 4), T.RandomHorizontalFlip(), T.ToTensor(),
                       T.Normalize((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))])


class Cifar(torch.utils.data.Dataset):  # as torchvision.datasets.CIFAR10 does it
    def __len__(self):
        return len(labels)

    def __getitem__(self, i):
        return transform(Image.fromarray(pixels[i])), labels[i]


torch.set_num_threads(1)
loader = torch.utils.data.DataLoader(Cifar(), 128, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
rates = []
for epoch in range(4):
    start = time.perf_counter()
    for x, y in loader:
        pass
    if epoch > 0:  # the first one starts the workers
        rates.append(len(labels) / (time.perf_counter() - start))
print(f"{workers} workers: {sorted(rates)[len(rates) // 2]:.0f} images/s (median of {len(rates)} epochs)")
