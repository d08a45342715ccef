"""One module per command: puts the parts together; prints nothing. Beside them stand the rooms that commands share.

    grade                            the straight line: take in, plan, rescore, run, write
      intake identifying choosing    what was handed in, by whom, for which assignment
      crowds                         who was taken for one student and looks like several
      planning standing              what of each submission stands, is judged anew, or is run
      machines isolation             where and by what it is run
      running stopping               who is run beside whom, what is tried again, what Ctrl-C means
      bookkeeping watch              each grade on disk, then told of, and to whom
      tables pages classroom         what is derived from a gradebook
    stored                           a gradebook, the dates and the roster as what goes out
    whom                             which student is meant on the command line
    rescoring                        recorded answers judged anew, for grade and rescore
    saves rechecking                 a notebook that is being written, for check --watch
    printing                         pages as PDF

Every other module here is a command.
"""
