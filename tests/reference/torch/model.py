"""Descriptions, and the same models made of PyTorch's own layers, losses, optimisers and distributions.

Reads the statements that the descriptions of these fixtures are made of; it is no second compiler.
"""
import math
import os
import re
import sys
from collections import OrderedDict

import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from fixture import WEIGHTS, single, uniform

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)  # the same bytes on each run


# ---- Descriptions ----

INSIDE = "{}"  # stands for the text in a statement's braces, among its attributes


def statements(text):
    """[(word, value, {attribute: value})] of the statements in a section's text."""
    found, begin, depth = [], 0, 0
    for at, mark in enumerate(text):
        depth += (mark == "{") - (mark == "}")
        if depth > 0 or mark not in ";}":
            continue
        head, _, inside = text[begin:at].partition("{")
        parts = [p.strip() for p in re.split(r",(?![^\[]*\])", head)]
        word, _, value = parts[0].partition(" ")
        pairs = ((p + " ").split(" ", 1) for p in parts[1:])  # a word alone is a flag
        more = {name: own.strip() for name, own in pairs}
        found.append((word, value.strip(), more | {INSIDE: inside} if mark == "}" else more))
        begin = at + 1
    return found


def shape(text):
    return [int(v) for v in text.strip("[] ").split(",")]


class Description:
    def __init__(self, path):
        text = re.sub(r"#.*", "", open(path).read())
        body = text[text.index("{") + 1:text.rindex("}")]
        rest = {word: (value, more) for word, value, more in statements(body)}
        sections = {word: more[INSIDE] for word, (_, more) in rest.items() if INSIDE in more}
        self.input = shape(rest["input"][0].partition(" ")[2])
        self.range = [float(v) for v in rest["input"][1].get("range", "[0, 1]").strip("[]").split(",")]
        self.normalise = rest.get("normalise", ("none", {}))
        self.latent = shape(rest["latent"][0].partition(" ")[2])[0]
        self.encoder = statements(sections["encoder"])
        self.decoder = statements(sections["decoder"])
        self.loss = {word: (value, more) for word, value, more in statements(sections.get("loss", ""))}
        self.train = {word: (value, more) for word, value, more in statements(sections["train"])}

    def lies_in_memory(self, name, derivative=False):
        """Whether emitted code always keeps a layer's output, or the derivative by it: it computes
        `relu`, `sigmoid` and their derivatives together with what is beside them, never the last
        `sigmoid`, and no view."""
        part, _, place = name.partition(".")
        elementwise = ("relu", "sigmoid")
        if not place:
            return name != "z" or self.decoder[0][0] not in elementwise
        words = [word for word, _, _ in getattr(self, part)] + [""]
        word, follower = words[int(place)], words[int(place) + 1]
        return word not in ("flatten", "reshape") and follower not in elementwise and not (
            word in elementwise and (derivative or follower == ""))


# ---- Modules ----

class Reshape(nn.Module):
    def __init__(self, to):
        super().__init__()
        self.to = to

    def forward(self, x):
        return x.reshape(len(x), *self.to)


class ShapedLinear(nn.Linear):
    """`linear [C, H, W]`: a fully connected layer whose output is taken as an image."""

    def __init__(self, inputs, to, bias):
        super().__init__(inputs, math.prod(to), bias)
        self.to = to

    def forward(self, x):
        return super().forward(x).reshape(len(x), *self.to)


class Shortcut(nn.Sequential):
    """What stands for x itself in a layer that joins it to what is made of it."""


class Joining(nn.Sequential):
    def forward(self, x):
        made = beside = x
        for module in self:
            if isinstance(module, Shortcut):
                beside = module(x)
            else:
                made = module(made)
        return self.join(beside, made)


class Residual(Joining):
    def join(self, beside, made):
        return beside + made


class Concat(Joining):
    def join(self, beside, made):
        return torch.cat([beside, made], dim=1)


def sides(text, axes):
    """`3`, or `[3, 5]`: a number for each axis."""
    return shape(text) * axes if text.strip().isdigit() else shape(text)


