"""ONNX Runtime, one thread: from one image to its label, the graph of vae_torch.Classifier."""
import itertools

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peer import read_images, seconds_a_call, serve

COMPONENTS = 3
sessions = {}


class Graph:
    """Nodes one after the other, each on the output of the one before."""

    def __init__(self):
        self.random = np.random.default_rng(0)
        self.nodes, self.constants, self.at = [], [], "image"

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weights(self, *shape):
        bound = 1 / np.sqrt(np.prod(shape[1:]) or 1)
        return self.constant(self.random.uniform(-bound, bound, shape).astype(np.float32))

    def add(self, op, *operands, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, [self.at, *operands], [name], **attributes))
        self.at = name

    def linear(self, n_in, n_out):
        self.add("Gemm", self.weights(n_out, n_in), self.weights(n_out), transB=1)

    def conv(self, n_in, n_out):
        self.add("Conv", self.weights(n_out, n_in, 4, 4), self.weights(n_out), kernel_shape=[4, 4],
                 strides=[2, 2], pads=[1, 1, 1, 1])

    def batchnorm(self, n):
        one, zero = np.ones(n, np.float32), np.zeros(n, np.float32)
        self.add("BatchNormalization", *(self.constant(c) for c in (one, zero, zero, one)))

    def mixture(self, latent):
        """The component of the least distance: [1, D] - [K, D], a triangular factor each."""
        factors = np.tile(np.eye(latent, dtype=np.float32), (COMPONENTS, 1, 1))
        self.add("Sub", self.weights(COMPONENTS, latent))
        self.add("Reshape", self.constant(np.array([COMPONENTS, 1, latent])))
        self.add("MatMul", self.constant(factors))
        self.add("ReduceSumSquare", self.constant(np.array([1, 2])), keepdims=0)
        self.add("Add", self.constant(np.zeros(COMPONENTS, np.float32)))
        self.add("ArgMin", axis=0, keepdims=1)


def model_bytes(model):
    g = Graph()
    if model == "digits_mlp":
        g.add("Flatten")
        for n_in, n_out in ((784, 512), (512, 256)):
            g.linear(n_in, n_out)
            g.add("Relu")
        latent, features = 2, 256
    else:
        g.conv(1, 64)
        g.add("Relu")
        g.conv(64, 128)
        g.batchnorm(128)
        g.add("Relu")
        g.add("Flatten")
        latent, features = 20, 6272
    g.linear(features, latent)
    g.mixture(latent)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 28, 28])
    label = helper.make_tensor_value_info(g.at, TensorProto.INT64, [1])
    graph = helper.make_graph(g.nodes, model, [image], [label], g.constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return made.SerializeToString(), g.at


def new_session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    content, output = model_bytes(model)
    session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    return session, output


def new_calls(session, output, images):
    """Two ways to ask for the labels of images, one after the other."""
    bindings = []
    for x in images:
        bindings.append(session.io_binding())
        bindings[-1].bind_cpu_input("image", x)
        bindings[-1].bind_output(output, "cpu")
    turns, bound = itertools.cycle(images), itertools.cycle(bindings)
    return {"run": lambda: session.run([output], {"image": next(turns)}),
            "binding": lambda: session.run_with_iobinding(next(bound))}


def classify(model, images, seconds):
    """Seconds from one image to its label: the faster of two ways to call it. The images of a file in
    turn, or one of noise."""
    if model not in sessions:
        sessions[model] = new_session(model)
    calls = new_calls(*sessions[model], read_images(images))
    found = {name: seconds_a_call(call, seconds) for name, call in calls.items()}
    return {"seconds": min(found.values()), "ways": found}


serve({"ONNX Runtime": onnxruntime.__version__}, {"classify": classify})
