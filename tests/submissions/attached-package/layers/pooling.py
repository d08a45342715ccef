from .conv import pool2d
