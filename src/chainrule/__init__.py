"""Neural networks derived by hand in NumPy, every step checked by machine.

The book of the same name derives each line; ``# (4.10)`` beside a line is the number of
its equation there. The modules ``logistic`` (chapter 2), ``softmax_linear`` (3),
``rbf_net`` (4), ``relu_net`` (5), ``sigmoid_net`` (6) and ``mlp`` (7) are networks: who
knows one knows all. ``functions``, ``data``, ``optim`` and ``gradcheck`` serve every
chapter; ``train`` trains them, fast.
"""
