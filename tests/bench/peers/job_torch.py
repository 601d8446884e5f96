"""The whole of `digits_mlp train` as one would write it with PyTorch and scikit-learn.

    job_torch.py DATA.npz LABELLED.npz FOLDER EPOCHS BATCH THREADS [compile]

Loads the images, trains on nine tenths of them and validates on the rest after each epoch, fits the
mixture to the latent means, measures MSE, SSIM, losses and the accuracy on the labelled images, and
writes weights, metrics and pictures to FOLDER. All images stay in memory as float32; SSIM is taken
of all images of a batch at once. Prints one JSON line.
"""
import json
import os
import sys
import time

import matplotlib
import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from torch.nn import functional as F

from vae_torch import VAE

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def ssim(a, b, window=7, c1=0.01 ** 2, c2=0.03 ** 2):
    """Of each image: Wang et al. 2004 with a flat window and unbiased variances, as scikit-image."""
    def blur(x):
        return F.avg_pool2d(x, window, 1)

    unbiased = window ** 2 / (window ** 2 - 1)
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = unbiased * (blur(a * a) - mean_a ** 2), unbiased * (blur(b * b) - mean_b ** 2)
    covariance = unbiased * (blur(a * b) - mean_a * mean_b)
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return (top / ((mean_a ** 2 + mean_b ** 2 + c1) * (var_a + var_b + c2))).mean((1, 2, 3))


def train(vae, loss_of, optimiser, images, validation, epochs, batch, started):
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, 20, 0.5)
    records, first_step = [], None
    for _ in range(epochs):
        vae.train()
        total, order = 0.0, torch.randperm(len(images))
        for rows in order.split(batch):
            if first_step is None:
                first_step = time.time() - started
            x = images[rows]
            optimiser.zero_grad(set_to_none=True)
            loss = loss_of(x, torch.randn(len(x), vae.latent))
            loss.backward()
            optimiser.step()
            total += loss.item() * len(x)
        schedule.step()
        vae.eval()
        with torch.inference_mode():
            losses = [vae.loss(x, torch.randn(len(x), vae.latent)).item() * len(x)
                      for x in validation.split(1024)]
        records.append((total / len(images), sum(losses) / len(validation)))
    return records, first_step


@torch.inference_mode()
def evaluate(vae, images):
    """Means over the images, and the latent means."""
    sums, means = np.zeros(3), []
    for x in images.split(1024):
        mean = vae.mean(vae.encoder(x))
        decoded = vae.decoder(mean).sigmoid()
        sums += [((decoded - x) ** 2).mean((1, 2, 3)).sum().item(), ssim(decoded, x).sum().item(),
                 vae.loss(x, torch.randn_like(mean)).item() * len(x)]
        means.append(mean)
    return dict(zip(("mse", "ssim", "loss"), sums / len(images))), torch.cat(means).numpy()


def save_grid(path, images, columns):
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * columns, 28, 28))
    sheet[: len(images)] = images.reshape(-1, 28, 28)
    sheet = sheet.reshape(rows, columns, 28, 28).swapaxes(1, 2).reshape(28 * rows, 28 * columns)
    pyplot.imsave(path, sheet, cmap="gray", vmin=0, vmax=1)


@torch.inference_mode()
def draw(folder, vae, records, images, means, mixture):
    def decode(z):
        return vae.decoder(torch.as_tensor(z, dtype=torch.float32)).sigmoid().numpy()

    figure = pyplot.figure()
    pyplot.plot(records, label=("training", "validation"))
    pyplot.legend()
    figure.savefig(os.path.join(folder, "losses.png"))
    figure = pyplot.figure()
    pyplot.scatter(*means.T, c=mixture.predict(means), s=1)
    figure.savefig(os.path.join(folder, "clusters.png"))
    axis = torch.distributions.Normal(0, 1).icdf(torch.linspace(0.05, 0.95, 20))
    save_grid(os.path.join(folder, "manifold.png"), decode(torch.cartesian_prod(axis, axis)), 20)
    save_grid(os.path.join(folder, "samples.png"), decode(mixture.sample(64)[0]), 8)
    both = np.concatenate([images[:16].numpy(), decode(means[:16])])
    save_grid(os.path.join(folder, "reconstructions.png"), both, 16)


def main():
    started = float(os.environ.get("STARTED", time.time()))
    data, labelled, folder, *numbers = sys.argv[1:7]
    epochs, batch, threads = map(int, numbers)
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    images = torch.from_numpy(np.load(data)["data"]).float().div(255).view(-1, 1, 28, 28)
    images = images[torch.randperm(len(images))]
    images, validation = images.split([int(0.9 * len(images)), len(images) - int(0.9 * len(images))])
    few = np.load(labelled)
    few_images = torch.from_numpy(few["data"]).float().div(255).view(-1, 1, 28, 28)
    vae = VAE("digits_mlp")
    optimiser = torch.optim.Adam(vae.parameters(), lr=9e-4, fused=True)
    loss_of = torch.compile(vae.loss) if "compile" in sys.argv[7:] else vae.loss
    records, first_step = train(vae, loss_of, optimiser, images, validation, epochs, batch, started)
    vae.eval()
    training, means = evaluate(vae, images)
    means = means.astype(np.float64)
    held, _ = evaluate(vae, validation)
    labels, starts = few["labels"], evaluate(vae, few_images)[1]
    classes = np.unique(labels)
    mixture = GaussianMixture(len(classes), reg_covar=1e-4, init_params="random_from_data",
                              means_init=[starts[labels == c].mean(0) for c in classes]).fit(means)
    accuracy = float((classes[mixture.predict(starts)] == labels).mean())
    os.makedirs(folder, exist_ok=True)
    draw(folder, vae, records, images, means, mixture)
    torch.save(vae.state_dict(), os.path.join(folder, "weights.pt"))
    metrics = {"training": training, "validation": held, "labelled_accuracy": accuracy,
               "first_step_seconds": first_step}
    with open(os.path.join(folder, "metrics.json"), "w") as file:
        json.dump({**metrics, "losses": records}, file)
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