def biased(more):
    return more.get("bias", "on").strip() == "on"


def convolution(word, channels, more, given):
    """conv1d, conv2d, conv_transpose1d, conv_transpose2d"""
    axes = int(word[-2])
    kind = getattr(nn, ("ConvTranspose%dd" if "transpose" in word else "Conv%dd") % axes)
    names = {"kernel_size": "kernel", "stride": "stride", "padding": "pad", "dilation": "dilation",
             "output_padding": "output_pad"}
    given_sides = {name: sides(more[own], axes) for name, own in names.items() if own in more}
    return kind(given[0], channels, groups=int(more.get("groups", 1)), bias=biased(more), **given_sides)


def pool(word, value, more, given):
    axes = len(given) - 1
    kind = getattr(nn, {"max_pool": "MaxPool%dd", "avg_pool": "AvgPool%dd"}[word] % axes)
    return kind(tuple(sides(value, axes)), tuple(sides(more.get("stride", value), axes)),
                tuple(sides(more.get("pad", "0"), axes)))


def layer(word, value, more, given):
    """The module of one statement that receives `given` (a shape without the batch)."""
    if word == "linear":
        return ShapedLinear(given[0], shape(value), biased(more))
    if word.startswith("conv"):
        return convolution(word, int(value), more, given)
    if word == "batchnorm":
        kind = nn.BatchNorm2d if len(given) == 3 else nn.BatchNorm1d
        return kind(given[0], momentum=float(more.get("momentum", 0.1)), eps=float(more.get("eps", 1e-5)))
    if word == "layernorm":
        return nn.LayerNorm(given, eps=float(more.get("eps", 1e-5)))
    if word == "groupnorm":
        return nn.GroupNorm(int(value), given[0], eps=float(more.get("eps", 1e-5)))
    if word in ("residual", "concat"):
        inside, _ = section(statements(more[INSIDE]), given)
        return (Residual if word == "residual" else Concat)(OrderedDict(inside.named_children()))
    if word in ("max_pool", "avg_pool"):
        return pool(word, value, more, given)
    if word == "global_avg_pool":
        return nn.Sequential((nn.AdaptiveAvgPool2d if len(given) == 3 else nn.AdaptiveAvgPool1d)(1), nn.Flatten())
    if word == "upsample":
        return nn.Upsample(scale_factor=tuple(sides(value, len(given) - 1)), mode=more.get("mode", "nearest"))
    if word == "reshape":
        return Reshape(shape(value))
    if word == "leaky_relu":
        return nn.LeakyReLU(float(more.get("slope", 0.01)))
    if word == "elu":
        return nn.ELU(float(more.get("alpha", 1)))
    return {"relu": nn.ReLU, "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh,
            "softplus": nn.Softplus, "sigmoid": nn.Sigmoid, "flatten": nn.Flatten}[word]()


def section(layers, given):
    """Modules named by the position of their statements, and the shape that they give."""
    modules, received = OrderedDict(), given
    for i, (word, value, more) in enumerate(layers):
        if word == "shortcut":
            inside, _ = section(statements(more[INSIDE]), received)
            modules[str(i)] = Shortcut(OrderedDict(inside.named_children()))
            continue
        module = modules[str(i)] = layer(word, value, more, given)
        given = list(module.eval()(torch.zeros(1, *given)).shape[1:])
    return nn.Sequential(modules).train(), given


class LearnedVariance(nn.Module):
    """The log-variance that is a parameter: one, or one for each value of the input."""

    def __init__(self, to, initial):
        super().__init__()
        self.initial = initial
        self.logvar = nn.Parameter(torch.full(to, initial))


