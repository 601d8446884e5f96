#!/usr/bin/env python3
"""Writes the fixtures of this folder and those below it: what PyTorch makes of the descriptions here
and of those in models/. README.md says what is in them."""
import math
import os
import sys

import numpy as np
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from fixture import IMAGES, NOISE, digest, single, stored, uniform, write
from model import Autoencoder, Description

MODELS = os.path.join(HERE, "..", "..", "..", "models")
STEPS = 10


def images(d, first, count):
    low, high = d.range
    size = math.prod(d.input)
    pixels = single(low + (high - low) * uniform(IMAGES, first * size, count * size))
    return torch.from_numpy(pixels).reshape(count, *d.input)


def noise(d, first, count):
    numbers = single(4 * uniform(NOISE, first * d.latent, count * d.latent) - 2)
    return torch.from_numpy(numbers).reshape(count, d.latent)


def prefixed(prefix, values, store=np.asarray):
    return {prefix + name: store(value.detach().numpy()) for name, value in values.items()}


def opened(folder, name, spread):
    d = Description(os.path.join(folder, name + ".lathe"))
    model = Autoencoder(d)
    model.start(spread)
    return d, model


def evaluated(model, x, e, prefix, store=np.asarray):
    model.eval()
    with torch.no_grad():
        encoded = dict(zip(("mean", "logvar"), model.encode(x)))
        decoded = model.decode(e).reshape(len(x), -1)
        loss = torch.stack(model.losses(x, e))
    model.train()
    values = encoded | {"decoded": decoded, "loss": loss}
    return prefixed(prefix, values, store)


def save(folder, name, tensors):
    write(os.path.join(folder, name + ".safetensors"), tensors, "torch")


def small_model(folder, name, n=7):
    """Everything in full. Every other step trains on fewer images."""
    d, model = opened(folder, name, 0.3)
    x, e = images(d, 0, n), noise(d, 0, n * STEPS).reshape(STEPS, n, d.latent)
    sizes = [n - 3 * (i % 2) for i in range(STEPS)]
    out = prefixed("start.", model.values())
    out.update(prefixed("", {"images": x.reshape(n, -1), "noise": e}))
    out["sizes"] = np.array(sizes)
    out.update(evaluated(model, x, e[0], "eval."))
    optimiser, losses = model.optimiser(), []
    for i, size in enumerate(sizes):
        losses.append(model.step(optimiser, x[:size], e[i, :size]))
        if i == 0:
            out.update(prefixed("gradient.", model.gradients()))
            out.update(prefixed("after1.", model.values()))
    out.update(prefixed("after10.", model.values()))
    out["losses"] = np.array(losses)
    save(folder, name, out)


def layers(folder, name):
    """One step on each of several numbers of images, laid open as BINARY trace does: the outputs of
    layers, the derivatives by them and by parameters, and what the step leaves."""
    d = Description(os.path.join(folder, name + ".lathe"))
    # PyTorch normalises no single vector, and makes -1 and 1 of two, whatever they are.
    batches = [4, 40] if name in ("batchnorm", "batchnorm_relu") else [1, 5]
    out = {"batches": np.array(batches)}
    for n in batches:
        d, model = opened(folder, name, 0.3)
        prefix, x, e = f"n{n}.", images(d, 0, n), noise(d, 0, n)
        out.update(evaluated(model, x, e, prefix + "eval.", stored))
        optimiser = model.optimiser()
        values, reconstruction, divergence = model(x, e)
        divergence = divergence.sum(1)
        values = {key: value for key, value in values.items() if d.lies_in_memory(key)}
        trained = {key: value for key, value in values.items() if value.requires_grad}
        for value in trained.values():
            value.retain_grad()
        model.total(reconstruction.mean(), divergence.mean()).backward()
        parts = {"loss.image.reconstruction": reconstruction, "loss.image.kl": divergence}
        out.update(prefixed(prefix + "trace.", parts, stored))
        derivatives = {key: value.grad for key, value in trained.items() if d.lies_in_memory(key, True)}
        out.update(prefixed(prefix + "trace.activation.", values, stored))
        out.update(prefixed(prefix + "trace.gradient.activation.", derivatives, stored))
        out.update(prefixed(prefix + "gradient.", model.gradients(), stored))
        optimiser.step()
        out.update(prefixed(prefix + "after.", model.values(), stored))
    save(folder, name, out)


