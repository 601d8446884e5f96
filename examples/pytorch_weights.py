#!/usr/bin/env python3
"""Carries weights between PyTorch and a Lathe binary, both ways, and checks that they do the same.

    pytorch_weights.py MODEL BINARY DATA.npz LABELLED.npz FOLDER

MODEL is digits_conv or digits_mlp, BINARY what `lathe build` made of it. What is written goes into
FOLDER. Exit status 0 when reconstructions agree to 1e-5 and every image has the same cluster.
"""
import csv
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

TOLERANCE = 1e-5  # of a reconstruction's pixels, in [0, 1]


# ---- The models: a layer has its statement's place in the description, and so Lathe's name ----


class Autoencoder(nn.Module):
    def __init__(self, encoder, features, latent, decoder):
        super().__init__()
        self.encoder = nn.Sequential(*encoder)
        self.mean = nn.Linear(features, latent)
        self.logvar = nn.Linear(features, latent)
        self.decoder = nn.Sequential(*decoder)

    def encode(self, images):
        features = self.encoder(images).flatten(1)
        return self.mean(features), self.logvar(features)

    def loss(self, images):
        mean, logvar = self.encode(images)
        z = mean + torch.exp(logvar / 2) * torch.randn_like(mean)
        decoded = self.decoder(z)
        reconstruction = nn.functional.binary_cross_entropy(decoded, images, reduction="sum")
        kl = -0.5 * torch.sum(1 + logvar - mean**2 - logvar.exp())
        return (reconstruction + kl) / len(images)


def digits_conv():
    encoder = [
        nn.Conv2d(1, 64, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 128, 4, stride=2, padding=1),
        nn.BatchNorm2d(128),
        nn.ReLU(),
    ]
    decoder = [
        nn.Linear(20, 6272),
        nn.Unflatten(1, (128, 7, 7)),
        nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, stride=2, padding=1),
        nn.Sigmoid(),
    ]
    return Autoencoder(encoder, 6272, 20, decoder)


def digits_mlp():
    encoder = [nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU()]
    decoder = [
        nn.Linear(2, 256),
        nn.ReLU(),
        nn.Linear(256, 512),
        nn.ReLU(),
        nn.Linear(512, 784),
        nn.Unflatten(1, (1, 28, 28)),
        nn.Sigmoid(),
    ]
    return Autoencoder(encoder, 256, 2, decoder)


# ---- The file format ----

DTYPES = {"U8": np.uint8, "I64": np.int64, "F32": np.float32, "F64": np.float64}


def write_safetensors(path, tensors):
    """Writes {name: array}: the length of a JSON header, the header, the values."""
    names = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
    header, values, at = {}, [], 0
    for name, array in sorted(tensors.items(), key=lambda item: -item[1].itemsize):
        values.append(array.tobytes())
        end = at + array.nbytes
        dtype = names[array.dtype]
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(values))


def read_safetensors(path):
    """The tensors of a file, {name: array}."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).copy()
    return tensors


try:  # the package does the same
    from safetensors.numpy import load_file as read_safetensors
    from safetensors.numpy import save_file

    def write_safetensors(path, tensors):
        save_file(tensors, path)

except ImportError:
    pass


# ---- What PyTorch makes of images ----


def train(model, images, steps=30, batch=64):
    """A few steps, so that the weights and the running statistics are not the initial ones."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(steps):
        at = step * batch % len(images)
        optimiser.zero_grad()
        model.loss(images[at : at + batch]).backward()
        optimiser.step()


@torch.no_grad()
def describe(model, images):
    """Latent means [N, D] and reconstructions [N, 28, 28], as a trained model gives them."""
    model.eval()
    means = model.encode(images)[0]
    return means.double().numpy(), model.decoder(means)[:, 0].numpy()


def make_mixture(latents, few, labels):
    """A component for each class: its labelled images' mean, and the covariance of all images."""
    classes = np.unique(labels)
    covariance = np.cov(latents.T) + 1e-4 * np.eye(latents.shape[1])
    return {
        "mixture.weights": np.full(len(classes), 1 / len(classes)),
        "mixture.means": np.stack([few[labels == c].mean(axis=0) for c in classes]),
        "mixture.covariances": np.stack([covariance] * len(classes)),
        "mixture.labels": classes.astype(np.int64),
    }


