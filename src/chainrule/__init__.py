"""Neural networks derived by hand in NumPy, every step checked by machine.

The book of the same name derives each line; ``# (4.9)`` beside a line is the number of
its equation there. Chapter 4 is the module ``rbf_net``; ``functions``, ``data``,
``optim`` and ``gradcheck`` serve all chapters.
"""
