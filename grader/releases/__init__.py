"""What students receive of an assignment: notebooks with stubs, and public vectors in place of the reference.

    hw2-cnn/
        README.md
        hw2-chapter-7.ipynb ...
        vectors/hw2-cnn.json           what is asked (a part of rubric.yaml), and by probe what the right answer is
        vectors/hw2-cnn.safetensors    the tensors of it: inputs of public cases, expected outputs, what mistakes give

notebooks   those of the course without outputs
part        of the rubric, what students may read of it
listening   finds out what the two files have to hold
writing     --> the two files
vectors     the two files --> what they say
key         answers from that, in place of a reference
origin      where this grader came from, and so how students get it
readme      the page that says how to install and check
"""
