"""Lathe's side: builds what is measured, and runs it."""
import array
import ast
import json
import math
import os
import shutil
import subprocess
import time
import zipfile

MODELS = ("digits_mlp", "digits_conv")
COVARIANCES = ("full", "diag", "tied", "spherical")

# Only its mixture is used.
POINTS = """model points_{covariance} {{
  input row [10];
  latent z [10];
  encoder {{ gaussian z; }}
  decoder {{ linear 10; sigmoid; }}
  mixture {{ components 10; covariance {covariance}; init kmeans++; }}
}}
"""


DIGITS, PIXELS = 16, 28 * 28  # that are classified in turn


def npy_header(file):
    file.read(8)
    return ast.literal_eval(file.read(int.from_bytes(file.read(2), "little")).decode())


def output_of(*command, **more):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def run_measured(command, environment=None):
    """Wall-clock seconds, peak resident bytes, standard output."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                               env={**os.environ, **(environment or {})})
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} failed with status {process.returncode}")
    return seconds, usage.ru_maxrss * 1024, output


class Lathe:
    def __init__(self, build, data, labelled):
        self.build, self.data, self.labelled = build, data, labelled
        self.work = f"{build}/bench"
        self.info = {m: json.loads(output_of(f"{build}/models/{m}", "info", "--json")) for m in MODELS}
        self.summary = {m: json.loads(output_of(f"{build}/lathe", "summary", f"models/{m}.lathe", "--json"))
                        for m in MODELS}
        for model in MODELS:
            self.link_times(model, f"models/{model}.lathe")
        for covariance in COVARIANCES:
            path = f"{self.work}/points_{covariance}.lathe"
            with open(path, "w") as file:
                file.write(POINTS.format(covariance=covariance))
            self.link_times(f"points_{covariance}", path)

    def link_times(self, name, description):
        """model_times.c with the model's emitted C, compiled with the flags of `lathe build`."""
        folder = f"{self.work}/{name}"
        output_of(f"{self.build}/lathe", "emit", description, "-o", folder)
        sources = [f"{folder}/{file}" for file in sorted(os.listdir(folder))
                   if file.endswith(".c") and not file.endswith("_main.c")]
        libraries = output_of("pkg-config", "--cflags", "--libs", "cairo", "libzip", "jansson", "libdeflate", "zlib", "openblas")
        output_of(*os.environ.get("CC", "cc").split(), *self.info["digits_mlp"]["cflags"].split(),
                  "-D_POSIX_C_SOURCE=200809L", f"-DMODEL={name}_model", "-I.", f"-I{self.build}/include",
                  "-o", f"{self.work}/{name}-times", "tests/bench/model_times.c", *sources,
                  f"{self.build}/liblathe-f32.a", *libraries.split(), "-lm", "-lpthread")

    def bench(self, model, batch, threads, seconds):
        return json.loads(output_of(f"{self.build}/models/{model}", "bench", "--json", "--batch", batch,
                                    "--threads", threads, "--seconds", seconds))

    def digits(self):
        """A file of the first digits as float32, for all sides."""
        path = f"{self.work}/digits.f32"
        with zipfile.ZipFile(self.data) as archive, archive.open("data.npy") as member:
            npy_header(member)
            pixels = member.read(DIGITS * PIXELS)
        with open(path, "wb") as file:
            array.array("f", (pixel / 255 for pixel in pixels)).tofile(file)
        return os.path.abspath(path)

    def classify(self, model, images, seconds):
        """`images`: a file of digits(), or "" for one of noise, without a 0."""
        return float(output_of(f"{self.work}/{model}-times", "classify", seconds, *filter(None, [images])))

    def em(self, covariance, points, iterations, threads):
        return float(output_of(f"{self.work}/points_{covariance}-times", "em", points, iterations, threads))

    def train_command(self, model, epochs):
        return [f"{self.build}/models/{model}", "train", "--data", self.data, "--labelled", self.labelled,
                "--run", f"{self.work}/run-{model}", "--force", "--quiet", "--epochs", epochs]

    def train(self, model, epochs):
        """Seconds, peak resident bytes."""
        return run_measured(self.train_command(model, epochs))[:2]

    def first_step(self, model):
        """Seconds from the start to the first training step of a new run: the record of the epochs is
        opened right before it. The job is then ended."""
        shutil.rmtree(f"{self.work}/run-{model}", ignore_errors=True)
        record = f"{self.work}/run-{model}/metrics.csv"
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in self.train_command(model, 1)])
        while not os.path.exists(record) and process.poll() is None:
            time.sleep(0.0001)
        seconds = time.perf_counter() - start
        process.terminate()
        process.wait()
        return seconds

    def emit(self, model):
        """Seconds of `lathe emit` into an empty folder."""
        folder = f"{self.work}/emitted"
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            os.unlink(f"{folder}/{name}")
        return run_measured([f"{self.build}/lathe", "emit", f"models/{model}.lathe", "-o", folder])[0]

    def compile(self, model):
        """Seconds of `lathe build`, no compiler cache."""
        return run_measured([f"{self.build}/lathe", "build", f"models/{model}.lathe", "-o", f"{self.work}/built"],
                            {"CCACHE_DISABLE": "1"})[0]

    def data_bytes(self):
        """Of the images as the file stores them, uncompressed."""
        with zipfile.ZipFile(self.data) as archive, archive.open("data.npy") as member:
            header = npy_header(member)
        return math.prod(header["shape"]) * int(header["descr"][2:])

    def encoder(self, model):
        """FLOP and bytes of the weights that one image's label takes: the encoder's."""
        layers = [layer for layer in self.summary[model]["layers"] if layer["name"].startswith("encoder")]
        return sum(l["flops_forward"] for l in layers), 4 * sum(l["parameters"] for l in layers)
