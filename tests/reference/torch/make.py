#!/usr/bin/env python3
"""Writes the fixtures beside this file: what PyTorch makes of the descriptions here and of those in
models/. See README.md for what is in them. Needs torch and numpy; run it from anywhere."""
import json
import math
import os
import re
import struct
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Normal
from torch.distributions import kl_divergence

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "..", "..", "..", "models")
STEPS = 10
torch.set_default_dtype(torch.float64)


# ---- Descriptions ----

def statements(text):
    """[(word, value, {attribute: value})] of the statements in a section's text."""
    found = []
    for statement in filter(None, (s.strip() for s in text.split(";"))):
        parts = [p.strip() for p in re.split(r",(?![^\[]*\])", statement)]
        word, _, value = parts[0].partition(" ")
        found.append((word, value.strip(), dict(p.split(None, 1) for p in parts[1:])))
    return found


def shape(text):
    return [int(v) for v in text.strip("[] ").split(",")]


class Description:
    def __init__(self, path):
        text = re.sub(r"#.*", "", open(path).read())
        body = text[text.index("{") + 1:text.rindex("}")]
        sections = dict(re.findall(r"(\w+)\s*\{([^}]*)\}", body))
        rest = {word: (value, more)
                for word, value, more in statements(re.sub(r"\w+\s*\{[^}]*\}", "", body))}
        self.input = shape(rest["input"][0].partition(" ")[2])
        self.range = [float(v) for v in rest["input"][1].get("range", "[0, 1]").strip("[]").split(",")]
        self.latent = shape(rest["latent"][0].partition(" ")[2])[0]
        self.encoder = statements(sections["encoder"])
        self.decoder = statements(sections["decoder"])
        self.loss = {word: (value, more) for word, value, more in statements(sections.get("loss", ""))}
        self.train = {word: (value, more) for word, value, more in statements(sections["train"])}


# ---- Modules ----

class Reshape(nn.Module):
    def __init__(self, to):
        super().__init__()
        self.to = to

    def forward(self, x):
        return x.reshape(len(x), *self.to)


class ShapedLinear(nn.Linear):
    """`linear [C, H, W]`: a fully connected layer whose output is taken as an image."""

    def __init__(self, inputs, to):
        super().__init__(inputs, math.prod(to))
        self.to = to

    def forward(self, x):
        return super().forward(x).reshape(len(x), *self.to)


def layer(word, value, more, given):
    """The module of one statement that receives `given` (a shape without the batch)."""
    window = {"kernel_size": int(more.get("kernel", 1)), "stride": int(more.get("stride", 1)),
              "padding": int(more.get("pad", 0))}
    if word == "linear":
        return ShapedLinear(given[0], shape(value))
    if word == "conv2d":
        return nn.Conv2d(given[0], int(value), **window)
    if word == "conv_transpose2d":
        return nn.ConvTranspose2d(given[0], int(value), **window)
    if word == "batchnorm":
        kind = nn.BatchNorm2d if len(given) == 3 else nn.BatchNorm1d
        return kind(given[0], momentum=float(more.get("momentum", 0.1)), eps=float(more.get("eps", 1e-5)))
    return {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "flatten": nn.Flatten}[word]() \
        if word != "reshape" else Reshape(shape(value))


def section(layers, given):
    """Modules named by the position of their statements, and the shape that they give."""
    modules = OrderedDict()
    for i, (word, value, more) in enumerate(layers):
        module = modules[str(i)] = layer(word, value, more, given)
        given = list(module.eval()(torch.zeros(1, *given)).shape[1:])
    return nn.Sequential(modules).train(), given


class Autoencoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.description = d
        self.encoder, features = section(d.encoder[:-1], d.input)
        self.mean = nn.Linear(math.prod(features), d.latent)
        self.logvar = nn.Linear(math.prod(features), d.latent)
        self.decoder, _ = section(d.decoder, [d.latent])

    def encode(self, x):
        features = self.encoder(x).flatten(1)
        return self.mean(features), self.logvar(features)

    def losses(self, x, noise):
        """Reconstruction and divergence, means over the batch, in nats an image."""
        mean, logvar = self.encode(x)
        posterior = Normal(mean, torch.exp(logvar / 2))
        decoded = self.decoder(posterior.loc + posterior.scale * noise)
        if "gaussian" in self.description.loss:
            variance = float(self.description.loss["gaussian"][1].get("variance", 1))
            reconstruction = -Normal(decoded, math.sqrt(variance)).log_prob(x).sum()
        else:
            reconstruction = nn.functional.binary_cross_entropy(decoded, x, reduction="sum")
        divergence = kl_divergence(posterior, Normal(0, 1)).sum()
        return reconstruction / len(x), divergence / len(x)

    def optimiser(self):
        train = self.description.train
        if "sgd" in train:
            rate, more = train["sgd"]
            return torch.optim.SGD(self.parameters(), float(rate), momentum=float(more.get("momentum", 0)))
        rate, more = train["adam"]
        betas = float(more.get("beta1", 0.9)), float(more.get("beta2", 0.999))
        return torch.optim.Adam(self.parameters(), float(rate), betas, float(more.get("eps", 1e-8)))

    def values(self):
        """Parameters and running statistics by name."""
        return {name: value.clone() for name, value in self.state_dict().items()
                if not name.endswith("num_batches_tracked")}

    def gradients(self):
        return {name: value.grad.clone() for name, value in self.named_parameters()}

    def step(self, optimiser, x, noise):
        optimiser.zero_grad()
        reconstruction, divergence = self.losses(x, noise)
        weight = float(self.description.loss.get("kl", ("1", {}))[0])
        (reconstruction + weight * divergence).backward()
        optimiser.step()
        return [reconstruction.item(), divergence.item()]


# ---- Numbers ----

def uniform(stream, first, count):
    """Numbers first .. first+count-1 of a stream: splitmix64 (Steele, Lea and Flood 2014) at counter
    stream * 2^32 + index + 1, its upper 53 bits as a number in [0, 1)."""
    z = np.arange(first, first + count, dtype=np.uint64) + np.uint64((stream << 32) + 1)
    z = z * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0 ** -53


# Streams; the weights have one a tensor, from WEIGHTS on, by its place in the state_dict. With these
# no ReLU of the shipped models is fed with less than 2e-6 in the first step: float's rounding, some
# 1e-7, then leaves all on their side of the kink.
IMAGES, NOISE, WEIGHTS = 0, 1, 100


def single(values):
    """Rounded to float32, so that both precisions start from the same numbers."""
    return torch.from_numpy(np.asarray(values).astype(np.float32).astype(np.float64))


def images(d, first, count):
    low, high = d.range
    size = math.prod(d.input)
    return single(low + (high - low) * uniform(IMAGES, first * size, count * size)).reshape(count, *d.input)


def noise(d, first, count):
    return single(4 * uniform(NOISE, first * d.latent, count * d.latent) - 2).reshape(count, d.latent)


def start(model, spread):
    """PyTorch's default bound times [-1, 1) for what it draws; else its constant + spread x that."""
    places = list(model.state_dict())
    for name, module in model.named_modules():
        bound = 0
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            bound = 1 / math.sqrt(nn.init._calculate_fan_in_and_fan_out(module.weight)[0])
        values = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
        for leaf, value in values.items():
            if leaf == "num_batches_tracked":
                continue
            fill = 1 if not bound and leaf in ("weight", "running_var") else 0
            signs = 2 * uniform(WEIGHTS + places.index(name + "." + leaf), 0, value.numel()) - 1
            with torch.no_grad():
                value.copy_(single(fill + (bound or spread) * signs).reshape(value.shape))


# ---- Files ----

def write(name, tensors):
    """A safetensors file (https://huggingface.co/docs/safetensors), values of 8 bytes each."""
    header, body = {}, b""
    for key, value in tensors.items():
        value = np.ascontiguousarray(value)
        code = {"float64": "F64", "int64": "I64"}[str(value.dtype)]
        header[key] = {"dtype": code, "shape": list(value.shape),
                       "data_offsets": [len(body), len(body) + value.nbytes]}
        body += value.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, name + ".safetensors"), "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + body)


def prefixed(prefix, values):
    return {prefix + name: value.detach().numpy() for name, value in values.items()}


