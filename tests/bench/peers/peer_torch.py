"""PyTorch, eager and torch.compile: the step of both models, and one image's label.

The data are in memory and the noise is drawn, the rate is 0, as in `BINARY bench`: what is timed is
the forward pass, the backward pass and Adam.
"""
import itertools
import os

import torch

from peer import read_images, seconds_a_call, serve
from vae_torch import VAE, Classifier

CORES = len(os.sched_getaffinity(0))
COMPILERS = {"default": {}, "max-autotune": {"mode": "max-autotune-no-cudagraphs"}}
# What is tried first; then one setting after the other is changed, and the faster one kept.
FIRST = {"batch": 128, "threads": CORES, "adam": "fused", "layout": "contiguous"}

steps = {}  # setting -> a function that does a training step


def new_step(model, batch, adam, layout, compiler):
    torch.manual_seed(0)
    vae, x = VAE(model), torch.rand(batch, 1, 28, 28)
    noise = torch.randn(batch, vae.latent)
    if layout == "channels_last":
        vae, x = (what.to(memory_format=torch.channels_last) for what in (vae, x))
    optimiser = torch.optim.Adam(vae.parameters(), lr=0.0, **{adam: True})
    loss = torch.compile(vae.loss, dynamic=False, **COMPILERS[compiler]) if compiler else vae.loss

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss(x, noise).backward()
        optimiser.step()

    return step


def train(model, seconds, batch, threads, adam, layout, compiler=None):
    """Images a second."""
    torch.set_num_threads(threads)
    key = (model, batch, threads, adam, layout, compiler)
    if key not in steps:
        steps[key] = new_step(model, batch, adam, layout, compiler)
    return {"images_per_second": batch / seconds_a_call(steps[key], seconds)}


def tune(model, seconds, compiled, start=None):
    """The fastest of the settings tried, and what each of them reached."""
    best, speed, tried = None, 0, []

    def attempt(setting):
        nonlocal best, speed
        found = train(model, seconds, **setting)["images_per_second"]
        tried.append({**setting, "images_per_second": found})
        if found > speed:
            best, speed = setting, found

    attempt({**(start or FIRST), "batch": 128, **({"compiler": "default"} if compiled else {})})
    if model == "digits_conv":
        attempt({**best, "layout": "channels_last" if best["layout"] == "contiguous" else "contiguous"})
    if not compiled:
        attempt({**best, "adam": "foreach"})
        attempt({**best, "threads": 1})
    for batch in (64, 256):
        attempt({**best, "batch": batch})
    if compiled:
        attempt({**best, "compiler": "max-autotune"})
    return {"best": best, "tried": tried}


def classify(model, images, seconds):
    """Seconds from one image to its label, one thread: the fastest way of those tried. The images of
    a file in turn, or one of noise."""
    torch.set_num_threads(1)
    all_of, found = torch.from_numpy(read_images(images)), {}
    x = all_of[0]
    with torch.inference_mode():
        if model not in classifiers:
            eager = Classifier(model).eval()
            torch._inductor.config.freezing = True
            frozen = torch.compile(eager, dynamic=False)
            frozen(x)
            torch._inductor.config.freezing = False
            classifiers[model] = {"eager": eager, "compile": frozen}
        for name, classifier in classifiers[model].items():
            turns = itertools.cycle(all_of)
            found[name] = seconds_a_call(lambda run=classifier, turns=turns: run(next(turns)), seconds)
    return {"seconds": min(found.values()), "ways": found}


classifiers = {}

serve({"PyTorch": torch.__version__}, {"train": train, "tune": tune, "classify": classify})
