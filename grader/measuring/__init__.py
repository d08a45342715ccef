"""Measuring a trained network, so that it cannot be faked: on this side of the sandbox, with labels that stay here.

loading     its weights in the reference's architecture
unseen      images that nobody can have labels for
answers     otherwise: what it says to images, unlabelled and in disguise
session     the question `measured`, which a session is asked like any other
"""