class Normalised(nn.Module):
    """The input's scale, as buffers: one for each channel, each value or all of them."""

    def __init__(self, d):
        super().__init__()
        method, more = d.normalise
        per = more.get("per", "channel").strip()
        to = {"channel": d.input[:1], "value": d.input, "all": [1]}[per]
        self.rank = len(d.input) if per == "channel" else len(to)
        self.names = ("min", "range") if method == "minmax" else ("mean", "std")
        for name, fill in zip(self.names, (0.0, 1.0)):
            self.register_buffer(name, torch.full(to, fill))

    def numbers(self):
        """Shift and scale, to be combined with [N, ...]."""
        return (getattr(self, name).reshape(-1, *[1] * (self.rank - 1)) if getattr(self, name).dim() == 1
                else getattr(self, name) for name in self.names)

    def forward(self, x):
        shift, scale = self.numbers()
        return (x - shift) / scale

    def restore(self, y):
        shift, scale = self.numbers()
        return y * scale + shift


class Autoencoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.description = d
        if d.normalise[0] != "none":
            self.input = Normalised(d)
        self.encoder, features = section(d.encoder[:-1], d.input)
        self.plain = d.encoder[-1][0] == "code"
        if self.plain:
            self.code = nn.Linear(math.prod(features), d.latent)
        else:
            self.mean = nn.Linear(math.prod(features), d.latent)
            self.logvar = nn.Linear(math.prod(features), d.latent)
        self.decoder, _ = section(d.decoder, [d.latent])
        more = d.loss["gaussian"][1] if "gaussian" in d.loss else {}
        self.variance, self.floor = more.get("variance", "1"), float(more.get("floor", 1e-6))
        if self.variance in ("learned", "learned_each"):
            initial = math.log(float(more.get("start", 1)) - self.floor)
            self.likelihood = LearnedVariance([1] if self.variance == "learned" else d.input, initial)

    def encode(self, x):
        """Mean and log-variance, or the code alone."""
        features = self.encoder(self.normalised(x)).flatten(1)
        return (self.code(features),) if self.plain else (self.mean(features), self.logvar(features))

    def normalised(self, x):
        return self.input(x) if hasattr(self, "input") else x

    def levels(self):
        return int(self.description.loss["categorical"][0])

    def classes(self, y):
        """The logits [N, K, C, ...] of the input's values, class by class."""
        return y.reshape(len(y), self.levels(), -1, *y.shape[2:])

    def decode(self, z):
        """The likelihood's mean, or of a categorical one the likeliest level if that is wanted."""
        y = self.decoder(z)
        if self.variance == "predicted":
            y = y.chunk(2, dim=1)[0]
        if hasattr(self, "input"):
            return self.input.restore(y)
        if "categorical" not in self.description.loss:
            return y
        low, high = self.description.range
        k, logits = torch.arange(self.levels(), dtype=y.dtype), self.classes(y)
        level = torch.softmax(logits, dim=1).movedim(1, -1) @ k
        if self.description.loss["categorical"][1].get("decode") == "mode":
            level = logits.argmax(dim=1)
        return low + (high - low) / (self.levels() - 1) * level

    def surprise(self, y, x):
        """-log p(x | y) of each value."""
        if "categorical" in self.description.loss:
            low, high = self.description.range
            level = ((x - low) / (high - low) * (self.levels() - 1) + 0.5).floor().long()
            return nn.functional.cross_entropy(self.classes(y), level, reduction="none")
        if "gaussian" not in self.description.loss:
            return nn.functional.binary_cross_entropy(y, x, reduction="none")
        if self.variance == "predicted":
            y, logvar = y.chunk(2, dim=1)
            return -Normal(y, torch.sqrt(self.floor + torch.exp(logvar))).log_prob(x)
        if self.variance in ("learned", "learned_each"):
            return -Normal(y, torch.sqrt(self.floor + torch.exp(self.likelihood.logvar))).log_prob(x)
        return -Normal(y, math.sqrt(float(self.variance))).log_prob(x)

    def forward(self, x, noise):
        """Every layer's output by its name, and the two parts of each image's loss, in nats, the
        divergence by dimensions."""
        x = self.normalised(x)
        values, y = {}, x
        for name, module in self.encoder.named_children():
            y = values["encoder." + name] = module(y)
        y = y.flatten(1)
        divergence = torch.zeros(len(x), 1, dtype=x.dtype)
        if self.plain:
            y = values["code"] = self.code(y)
        else:
            mean, logvar = values["mean"], values["logvar"] = self.mean(y), self.logvar(y)
            posterior = Normal(mean, torch.exp(logvar / 2))
            y = values["z"] = posterior.loc + posterior.scale * noise
            divergence = kl_divergence(posterior, Normal(0, 1))
        for name, module in self.decoder.named_children():
            y = values["decoder." + name] = module(y)
        return values, self.surprise(y, x).flatten(1).sum(1), divergence

    def losses(self, x, noise):
        """Reconstruction and divergence, means over the batch; in training with free bits."""
        _, reconstruction, divergence = self(x, noise)
        free = float(self.description.loss.get("kl", ("1", {}))[1].get("free_bits", 0))
        if self.training and free > 0:
            held = torch.maximum(divergence.mean(0), torch.tensor(free))
            return reconstruction.mean(), held.sum()
        return reconstruction.mean(), divergence.sum(1).mean()

    def total(self, reconstruction, divergence):
        return reconstruction + float(self.description.loss.get("kl", ("1", {}))[0]) * divergence

    def optimiser(self):
        train = self.description.train
        word = next(word for word in ("sgd", "rmsprop", "adamw", "adam") if word in train)
        rate, more = train[word]
        rate, momentum, eps = float(rate), float(more.get("momentum", 0)), float(more.get("eps", 1e-8))
        decay = float(more.get("weight_decay", 0.01 if word == "adamw" else 0))
        if word == "sgd":
            return torch.optim.SGD(self.parameters(), rate, momentum=momentum, weight_decay=decay,
                                   nesterov="nesterov" in more)
        if word == "rmsprop":
            return torch.optim.RMSprop(self.parameters(), rate, float(more.get("alpha", 0.99)), eps, decay,
                                       momentum, "centered" in more)
        kind = torch.optim.AdamW if word == "adamw" else torch.optim.Adam
        betas = float(more.get("beta1", 0.9)), float(more.get("beta2", 0.999))
        return kind(self.parameters(), rate, betas, eps, decay)

    def clip(self):
        """`clip BOUND` or `clip BOUND, by value` of the description."""
        bound, more = self.description.train.get("clip", (None, {}))
        if bound and more.get("by", "norm").strip() == "value":
            torch.nn.utils.clip_grad_value_(self.parameters(), float(bound))
        elif bound:
            torch.nn.utils.clip_grad_norm_(self.parameters(), float(bound))

    def values(self):
        """Parameters and running statistics by name."""
        return {name: value.clone() for name, value in self.state_dict().items()
                if not name.endswith("num_batches_tracked")}

    def gradients(self):
        return {name: value.grad.clone() for name, value in self.named_parameters()}

    def step(self, optimiser, x, noise):
        optimiser.zero_grad()
        reconstruction, divergence = self.losses(x, noise)
        self.total(reconstruction, divergence).backward()
        self.clip()
        optimiser.step()
        return [reconstruction.item(), divergence.item()]

    def schedule(self, optimiser):
        """`step EVERY, gamma G` of the description."""
        every, more = self.description.train["step"]
        return torch.optim.lr_scheduler.StepLR(optimiser, int(every), float(more["gamma"]))

    def start(self, spread):
        """PyTorch's default bound times [-1, 1) for what it draws; else its constant + spread x that."""
        places = list(self.state_dict())
        for name, module in self.named_modules():
            bound = 0
            if isinstance(module, (nn.Linear, nn.modules.conv._ConvNd)):
                bound = 1 / math.sqrt(nn.init._calculate_fan_in_and_fan_out(module.weight)[0])
            values = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
            for leaf, value in values.items():
                if leaf == "num_batches_tracked":
                    continue
                fill = 1 if not bound and leaf in ("weight", "running_var", "std", "range") else 0
                fill = getattr(module, "initial", fill)
                signs = 2 * uniform(WEIGHTS + places.index(name + "." + leaf), 0, value.numel()) - 1
                with torch.no_grad():
                    numbers = torch.from_numpy(single(fill + (bound or spread) * signs))
                    value.copy_(numbers.reshape(value.shape))
