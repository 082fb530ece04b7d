"""Updates of a tuple of parameters by a tuple of gradients of the same structure."""

from chainrule._inputs import Array, pairs, positive


def gradient_step(
    params: tuple[float | Array, ...], grads: tuple[float | Array, ...], eta: float
) -> tuple[float | Array, ...]:
    """Parameters after one step of gradient descent, equation (2.14).

    Args:
        params: Parameters of any shapes.
        grads: Their gradients, of the same shapes in the same order.
        eta: Step size η > 0.

    Returns:
        New parameters, in the order of ``params``.

    Raises:
        ValueError: ``eta`` is not one positive number, the tuples differ in length, or
            an array is not numeric, not finite, empty or not of its partner's shape.
    """
    pairs("params", params, "grads", grads)
    positive("eta", eta)
    return tuple(p - eta * dp for p, dp in zip(params, grads, strict=True))  # (2.14)
