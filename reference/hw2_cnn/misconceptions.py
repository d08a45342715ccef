"""The wrong versions that students really write, by target, in the order in which they are looked for.

A docstring is the sentence that a student reads when the answers equal those of the version. A version is wrong in at
least one item of its target: a wrong average, for example, leaves the maximum of `pool2d` right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import misconceived_functions as functions
from . import misconceived_networks as networks

MISCONCEPTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "corr2d": (
        functions.corr2d_flipped,
        functions.corr2d_last_row_missing,
        functions.corr2d_last_row_zero,
        functions.corr2d_transposed,
        functions.corr2d_kernel_transposed,
        functions.corr2d_square_only,
        functions.corr2d_mean,
        functions.corr2d_padded,
        functions.corr2d_detached,
    ),
    "Conv2D": (functions.Conv2DWithoutBias, functions.Conv2DFlipped, functions.Conv2DPlainTensors),
    "comp_conv2d": (
        functions.comp_conv2d_unstripped,
        functions.comp_conv2d_half_stripped,
        functions.comp_conv2d_bare,
        functions.comp_conv2d_squeezed,
        functions.comp_conv2d_input_size,
    ),
    "corr2d_multi_in": (
        functions.corr2d_multi_in_unsummed,
        functions.corr2d_multi_in_first,
        functions.corr2d_multi_in_mean,
        functions.corr2d_multi_in_shared,
        functions.corr2d_multi_in_flipped,
    ),
    "corr2d_multi_in_out": (
        functions.corr2d_multi_in_out_summed,
        functions.corr2d_multi_in_out_repeated,
        functions.corr2d_multi_in_out_last_axis,
        functions.corr2d_multi_in_out_joined,
    ),
    "corr2d_multi_in_out_1x1": (
        functions.corr2d_1x1_kernel_misread,
        functions.corr2d_1x1_sides_swapped,
        functions.corr2d_1x1_pixels_mixed,
        functions.corr2d_1x1_flat,
    ),
    "pool2d": (
        functions.pool2d_max_from_zero,
        functions.pool2d_max_of_sizes,
        functions.pool2d_average_of_square,
        functions.pool2d_sum,
        functions.pool2d_mode_ignored,
        functions.pool2d_stride_is_window,
        functions.pool2d_sides_swapped,
        functions.pool2d_last_row_missing,
    ),
    "init_cnn": (
        functions.init_cnn_linear_only,
        functions.init_cnn_convolutions_only,
        functions.init_cnn_normal,
        functions.init_cnn_kaiming,
        functions.init_cnn_bias_too,
    ),
    "LeNet": (
        networks.LeNetModern,
        networks.LeNetReLU,
        networks.LeNetMaxPooling,
        networks.LeNetUnpadded,
        networks.LeNetPaddedTwice,
        networks.LeNetSoftmax,
        networks.LeNetMissingSigmoid,
    ),
    "vgg_block": (
        networks.vgg_block_average,
        networks.vgg_block_unpadded,
        networks.vgg_block_linear,
        networks.vgg_block_last_relu_only,
        networks.vgg_block_single,
        networks.vgg_block_pooling_everywhere,
    ),
    "VGG": (networks.VGGNarrow, networks.VGGOneHidden, networks.VGGSingleConvolutions),
    "Residual": (
        networks.ResidualWithoutSkip,
        networks.ResidualWithoutFinalReLU,
        networks.ResidualReLUBeforeAddition,
        networks.ResidualStrideOnBoth,
        networks.ResidualStrideOnSecond,
        networks.ResidualIgnores1x1,
        networks.ResidualAddsIntoInput,
        networks.ResidualWithoutBatchNorm,
        networks.ResidualSharedBatchNorm,
    ),
    "ResNet": (
        networks.ResNetWithoutGlobalPooling,
        networks.ResNetGlobalMaximum,
        networks.ResNetFirstStageHalves,
        networks.ResNetNeverHalves,
        networks.ResNetStemWithoutPooling,
    ),
    "ResNet18": (networks.ResNet18OneBlock, networks.ResNet18ThreeStages, networks.ResNet18SlowGrowth),
}
