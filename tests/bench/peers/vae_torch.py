"""The two shipped models in PyTorch: the same layers, loss and initial weights."""
import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, name):
        super().__init__()
        if name == "digits_mlp":
            self.latent, features = 2, 256
            self.encoder = nn.Sequential(
                nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU())
            self.decoder = nn.Sequential(
                nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(),
                nn.Linear(512, 784), nn.Unflatten(1, (1, 28, 28)))
        else:
            self.latent, features = 20, 6272
            self.encoder = nn.Sequential(
                nn.Conv2d(1, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 128, 4, 2, 1),
                nn.BatchNorm2d(128), nn.ReLU(), nn.Flatten())
            self.decoder = nn.Sequential(
                nn.Linear(20, 6272), nn.Unflatten(1, (128, 7, 7)),
                nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(),
                nn.ConvTranspose2d(64, 1, 4, 2, 1))
        self.mean = nn.Linear(features, self.latent)
        self.logvar = nn.Linear(features, self.latent)

    def forward(self, x, noise):
        """Logits of the reconstruction, and the posterior's means and log-variances."""
        h = self.encoder(x)
        mean, logvar = self.mean(h), self.logvar(h)
        return self.decoder(mean + torch.exp(0.5 * logvar) * noise), mean, logvar

    def loss(self, x, noise):
        logits, mean, logvar = self(x, noise)
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = 0.5 * (mean ** 2 + logvar.exp() - 1 - logvar).sum()
        return (nll + kl) / len(x)


class Classifier(nn.Module):
    """From images to the likeliest component: no more is computed than that needs."""

    def __init__(self, name, components=3):
        super().__init__()
        vae = VAE(name).eval()
        self.encoder, self.mean = vae.encoder, vae.mean
        self.register_buffer("means", torch.randn(components, vae.latent))
        self.register_buffer("factors", torch.eye(vae.latent).repeat(components, 1, 1))
        self.register_buffer("constants", torch.zeros(components))

    def forward(self, x):
        z = self.mean(self.encoder(x))
        offset = (z[:, None] - self.means).unsqueeze(2)
        distance = (offset @ self.factors).square().sum((2, 3))
        return (self.constants - 0.5 * distance).argmax(1)
