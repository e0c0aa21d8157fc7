"""An array over its scale and over its norm, as text: x / s / r."""

# s is 1 but where numbers are so large or small that their squares are none
SCALED = """
def scaled(x, s, r, out=None):  # x / s / r
    if (s == 1).all():
        return np.divide(x, r, out)
    return np.divide(np.divide(x, s), r, out)"""
# the same of traced numbers, in other back ends
STANDARD = "({0} / {1} / {2})"
