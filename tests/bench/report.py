"""The report: one table of all work against its peers and aims, then what stands behind it."""
from lathe import COVARIANCES, MODELS
from machine import cores

MIB = 2 ** 20
MARGIN = 10 * 10 ** 6  # bytes that training may take beside its arena and its data
NONE = "-"
LABELS = {"digits": "one digit's label", "noise": "the label of an image without a 0"}
HEAD = ("Work", "Lathe", "x PyTorch", "x its compile", "x JAX", "x scikit-learn", "x ONNX Runtime",
        "Share of the peak", "Peak memory", "Milestone", "Goal")


def table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)) + "\n"


def times(ratio):
    return NONE if ratio is None else f"{ratio:.2f}"


def seconds(value):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def mib(value):
    return NONE if value is None else f"{value / MIB:.1f} MiB"


def least(*ratios):
    """Against the best of several; unknown where none is there."""
    known = [r for r in ratios if r is not None]
    return min(known) if known else None


def aim(*parts):
    """Parts (value, sign, bound, what): e.g. `3x PyTorch: met`."""
    text = ", ".join(what for *_, what in parts)
    if any(value is None for value, *_ in parts):
        return f"{text}: not measured"
    met = all(value >= bound if sign == ">=" else value <= bound for value, sign, bound, _ in parts)
    return f"{text}: {'met' if met else '**missed**'}"


def row(work, ours, peers=None, share=None, memory=None, aims=("", "")):
    ratios = [times((peers or {}).get(name)) for name in ("eager", "compile", "jax", "sklearn", "onnx")]
    return (work, ours, *ratios, NONE if share is None else f"{share:.2f}", mib(memory), *aims)