def log_joint(mixture, latents):
    """log(weight x density) [N, K] of every point and component (scikit-learn: covariance full)."""
    columns = []
    for k, weight in enumerate(mixture["mixture.weights"]):
        factor = np.linalg.cholesky(mixture["mixture.covariances"][k])
        whitened = np.linalg.solve(factor, (latents - mixture["mixture.means"][k]).T)
        columns.append(
            np.log(weight) - np.log(np.diag(factor)).sum() - 0.5 * (whitened**2).sum(axis=0)
        )
    return np.stack(columns, axis=1)


# ---- What a Lathe binary makes of them ----


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def describe_with_lathe(binary, run_folder, data, folder):
    """The same, and each image's cluster and predicted label."""
    outputs = {"encode": "latents.npz", "reconstruct": "images.npz", "classify": "labels.csv"}
    for command, output in outputs.items():
        run(binary, command, "--run", run_folder, "--data", data, "-o", folder / output, "--quiet")
    encoded = np.load(folder / "latents.npz")
    with open(folder / "labels.csv", newline="") as lines:
        labels = [int(row["Predicted_Label"]) for row in csv.DictReader(lines)]
    images = np.load(folder / "images.npz")["data"]
    return encoded["mean"], images, encoded["cluster"], np.array(labels)


def compare(title, model, mixture, images, binary, run_folder, data, folder):
    """Whether PyTorch and Lathe agree; says by how much they differ."""
    latents, reconstructions = describe(model, images)
    lathe_latents, lathe_reconstructions, clusters, labels = describe_with_lathe(
        binary, run_folder, data, folder
    )
    difference = np.abs(reconstructions - lathe_reconstructions).max()
    of_latents = np.abs(latents - lathe_latents).max()
    joint = log_joint(mixture, latents)
    expected = joint.argmax(axis=1)
    # Rounding may decide for an image that lies between two clusters.
    best = np.sort(joint, axis=1)
    decided = best[:, -1] - best[:, -2] > 1e-3
    other = np.sum((clusters != expected) & decided)
    wrong = np.sum(labels != mixture["mixture.labels"][clusters])
    print(
        f"{title}: reconstructions differ by at most {difference:.1e}, latent means by "
        f"{of_latents:.1e}; {other} of {len(images)} images have another cluster, {wrong} another "
        "label"
    )
    return difference <= TOLERANCE and other == 0 and wrong == 0


# ---- Both ways ----


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    name, binary, data, labelled, folder = sys.argv[1:]
    binary, folder = Path(binary).resolve(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    make_model = {"digits_conv": digits_conv, "digits_mlp": digits_mlp}[name]
    images = torch.from_numpy(np.load(data)["data"].astype(np.float32) / 255)[:, None]
    few = torch.from_numpy(np.load(labelled)["data"].astype(np.float32) / 255)[:, None]

    # From PyTorch to Lathe: a state_dict, here with a mixture beside it, becomes a run folder.
    # Without a mixture, `import --labelled LABELLED.npz` fits one to the images' latent means.
    model = make_model()
    train(model, images)
    mixture = make_mixture(
        describe(model, images)[0], describe(model, few)[0], np.load(labelled)["labels"]
    )
    tensors = {key: value.numpy() for key, value in model.state_dict().items()}
    params, there = folder / "pytorch.safetensors", folder / "imported"
    write_safetensors(params, {**tensors, **mixture})
    run(binary, "import", "--params", params, "--data", data, "--run", there, "--force", "--quiet")
    good = compare("PyTorch to Lathe", model, mixture, images, binary, there, data, folder)

    # From Lathe to PyTorch: the weights of a run folder are a state_dict and a mixture.
    back = folder / "trained"
    options = ("--labelled", labelled, "--epochs", 1, "--force", "--quiet")
    run(binary, "train", "--data", data, "--run", back, *options)
    tensors = read_safetensors(back / "weights.safetensors")
    mixture = {key: tensors.pop(key) for key in list(tensors) if key.startswith("mixture.")}
    model = make_model()
    state = {key: torch.from_numpy(value) for key, value in tensors.items()}
    model.load_state_dict(state, strict=True)
    good &= compare("Lathe to PyTorch", model, mixture, images, binary, back, data, folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
