#!/usr/bin/env python3
"""Writes ssim.txt and scores.txt beside this file: what scikit-image and scikit-learn give.

Pixels are k / 256 for whole k, so that they are the same numbers in float32 and float64.
ssim.txt: name, channels, height, width, data range; both images' k; mean squared error, SSIM.
scores.txt: name, n, classes; truth; prediction; labels; confusion matrix; precision, recall and F1
a class; accuracy; macro precision, recall, F1; micro precision, recall, F1.
"""
import os
import warnings

import numpy as np
from skimage.metrics import structural_similarity
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

warnings.simplefilter("ignore", UserWarning)  # that one class alone is met
here = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(7)


def row(values):
    return " ".join(repr(v) for v in np.asarray(values).ravel().tolist()) + "\n"


def blob(height, width):
    y, x = np.mgrid[0:height, 0:width]
    cy, cx = random.uniform(0.3, 0.7, 2) * (height, width)
    return 256 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (0.1 * height * width))


def image_pairs():
    for name, c, h, w, top in [("digit", 1, 28, 28, 256), ("smallest", 1, 7, 7, 256),
                               ("low", 1, 7, 12, 256), ("narrow", 1, 13, 8, 512),
                               ("colour", 3, 8, 10, 256)]:
        a = np.stack([blob(h, w) for _ in range(c)])
        b = 0.8 * a + random.uniform(-40, 60, a.shape)
        yield name, np.clip(a.round(), 0, top), np.clip(b.round(), 0, top), top
    a = random.randint(0, 257, (1, 9, 11))
    yield "noise", a, random.randint(0, 257, a.shape), 256
    yield "identical", a, a, 256
    yield "opposite", a, 256 - a, 256
    yield "constant", np.full((1, 9, 9), 64), np.full((1, 9, 9), 192), 256
    yield "black", np.zeros((1, 9, 9), int), np.zeros((1, 9, 9), int), 256


with open(os.path.join(here, "ssim.txt"), "w") as out:
    for name, a, b, top in image_pairs():
        a, b = a.astype(int), b.astype(int)
        x, y = a / 256, b / 256
        ssim = structural_similarity(x, y, data_range=top / 256, channel_axis=0)
        out.write("%s %d %d %d %r\n" % (name, *a.shape, top / 256))
        out.write(row(a) + row(b) + "%r %r\n" % (float(np.mean((x - y) ** 2)), float(ssim)))


def label_pairs():
    truth = random.choice([1, 4, 8], 60)
    wrong = random.uniform(size=60) < 0.3
    yield "digits", truth, np.where(wrong, random.choice([1, 4, 8], 60), truth)
    yield "perfect", truth, truth
    yield "one class", [5] * 4, [5] * 4
    yield "all wrong", [0, 0, 1], [1, 1, 0]
    yield "never predicted", [0, 1, 2, 2, 1], [0, 0, 0, 2, 0]
    yield "never true", [3, 3, 7], [3, -1, 9]
    yield "unnamed", [1, 4, 4, 8], [1, -1, 4, -1]
    yield "large labels", [2**40, -2**40, 2**40], [2**40, 2**40, -2**40]


with open(os.path.join(here, "scores.txt"), "w") as out:
    for name, truth, predicted in label_pairs():
        labels = sorted(set(truth) | set(predicted))
        each = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
        macro = precision_recall_fscore_support(truth, predicted, labels=labels, average="macro",
                                                zero_division=0)
        micro = precision_recall_fscore_support(truth, predicted, labels=labels, average="micro",
                                                zero_division=0)
        out.write("%s %d %d\n" % (name.replace(" ", "_"), len(truth), len(labels)))
        out.write(row(truth) + row(predicted) + row(labels))
        out.write(row(confusion_matrix(truth, predicted, labels=labels)))
        for scores in each[:3]:
            out.write(row(scores))
        out.write(row([accuracy_score(truth, predicted)]) + row(macro[:3]) + row(micro[:3]))
