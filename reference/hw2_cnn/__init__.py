"""The reference of HW2, Dive into Deep Learning 7.1-7.6, 8.2 and 8.6.

solutions                  the right answers, under the names that rubric.yaml asks for
inputs                     seeded generators of arguments, under the names in the rubric's `inputs:` options
misconceptions             wrong versions that students write, by target; the docstring is what the student reads
misconceived_functions     those of 7.2-7.6 that are functions or small layers
misconceived_values        those of 7.2 and 7.5 that are values or layers of the library
misconceived_networks      those of 7.6 and 8.2 that are networks, and the blocks of 8.2 and 8.6
misconceived_residuals     those of 8.6 that are networks
stand_ins                  source text that replaces a student's wrong helper where another item builds on it
"""
