"""One of the two shipped models in PyTorch, trained as Lathe trains it, to be timed beside it.

    train_pytorch.py digits_mlp|digits_conv DATA.npz EPOCHS [BATCH]

PyTorch keeps its own choice of threads: on Debian its BLAS has threads of its own, and asking for
more with torch.set_num_threads made it several times slower. Prints one JSON line: images a second
and loss of the last epoch, peak memory.
"""
import json
import resource
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, name):
        super().__init__()
        if name == "digits_mlp":
            latent, features = 2, 256
            self.encoder = nn.Sequential(
                nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU())
            self.decoder = nn.Sequential(
                nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(),
                nn.Linear(512, 784), nn.Unflatten(1, (1, 28, 28)))
        else:
            latent, features = 20, 6272
            self.encoder = nn.Sequential(
                nn.Conv2d(1, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 128, 4, 2, 1),
                nn.BatchNorm2d(128), nn.ReLU(), nn.Flatten())
            self.decoder = nn.Sequential(
                nn.Linear(20, 6272), nn.Unflatten(1, (128, 7, 7)),
                nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(),
                nn.ConvTranspose2d(64, 1, 4, 2, 1))
        self.mean = nn.Linear(features, latent)
        self.logvar = nn.Linear(features, latent)

    def loss(self, x):
        h = self.encoder(x)
        mean, logvar = self.mean(h), self.logvar(h)
        z = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
        nll = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
        kl = 0.5 * (mean ** 2 + logvar.exp() - 1 - logvar).sum()
        return (nll + kl) / len(x)


def main():
    name, path, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    batch = int(sys.argv[4]) if len(sys.argv) > 4 else 64
    torch.manual_seed(0)
    images = torch.from_numpy(np.load(path)["data"]).float().div(255).unsqueeze(1)
    images = images[: int(len(images) * (0.9 if name == "digits_mlp" else 0.8))]
    model = VAE(name)
    optimiser = torch.optim.Adam(model.parameters(), lr=9e-4)
    for _ in range(epochs):
        start, total = time.perf_counter(), 0.0
        order = torch.randperm(len(images))
        for i in range(0, len(images), batch):
            x = images[order[i : i + batch]]
            optimiser.zero_grad()
            loss = model.loss(x)
            loss.backward()
            optimiser.step()
            total += loss.item() * len(x)
        speed = len(images) / (time.perf_counter() - start)
    print(json.dumps({
        "model": name, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "images_per_second": round(speed, 1),
        "loss": round(total / len(images), 3),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }))


main()