class Report:
    def __init__(self, bench):
        self.bench, self.lathe, self.figures = bench, bench.lathe, bench.figures

    def best_of(self, way, model):
        """The key of a peer's best setting, as measured in the rounds."""
        count = len(self.bench.settings.get((way, model)) or ())
        return self.figures.best([(way, model, i) for i in range(count)])

    def training(self, model):
        figures = self.figures
        ours = figures.best([("train", model, batch) for batch in (64, 128, 256)])
        peers = {way: figures.ratio(ours, key) if (key := self.best_of(way, model)) else None
                 for way in ("eager", "compile", "jax")}
        share, torch = figures.median(("share", model, ours[2])), least(peers["eager"], peers["compile"])
        aims = [[(torch, ">=", 2, "2x PyTorch's best")], [(torch, ">=", 3, "3x")]]
        if model == "digits_conv":
            aims[0].append((share, ">=", 0.75, "0.75 of the peak"))
            aims[1].append((share, ">=", 1, "1.0 of the peak"))
        return row(f"{model}, training, batch {ours[2]}", f"{figures.median(ours):,.0f} images/s", peers,
                   share, figures.median(("memory", model)), [aim(*parts) for parts in aims])

    def em(self, covariance, points):
        ours = self.figures.median(("em", covariance, points))
        ratio = self.figures.ratio(("em", "sklearn", covariance, points), ("em", covariance, points))
        low, high = (20, 60) if (covariance, points) == ("full", 60_000) else (10, 30)
        return row(f"EM iteration, {points:,} points, 10 dimensions, 10 components, {covariance}", seconds(ours),
                   {"sklearn": ratio},
                   aims=(aim((ratio, ">=", low, f"{low}x scikit-learn")), aim((ratio, ">=", high, f"{high}x"))))

    def bound(self, model):
        """Seconds that one image's label cannot do without, one thread: the encoder's weights read once
        from cache, or its FLOPs at the peak."""
        flops, weights = self.lathe.encoder(model)
        return max(weights / self.figures.most(("read", model)), flops / self.figures.most(("peak", 1)))

    def classify(self, model, images):
        figures, key = self.figures, ("classify", images, model)
        torch, onnx = (figures.ratio(("classify", peer, images, model), key) for peer in ("torch", "onnx"))
        bound = figures.median(key) / self.bound(model)
        flops = self.lathe.encoder(model)[0]
        return row(f"{model}, {LABELS[images]}, one thread", seconds(figures.median(key)),
                   {"eager": torch, "onnx": onnx}, flops / figures.median(key) / figures.most(("peak", 1)),
                   aims=(aim((torch, ">=", 3, "3x PyTorch"), (onnx, ">=", 1.5, "1.5x ONNX Runtime")),
                         aim((bound, "<=", 1.3, f"1.3x the bound (it is {bound:.2f}x)"))))

    def job(self):
        ratio = self.figures.ratio(("job", "torch"), ("job",))
        return row(f"digits_mlp, the whole of `train`, {self.bench.options.epochs} epochs",
                   seconds(self.figures.median(("job",))), {"eager": ratio},
                   memory=self.figures.median(("memory", "digits_mlp")),
                   aims=(aim((ratio, ">=", 3, "3x PyTorch")), aim((ratio, ">=", 5, "5x"))))

    def short(self, what, key, model, milestone, goal):
        value = self.figures.median((key, model))
        return row(f"{model}, {what}", seconds(value),
                   aims=[aim((value, "<=", bound, seconds(bound))) for bound in (milestone, goal)])

    def memory(self, model):
        arena, data = self.lathe.info[model]["arena_training_bytes"], self.lathe.data_bytes()
        used, allowed = self.figures.median(("memory", model)), arena + data + MARGIN
        text = f"{mib(arena)} arena + {mib(data)} data + 10 MB"
        both = aim((used, "<=", allowed, text))
        return row(f"{model}, peak memory of training", mib(used), memory=used, aims=(both, both))

    def scaling(self, model):
        ratio = self.figures.median(("scaling", model))
        return row(f"{model}, 1 -> 2 threads, batch 64", f"{times(ratio)}x",
                   aims=[aim((ratio, ">=", bound, f"{bound}x")) for bound in (1.8, 1.95)])

    def work(self):
        rows = [self.training(model) for model in ("digits_conv", "digits_mlp")]
        rows += [self.em(covariance, points) for points in (60_000, 1_000_000) for covariance in COVARIANCES]
        rows += [self.classify(model, images) for model in MODELS for images in LABELS]
        rows.append(self.job())
        for what, key, milestone, goal in (("start to first training step", "first step", 0.05, 0.01),
                                           ("`lathe emit`", "emit", 0.05, 0.01),
                                           ("`lathe build`", "build", 5, 2)):
            rows += [self.short(what, key, model, milestone, goal) for model in MODELS]
        rows += [self.memory(model) for model in MODELS]
        rows += [self.scaling(model) for model in MODELS]
        return table(HEAD, rows)

    # ---- What stands behind the table ----

    def machine(self):
        figures, rows = self.figures, []
        for threads in sorted({1, cores()}):
            rows.append((f"FMA peak, float32, {threads} threads", f"{figures.most(('peak', threads)) / 1e9:.1f} GFLOP/s"))
            rows.append((f"memory, triad, {threads} threads", f"{figures.most(('triad', threads)) / 1e9:.1f} GB/s"))
        for model in MODELS:
            weights = self.lathe.encoder(model)[1]
            rows.append((f"one thread reading {weights / MIB:.1f} MiB again and again, as {model}'s encoder",
                         f"{figures.most(('read', model)) / 1e9:.1f} GB/s"))
            rows.append((f"one image's label, {model}: least that this allows", seconds(self.bound(model))))
            for batch in (64, 256):
                speed = figures.median(("products", model, batch))
                rows.append((f"OpenBLAS, nothing but the products of {model}'s step, batch {batch}",
                             f"{speed:,.0f} images/s"))
        return table(("The machine", ""), rows)

    def products(self):
        rows, peak = [], self.figures.most(("peak", cores()))
        for key in self.figures.values:
            if key[0] == "product" and key[2] == 64:
                _, model, _, m, n, k = key
                speed = self.figures.median(key)
                rows.append((model, f"[{m} x {k}] [{k} x {n}]", f"{speed / 1e9:.1f}", f"{speed / peak:.2f}"))
        return table(("OpenBLAS, products of a step, batch 64", "Shape", "GFLOP/s", "Share of the peak"), rows)

    def rates(self):
        rows = []
        for model in MODELS:
            for batch in (64, 128, 256):
                rows.append((model, f"Lathe, batch {batch}", f"{self.figures.median(('train', model, batch)):,.0f}"))
            for way in ("eager", "compile", "jax"):
                for i, setting in enumerate(self.bench.settings.get((way, model)) or ()):
                    speed = self.figures.median((way, model, i))
                    words = ", ".join(f"{key} {value}" for key, value in setting.items())
                    name = {"eager": "PyTorch", "compile": "PyTorch, torch.compile", "jax": "JAX"}[way]
                    rows.append((model, f"{name}: {words}", NONE if speed is None else f"{speed:,.0f}"))
        return table(("Training", "Setting", "images/s"), rows)

    def peers(self):
        rows = []
        for model in MODELS:
            for images, label in LABELS.items():
                for peer, name in (("torch", "PyTorch"), ("onnx", "ONNX Runtime")):
                    value = self.figures.median(("classify", peer, images, model))
                    rows.append((f"{model}, {label}", name, NONE if value is None else seconds(value)))
        for points in (60_000, 1_000_000):
            for covariance in COVARIANCES:
                value = self.figures.median(("em", "sklearn", covariance, points))
                rows.append((f"EM, {points:,} points, {covariance}", "scikit-learn",
                             NONE if value is None else seconds(value)))
        job, memory = (self.figures.median((key, "torch")) for key in ("job", "memory"))
        rows.append((f"digits_mlp, the whole job, {self.bench.options.epochs} epochs, peak {mib(memory)}", "PyTorch",
                     NONE if job is None else seconds(job)))
        return table(("The peers' own times", "", ""), rows)


def report(bench, about):
    made = Report(bench)
    missing = [f"{name} is missing or incomplete: {bench.peers[key].missing}"
               for key, name in bench.names.items() if bench.peers[key].missing]
    load = float(about["Load when the run began"])
    busy = (f"**The machine was busy with other work** (load {load:.1f} before the run): no final figures. Times are "
            "too long and the peak too low, and ratios mislead where threads wait for one another.")
    notes = missing + ([busy] if load > 0.5 else [])
    parts = ["# What `make bench` measured\n",
             f"Medians over the rounds ({bench.options.rounds}), all sides in turn; ratios are medians of the turns' ratios, "
             "above 1 where Lathe is faster. README.md says what each line is.\n",
             "".join(f"- {note}\n" for note in notes),
             made.work(), made.machine(), made.products(), made.rates(),
             made.peers(), table(("Measured on", ""), about.items())]
    return "\n".join(part for part in parts if part)
