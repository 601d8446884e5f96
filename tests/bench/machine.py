"""The machine: its description, and what machine.c measures of it."""
import os
import platform
import subprocess


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def value_of(path, key):
    try:
        with open(path) as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(key)), "unknown")
    except OSError:
        return "unknown"


def cores():
    return len(os.sched_getaffinity(0))


def description():
    """Pairs of what and value, for the report."""
    memory = value_of("/proc/meminfo", "MemTotal").split()[0]
    gib = f"{int(memory) / 2**20:.1f} GiB" if memory.isdigit() else memory
    flags = value_of("/proc/cpuinfo", "flags").split()
    return {
        "Processor": f"{value_of('/proc/cpuinfo', 'model name')}, {cores()} cores to run on",
        "Vector units": " ".join(f for f in ("avx2", "fma", "avx512f") if f in flags) or "unknown",
        "Memory": gib,
        "System": f"{platform.system()} {platform.release()}",
        "C compiler": first_line(os.environ.get("CC", "cc"), "--version"),
        "Load when the run began": f"{os.getloadavg()[0]:.2f}",
    }


class Machine:
    def __init__(self, program):
        self.program = program

    def ask(self, *arguments):
        output = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True,
                                check=True).stdout
        return [float(line) for line in output.split()]

    def peak(self, threads, seconds):
        return self.ask("peak", threads, seconds)[0]

    def triad(self, threads, seconds):
        return self.ask("triad", threads, seconds)[0]

    def read(self, size, seconds):
        """Bytes a second that one thread reads of a block of `size` bytes."""
        return self.ask("read", -(-size // 1024), seconds)[0]

    def products(self, shapes, seconds):
        """Seconds of OpenBLAS for each (M, N, K), all cores."""
        return self.ask("sgemm", cores(), seconds, *(n for shape in shapes for n in shape))


def products_of_step(model, batch):
    """The matrix products (M, N, K) of a training step, a convolution as im2col makes one of it:
    forward, the weights' gradient, and the input's but for the first layer."""
    layers = {
        # rows an image, columns out, depth
        "digits_mlp": [(1, 512, 784), (1, 256, 512), (1, 4, 256), (1, 256, 2), (1, 512, 256), (1, 784, 512)],
        "digits_conv": [(196, 64, 16), (49, 128, 1024), (1, 40, 6272), (1, 6272, 20), (49, 1024, 128),
                        (196, 16, 64)],
    }[model]
    shapes = []
    for i, (rows, n, k) in enumerate(layers):
        m = rows * batch
        shapes += [(m, n, k), (k, n, m)] + ([(m, k, n)] if i > 0 else [])
    return shapes