def small_model(name, n=7):
    """Everything in full. Every other step trains on fewer images."""
    d = Description(os.path.join(HERE, name + ".lathe"))
    model = Autoencoder(d)
    start(model, 0.3)
    x, e = images(d, 0, n), noise(d, 0, n * STEPS).reshape(STEPS, n, d.latent)
    sizes = [n - 3 * (i % 2) for i in range(STEPS)]
    out = prefixed("start.", model.values())
    out.update(prefixed("", {"images": x.reshape(n, -1), "noise": e}))
    out["sizes"] = np.array(sizes)

    model.eval()
    with torch.no_grad():
        mean, logvar = model.encode(x)
        out.update(prefixed("eval.", {"mean": mean, "logvar": logvar,
                                      "decoded": model.decoder(e[0]).reshape(n, -1)}))
        out["eval.loss"] = np.array([v.item() for v in model.losses(x, e[0])])
    model.train()
    optimiser, losses = model.optimiser(), []
    for i, size in enumerate(sizes):
        losses.append(model.step(optimiser, x[:size], e[i, :size]))
        if i == 0:
            out.update(prefixed("gradient.", model.gradients()))
            out.update(prefixed("after1.", model.values()))
    out.update(prefixed("after10.", model.values()))
    out["losses"] = np.array(losses)
    write(name, out)


def digest(values):
    """Each tensor as its norm and 64 entries: number j is entry j x 2654435761 mod its size."""
    out = {}
    for name, value in values.items():
        flat = value.detach().flatten()
        entries = flat[[j * 2654435761 % flat.numel() for j in range(64)]]
        out[name] = torch.cat([flat.norm().reshape(1), entries])
    return out


def shipped_model(name, n=20):
    """Weights, images and noise from `uniform`, on both sides; only digests are stored."""
    d = Description(os.path.join(MODELS, name + ".lathe"))
    model = Autoencoder(d)
    start(model, 0)
    out, losses = prefixed("start.", digest(model.values())), []
    optimiser = model.optimiser()
    for i in range(STEPS):
        losses.append(model.step(optimiser, images(d, i * n, n), noise(d, i * n, n)))
        if i == 0:
            out.update(prefixed("gradient.", digest(model.gradients())))
    out.update(prefixed("after10.", digest(model.values())))
    out["losses"] = np.array(losses)
    write(name, out)


def mixtures(k=3, d=3, n=12):
    """Posteriors and log-likelihoods of points under mixtures of each kind of covariance."""
    points = single(6 * uniform(0, 0, n * d) - 3).reshape(n, d)
    weights = torch.tensor([0.5, 0.3, 0.2])
    means = torch.from_numpy(3 * uniform(1, 0, k * d) - 1.5).reshape(k, d)
    factors = torch.from_numpy(uniform(2, 0, k * d * d) - 0.5).reshape(k, d, d)
    full = factors @ factors.mT + 0.2 * torch.eye(d)
    diag = torch.diagonal(full, dim1=1, dim2=2)
    kinds = {
        "full": (full, full),
        "diag": (diag, torch.diag_embed(diag)),
        "tied": (full[1], full[1].expand(k, d, d)),
        "spherical": (diag[:, 0], torch.stack([v * torch.eye(d) for v in diag[:, 0]])),
    }
    out = {"points": points, "weights": weights, "means": means}
    for kind, (stored, covariances) in kinds.items():
        components = MultivariateNormal(means, covariances)
        mixture = MixtureSameFamily(Categorical(weights), components)
        joint = components.log_prob(points[:, None]) + weights.log()
        out[kind + ".covariances"] = stored
        out[kind + ".posterior"] = torch.softmax(joint, dim=1)
        out[kind + ".log_likelihood"] = mixture.log_prob(points)
    write("mixture", {name: value.numpy() for name, value in out.items()})


def described(folder):
    return sorted(file[:-len(".lathe")] for file in os.listdir(folder) if file.endswith(".lathe"))


if __name__ == "__main__":
    for case in described(HERE):
        small_model(case)
    for case in ("digits_conv", "digits_mlp"):
        shipped_model(case)
    mixtures()
