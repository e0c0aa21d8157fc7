"""A number that a logarithm or a quotient has where its weight is 0, as text."""

# The weights are looked at where a y is out of the ordinary alone
GUARDED = """
def guarded(y, weight, instead, out=None):  # y, `instead` of one near an end where the weight is 0
    y, low, high = np.asarray(y), instead - 0.999999, 1e6
    if not (low < y.min(initial=instead) and y.max(initial=instead) < high):
        ends = (weight == 0) & ~((low < y) & (y < high))
        y = np.where(ends, np.asarray(instead, y.dtype), y)
    if out is None or y is out:
        return y
    np.copyto(out, y)
    return out"""
# the same of traced numbers, in other back ends
STANDARD = "xp.where(({1} != 0) | (({0} > {2} - 0.999999) & ({0} < 1e6)), {0}, {2})"
ENTRY = "({0} if ({1} != 0) | (({0} > {2} - real(0.999999)) & ({0} < real(1e6))) else {2})"