def optimiser(folder, name, n=6, epochs=20, steps=2):
    """Many steps through several falls of the learning rate, and the state that they leave."""
    d, model = opened(folder, name, 0.3)
    adam = model.optimiser()
    schedule, losses, rates = model.schedule(adam), [], []
    for epoch in range(epochs):
        rates.append(adam.param_groups[0]["lr"])
        for step in range(epoch * steps, (epoch + 1) * steps):
            losses.append(model.step(adam, images(d, step * n, n), noise(d, step * n, n)))
        schedule.step()
    out = {"sizes": np.array([n, epochs, steps]), "rates": np.array(rates), "losses": np.array(losses)}
    out.update(prefixed("after.", model.values(), stored))
    for parameter, value in model.named_parameters():
        for key, state in adam.state[value].items():
            if state is not None and key != "step":
                out[f"{key}.{parameter}"] = stored(state.numpy())
    save(folder, name, out)


def schedules(epochs=40, steps=3, rate=0.2):
    """The learning rate of every step under each schedule, and the losses that those which look at them
    are given. A warm-up multiplies what the schedule says, stepped by epochs or by steps."""
    losses = 5 * np.exp(-np.arange(epochs) / 6) + 0.3 * uniform(0, 0, epochs)
    s = torch.optim.lr_scheduler
    cases = {
        "constant": (lambda o: s.ConstantLR(o, 1.0), None),
        "step": (lambda o: s.StepLR(o, 7, 0.3), None),
        "exponential": (lambda o: s.ExponentialLR(o, 0.9), None),
        "cosine": (lambda o: s.CosineAnnealingLR(o, epochs), None),
        "cosine_minimum": (lambda o: s.CosineAnnealingLR(o, epochs, 0.01), None),
        "plateau": (lambda o: s.ReduceLROnPlateau(o, patience=2), None),
        "plateau_all": (lambda o: s.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0.02, cooldown=3,
                                                      min_lr=0.015), None),
        "plateau_once": (lambda o: s.ReduceLROnPlateau(o, factor=1e-9, patience=1), None),
        "constant_warmup": (lambda o: s.ConstantLR(o, 1.0), ("epochs", 5, 0.1)),
        "cosine_warmup": (lambda o: s.CosineAnnealingLR(o, epochs, 0.01), ("epochs", 6, 0.25)),
        "step_warmup_steps": (lambda o: s.StepLR(o, 2, 0.5), ("steps", 10, 0.05)),
        "plateau_warmup_steps": (lambda o: s.ReduceLROnPlateau(o, patience=0), ("steps", 25, 1.0 / 3)),
    }
    out = {"sizes": np.array([epochs, steps]), "losses": losses}
    for name, (make, warmup) in cases.items():
        optimisers = [torch.optim.SGD([torch.zeros(1, requires_grad=True)], r) for r in (rate, 1.0)]
        schedule, rates = make(optimisers[0]), []
        unit, length, start = warmup or (None, 1, 1.0)
        rise = s.LinearLR(optimisers[1], start, 1.0, length)
        for epoch in range(epochs):
            for _ in range(steps):
                rates.append(optimisers[0].param_groups[0]["lr"] * optimisers[1].param_groups[0]["lr"])
                for o in optimisers:
                    o.step()
                if unit == "steps":
                    rise.step()
            schedule.step(*([losses[epoch]] if "plateau" in name else []))
            if unit == "epochs":
                rise.step()
        out["rates." + name] = np.array(rates)
    save(HERE, "schedules", out)


def shipped_model(name, n=20):
    """Weights, images and noise from `uniform`, on both sides; of tensors only digests are stored."""
    d, model = opened(MODELS, name, 0)
    out, losses = prefixed("start.", model.values(), stored), []
    adam = model.optimiser()
    for i in range(STEPS):
        losses.append(model.step(adam, images(d, i * n, n), noise(d, i * n, n)))
        if i == 0:
            out.update(prefixed("gradient.", model.gradients(), stored))
    out.update(prefixed("after10.", model.values(), stored))
    out["losses"] = np.array(losses)
    save(HERE, name, out)


def mixtures(k=3, d=3, n=12):
    """Posteriors and log-likelihoods of points under mixtures of each kind of covariance."""
    points = torch.from_numpy(single(6 * uniform(0, 0, n * d) - 3)).reshape(n, d)
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
    for kind, (covariances, matrices) in kinds.items():
        components = MultivariateNormal(means, matrices)
        mixture = MixtureSameFamily(Categorical(weights), components)
        joint = components.log_prob(points[:, None]) + weights.log()
        out[kind + ".covariances"] = covariances
        out[kind + ".posterior"] = torch.softmax(joint, dim=1)
        out[kind + ".log_likelihood"] = mixture.log_prob(points)
    save(HERE, "mixture", prefixed("", out))


def each(make, folder):
    for file in sorted(os.listdir(folder)):
        if file.endswith(".lathe"):
            make(folder, file[: -len(".lathe")])


if __name__ == "__main__":
    each(small_model, HERE)
    each(layers, os.path.join(HERE, "layers"))
    each(optimiser, os.path.join(HERE, "optimisers"))
    for shipped in ("digits_conv", "digits_mlp"):
        shipped_model(shipped)
    mixtures()
    schedules()
