"""Neural networks derived by hand in NumPy, every step checked by machine."""
