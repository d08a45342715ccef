"""`from d2l import torch as d2l`: the names of the book's library that chapters 3 to 8 use.

Importing it runs no tensor operation, because sessions are forked from a process that has imported it, and loads
nothing that draws: matplotlib and its like are loaded when a notebook asks for `d2l.plt`.
"""

# ruff: noqa: F401  # every import is offered to notebooks; without __all__ a star import gives them all

from __future__ import annotations

import collections
import hashlib
import importlib
import inspect
import math
import os
import random
import re
import shutil
import sys
import tarfile
import time
import zipfile
from collections import defaultdict
from typing import Any

import numpy as np
import torch
import torchvision  # type: ignore[import-untyped]  # torchvision ships no annotations
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils import data
from torchvision import transforms

from ._data import (
    DataModule,
    FashionMNIST,
    SyntheticRegressionData,
    download,
    download_extract,
    get_dataloader_workers,
    get_fashion_mnist_labels,
    load_array,
    load_data_fashion_mnist,
    synthetic_data,
)
from ._earlier import (
    DATA_HUB,
    DATA_URL,
    Accumulator,
    Timer,
    accuracy,
    evaluate_accuracy_gpu,
    evaluate_loss,
    linreg,
    sgd,
    squared_loss,
    train_ch6,
)
from ._later import refusal
from ._models import (
    SGD,
    Classifier,
    LinearRegression,
    LinearRegressionScratch,
    Module,
    SoftmaxRegression,
)
from ._networks import LeNet, Residual, ResNeXtBlock, corr2d, init_cnn
from ._parameters import HyperParameters, add_to_class
from ._plotting import (
    Animator,
    ProgressBoard,
    plot,
    set_axes,
    set_figsize,
    show_heatmaps,
    show_images,
    use_svg_display,
)
from ._tensors import (
    abs,
    arange,
    argmax,
    astype,
    batch_matmul,
    check_len,
    check_shape,
    concat,
    cos,
    cosh,
    cpu,
    exp,
    expand_dims,
    eye,
    float32,
    gpu,
    int32,
    int64,
    linspace,
    log,
    matmul,
    meshgrid,
    nn_Module,
    normal,
    num_gpus,
    numpy,
    ones,
    ones_like,
    rand,
    randn,
    reduce_mean,
    reduce_sum,
    repeat,
    reshape,
    sigmoid,
    sin,
    sinh,
    size,
    stack,
    swapaxes,
    tanh,
    tensor,
    to,
    transpose,
    try_all_gpus,
    try_gpu,
    zeros,
    zeros_like,
)
from ._training import Trainer

d2l = sys.modules[__name__]

_LOADED_WHEN_USED = {
    "plt": "matplotlib.pyplot",
    "backend_inline": "matplotlib_inline.backend_inline",
    "display": "IPython.display",
    "pd": "pandas",
    "requests": "requests",
}


def __getattr__(name: str) -> Any:
    if name in _LOADED_WHEN_USED:
        return importlib.import_module(_LOADED_WHEN_USED[name])
    raise AttributeError(refusal(name), name=name, obj=d2l)
