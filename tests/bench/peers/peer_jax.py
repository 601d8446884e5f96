"""JAX, jit on all cores: the same training step as in vae_torch.py, Adam included."""
import math

import jax
import jax.numpy as jnp
from jax import lax

from peer import seconds_a_call, serve

LAYOUTS = {"NHWC": ("NHWC", "HWIO", "NHWC"), "NCHW": ("NCHW", "OIHW", "NCHW")}
BETA1, BETA2, EPS, MOMENTUM = 0.9, 0.999, 1e-8, 0.1
steps = {}


def uniform(key, shape, fan_in):
    bound = 1 / math.sqrt(fan_in)
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def linear(key, n_in, n_out):
    return {"w": uniform(key, (n_in, n_out), n_in), "b": uniform(key, (n_out,), n_in)}


def conv(key, n_in, n_out, layout):
    shape = (4, 4, n_in, n_out) if layout == "NHWC" else (n_out, n_in, 4, 4)
    return {"w": uniform(key, shape, 16 * n_in), "b": uniform(key, (n_out,), 16 * n_in)}


def apply_linear(p, x):
    return x @ p["w"] + p["b"]


def add_bias(p, x, layout):
    return x + (p["b"] if layout == "NHWC" else p["b"][:, None, None])


def apply_conv(p, x, layout):
    y = lax.conv_general_dilated(x, p["w"], (2, 2), ((1, 1), (1, 1)),
                                 dimension_numbers=LAYOUTS[layout])
    return add_bias(p, y, layout)


def apply_transposed(p, x, layout):
    """Kernel 4, stride 2, padding 1: a convolution of the image spread out by 2, padded by 2."""
    y = lax.conv_general_dilated(x, p["w"], (1, 1), ((2, 2), (2, 2)), lhs_dilation=(2, 2),
                                 dimension_numbers=LAYOUTS[layout])
    return add_bias(p, y, layout)


def batchnorm(p, buffers, x, layout):
    axes = (0, 1, 2) if layout == "NHWC" else (0, 2, 3)
    count = x.size // p["scale"].size
    mean, var = x.mean(axes), x.var(axes)
    broad = (lambda v: v) if layout == "NHWC" else (lambda v: v[:, None, None])
    y = (x - broad(mean)) * broad(lax.rsqrt(var + 1e-5) * p["scale"]) + broad(p["shift"])
    running = {"mean": buffers["mean"] + MOMENTUM * (mean - buffers["mean"]),
               "var": buffers["var"] + MOMENTUM * (var * count / (count - 1) - buffers["var"])}
    return y, running


def mlp(key):
    sizes = {"e1": (784, 512), "e2": (512, 256), "mean": (256, 2), "logvar": (256, 2),
             "d1": (2, 256), "d2": (256, 512), "d3": (512, 784)}
    keys = jax.random.split(key, len(sizes))
    params = {name: linear(k, *size) for k, (name, size) in zip(keys, sizes.items())}

    def forward(p, buffers, x, noise):
        h = jax.nn.relu(apply_linear(p["e1"], x.reshape(len(x), -1)))
        h = jax.nn.relu(apply_linear(p["e2"], h))
        mean, logvar = apply_linear(p["mean"], h), apply_linear(p["logvar"], h)
        h = jax.nn.relu(apply_linear(p["d1"], mean + jnp.exp(0.5 * logvar) * noise))
        h = jax.nn.relu(apply_linear(p["d2"], h))
        return apply_linear(p["d3"], h).reshape(x.shape), mean, logvar, buffers

    return params, {}, forward, 2


def convolutional(key, layout):
    k = jax.random.split(key, 7)
    params = {"c1": conv(k[0], 1, 64, layout), "c2": conv(k[1], 64, 128, layout),
              "bn": {"scale": jnp.ones(128), "shift": jnp.zeros(128)},
              "mean": linear(k[2], 6272, 20), "logvar": linear(k[3], 6272, 20),
              "d1": linear(k[4], 20, 6272),
              "t1": conv(k[5], 128, 64, layout), "t2": conv(k[6], 64, 1, layout)}
    buffers = {"mean": jnp.zeros(128), "var": jnp.ones(128)}
    small = (7, 7, 128) if layout == "NHWC" else (128, 7, 7)

    def forward(p, buffers, x, noise):
        h = jax.nn.relu(apply_conv(p["c1"], x, layout))
        h, buffers = batchnorm(p["bn"], buffers, apply_conv(p["c2"], h, layout), layout)
        h = jax.nn.relu(h).reshape(len(x), -1)
        mean, logvar = apply_linear(p["mean"], h), apply_linear(p["logvar"], h)
        h = apply_linear(p["d1"], mean + jnp.exp(0.5 * logvar) * noise)
        h = jax.nn.relu(apply_transposed(p["t1"], h.reshape(-1, *small), layout))
        return apply_transposed(p["t2"], h, layout), mean, logvar, buffers

    return params, buffers, forward, 20


def new_step(model, batch, layout):
    key = jax.random.key(0)
    params, buffers, forward, latent = mlp(key) if model == "digits_mlp" else convolutional(key, layout)
    shape = (batch, 28, 28, 1) if layout == "NHWC" else (batch, 1, 28, 28)
    x, noise = jax.random.uniform(key, shape), jax.random.normal(key, (batch, latent))

    def loss(p, buffers):
        logits, mean, logvar, buffers = forward(p, buffers, x, noise)
        nll = (jax.nn.softplus(logits) - x * logits).sum()
        kl = 0.5 * (mean ** 2 + jnp.exp(logvar) - 1 - logvar).sum()
        return (nll + kl) / batch, buffers

    def step(state, rate):
        p, m, v, t, buffers = state
        (value, buffers), g = jax.value_and_grad(loss, has_aux=True)(p, buffers)
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        size, correction = rate / (1 - BETA1 ** t), jnp.sqrt(1 - BETA2 ** t)
        p = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) / correction + EPS), p, m, v)
        return (p, m, v, t, buffers), value

    step = jax.jit(step, donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = (params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.zeros(()), buffers)

    def run():
        nonlocal state
        state, value = step(state, 0.0)
        value.block_until_ready()

    return run


def train(model, seconds, batch, layout):
    """Images a second."""
    key = (model, batch, layout)
    if key not in steps:
        steps[key] = new_step(*key)
    return {"images_per_second": batch / seconds_a_call(steps[key], seconds)}


def tune(model, seconds):
    tried = []
    for layout in LAYOUTS if model == "digits_conv" else ("NHWC",):
        for batch in (64, 128, 256):
            setting = {"batch": batch, "layout": layout}
            tried.append({**setting, **train(model, seconds, **setting)})
    best = max(tried, key=lambda t: t["images_per_second"])
    return {"best": {"batch": best["batch"], "layout": best["layout"]}, "tried": tried}


serve({"JAX": jax.__version__}, {"train": train, "tune": tune})
