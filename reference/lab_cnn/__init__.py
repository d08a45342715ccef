"""The reference of the lab: two convolutional networks, for MNIST and for CIFAR-10.

solutions         the right answer, under the name that rubric.yaml asks for
inputs            seeded generators of arguments, under the names in the rubric's `inputs:` options
misconceptions    wrong versions that students write; the docstring is what the student reads
stand_ins         none: no item of the lab builds on a helper
"""
