"""Everything that is measured, in one run: see README.md. `make bench` calls it:

    bench.py BUILD [--rounds N] [--epochs N] [--peers PYTHON] [--data FOLDER] [--output FILE]

All sides of a comparison are measured in turn in each round, so that a machine whose speed drifts
slows them alike. Nothing but Python's own library is needed here; the peers, each in a process of
its own that waits while others are measured, run under --peers.
"""
import argparse
import os
import subprocess
import sys
import time

import machine as machine_
from measurements import Measurements
from lathe import COVARIANCES, MODELS, Lathe, run_measured
from machine import Machine, cores, products_of_step
from peer_process import FOLDER, Peer
from report import report

BATCHES = (64, 128, 256)
POINTS = {60_000: 10, 1_000_000: 2}  # and the iterations that are timed together
TURNS = 3  # of all sides in a round: others' work on the machine comes and goes within seconds
FINALISTS = 3  # settings of a peer that are measured again in every round
PEERS = {"torch": "PyTorch", "jax": "JAX", "sklearn": "scikit-learn", "onnx": "ONNX Runtime"}


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options):
        self.about = machine_.description()  # before anything here makes it busy
        self.options, self.work, self.names = options, f"{options.build}/bench", PEERS
        os.makedirs(self.work, exist_ok=True)
        data, labelled = self.digits()
        self.machine = Machine(f"{self.work}/machine")
        self.lathe = Lathe(options.build, data, labelled)
        self.digits_file = self.lathe.digits()
        environment = {"TORCHINDUCTOR_CACHE_DIR": os.path.abspath(f"{self.work}/inductor")}
        self.peers = {}
        for name in PEERS:
            say(f"starting {PEERS[name]}")
            self.peers[name] = Peer(options.peers, f"peer_{name}.py", f"{self.work}/{name}.log", environment)
            if self.peers[name].missing:
                say(f"{PEERS[name]} is missing: {self.peers[name].missing}")
        self.settings = {}  # (peer, work) -> the settings measured in every round
        self.figures = Measurements()

    def digits(self):
        """As many images as the original training set, drawn unless a folder holds real ones."""
        folder = self.options.data
        if not folder:
            folder = f"{self.work}/digits"
            if not os.path.exists(f"{folder}/mnist_1_4_8_val_recon.npz"):
                subprocess.run([f"{self.options.build}/examples/draw_digits", "-o", folder, "--seed", "1",
                                "--train", "14748", "--test", "15"], check=True, stdout=subprocess.DEVNULL)
        return f"{folder}/mnist_1_4_8_train.npz", f"{folder}/mnist_1_4_8_val_recon.npz"

    # ---- Before the rounds: each peer's best settings ----

    def tune(self):
        torch, jax, sklearn = (self.peers[name] for name in ("torch", "jax", "sklearn"))
        for model in MODELS:
            say(f"choosing the peers' settings for {model}")
            eager = torch.ask("tune", model=model, seconds=0.5, compiled=False)
            self.keep("eager", model, eager)
            if eager:
                self.keep("compile", model, torch.ask("tune", model=model, seconds=0.5, compiled=True,
                                                      start=eager["best"]))
            self.keep("jax", model, jax.ask("tune", model=model, seconds=0.5))
        for covariance in COVARIANCES:
            for points in POINTS:
                answer = sklearn.ask("tune", covariance=covariance, n=min(points, 200_000), iterations=1,
                                     threads=cores())
                self.settings["sklearn", covariance, points] = answer["best"] if answer else None

    def keep(self, way, model, answer):
        tried = answer["tried"] if answer else []
        self.figures.tried[way, model] = tried
        tried = sorted(tried, key=lambda t: -t["images_per_second"])[:FINALISTS]
        self.settings[way, model] = [{k: v for k, v in t.items() if k != "images_per_second"} for t in tried]

    # ---- A round ----

    def round(self):
        self.of_machine()
        for model in MODELS:
            for _ in range(TURNS):
                self.training(model)
                self.classifying(model)
                self.starting(model)
            self.figures.add(("build", model), self.lathe.compile(model))
        for points in POINTS:
            for covariance in COVARIANCES:
                self.em(covariance, points)

    def of_machine(self):
        add = self.figures.add
        add(("peak", cores()), self.machine.peak(cores(), 0.5))
        add(("peak", 1), self.machine.peak(1, 0.5))
        add(("triad", cores()), self.machine.triad(cores(), 0.5))
        add(("triad", 1), self.machine.triad(1, 0.5))
        for model in MODELS:
            add(("read", model), self.machine.read(self.lathe.encoder(model)[1], 0.2))
            for batch in (BATCHES[0], BATCHES[-1]):
                shapes = products_of_step(model, batch)
                took = self.machine.products(shapes, 0.05)
                add(("products", model, batch), batch / sum(took))
                for (m, n, k), seconds in zip(shapes, took):
                    add(("product", model, batch, m, n, k), 2 * m * n * k / seconds)

    def training(self, model):
        add = self.figures.add
        for batch in BATCHES:
            result = self.lathe.bench(model, batch, cores(), 0.7)
            add(("train", model, batch), result["train_images_per_second"])
            add(("share", model, batch), result["train_gflops"] * 1e9 / self.figures.last(("peak", cores())))
        if cores() > 1:
            one = self.lathe.bench(model, BATCHES[0], 1, 0.7)
            two = self.lathe.bench(model, BATCHES[0], 2, 0.7)
            add(("scaling", model), two["train_images_per_second"] / one["train_images_per_second"])
        for way, peer in (("eager", "torch"), ("compile", "torch"), ("jax", "jax")):
            for i, setting in enumerate(self.settings.get((way, model), ())):
                answer = self.peers[peer].ask("train", model=model, seconds=0.4, **setting)
                if answer:
                    add((way, model, i), answer["images_per_second"])

    def classifying(self, model):
        for images, path in (("digits", self.digits_file), ("noise", "")):
            self.figures.add(("classify", images, model), self.lathe.classify(model, path, 0.1))
            for peer in ("torch", "onnx"):
                answer = self.peers[peer].ask("classify", model=model, images=path, seconds=0.1)
                if answer:
                    self.figures.add(("classify", peer, images, model), answer["seconds"])

    def starting(self, model):
        self.figures.add(("first step", model), self.lathe.first_step(model))
        self.figures.add(("emit", model), self.lathe.emit(model))

    def em(self, covariance, points):
        seconds = self.lathe.em(covariance, points, POINTS[points], cores())
        self.figures.add(("em", covariance, points), seconds)
        setting = self.settings.get(("sklearn", covariance, points))
        if setting:
            answer = self.peers["sklearn"].ask("em", covariance=covariance, n=points,
                                               iterations=2 if points < 500_000 else 1, **setting)
            if answer:
                self.figures.add(("em", "sklearn", covariance, points), answer["seconds"])

    # ---- After the rounds: what takes long ----

    def jobs(self):
        """The whole of `train`, before PyTorch's job and after it; the memory of both models' training."""
        say(f"the whole job, {self.options.epochs} epochs")
        before, memory = self.lathe.train("digits_mlp", self.options.epochs)
        self.figures.add(("memory", "digits_mlp"), memory)
        self.figures.add(("memory", "digits_conv"), self.lathe.train("digits_conv", 1)[1])
        self.torch_job()
        after, _ = self.lathe.train("digits_mlp", self.options.epochs)
        self.figures.add(("job",), (before + after) / 2)

    def torch_job(self):
        torch = self.peers["torch"]
        if not self.settings.get(("eager", "digits_mlp")):
            return
        threads = self.settings["eager", "digits_mlp"][0]["threads"]
        command = [self.options.peers, f"{FOLDER}/job_torch.py", self.lathe.data, self.lathe.labelled,
                   f"{self.work}/run-torch", self.options.epochs, 64, threads]
        try:
            seconds, memory, _ = run_measured(command, {"STARTED": repr(time.time())})
            self.figures.add(("job", "torch"), seconds)
            self.figures.add(("memory", "torch"), memory)
        except RuntimeError as error:
            torch.missing = str(error)

    def run(self):
        about = self.about
        self.tune()
        for i in range(self.options.rounds):
            say(f"round {i + 1} of {self.options.rounds}")
            self.round()
        for peer in ("jax", "sklearn", "onnx"):
            self.peers[peer].close()
        self.jobs()
        for peer in self.peers.values():
            about.update(peer.versions)
            peer.close()
        about["Load when it ended"] = f"{os.getloadavg()[0]:.2f}"
        return report(self, about)


def main():
    parser = argparse.ArgumentParser(description="Measures Lathe beside the machine and its peers.")
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100, help="of the whole job")
    parser.add_argument("--peers", default="", help="the Python that has the peers installed")
    parser.add_argument("--data", default="", help="a folder with mnist_1_4_8_{train,val_recon}.npz")
    parser.add_argument("--output", default="", help="where the report goes, too")
    options = parser.parse_args()
    started = time.time()
    bench = Bench(options)
    text = bench.run()
    text += f"\nThe run took {time.time() - started:.0f} s.\n"
    print(text)
    if options.output:
        with open(options.output, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
