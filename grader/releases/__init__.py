"""What students receive of an assignment: notebooks with stubs, and public vectors in place of the reference.

    hw2-cnn/
        README.md
        hw2-chapter-7.ipynb ...
        vectors/hw2-cnn.json           what is asked (a part of rubric.yaml), and by probe what the right answer is
        vectors/hw2-cnn.safetensors    the tensors of it: inputs of public cases, expected outputs, what mistakes give

vectors.py reads and writes the two files, key.py answers from them, listening.py finds out what they have to hold.
"""
