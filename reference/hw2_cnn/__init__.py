"""The reference of HW2, Dive into Deep Learning 7.1-7.6, 8.2 and 8.6.

solutions                  the right answers, under the names that rubric.yaml asks for
inputs                     seeded generators of arguments, under the names in the rubric's `inputs:` options
misconceptions             wrong versions that students write, by target; the docstring is what the student reads
misconceived_functions     those of 7.2-7.6 that are functions or small layers
misconceived_networks      those of 7.6-8.6 that are networks or their blocks
stand_ins                  source text that replaces a student's wrong helper where another item builds on it
"""
