"""Entries that are clipped, chosen, and their signs, without branches, as text."""

MANY = 1 << 9  # entries, from which on these take less time than NumPy's where and sign

CLIP = """

try:
    from numpy._core.umath import clip  # without what np.clip looks at
except ImportError:
    clip = np.clip"""
# A multiple of x, between -1 and 1: its sign, of the smallest number and of nan, too
SIGNING = f"""

def signing(shape, dtype):  # sign(x) into an array
    large, low, high = (np.asarray(x, dtype) for x in (np.finfo(dtype).max / 4, -1, 1))

    def sign(x, out):
        np.multiply(x, large, out)
        np.multiply(out, large, out)
        clip(out, low, high, out)

    return sign if np.prod(shape) >= {MANY} else np.sign"""
# x ^ y are the bits in which two numbers differ: they turn y into x. NumPy's where has a branch an
# entry, which is foreseen wrong half of the time where conditions come in no order
CHOOSING = f"""

def choosing(shape, dtype):  # where(condition, x, y) into an array; that is none of y's memory
    bits = np.dtype(f"i{{dtype.itemsize}}")
    chosen = np.zeros(shape, bool)

    def choose(condition, x, y, out):
        flipped = out.view(bits)
        np.not_equal(condition, 0, chosen)
        np.bitwise_xor(np.asarray(x, dtype).view(bits), np.asarray(y, dtype).view(bits), flipped)
        np.multiply(flipped, chosen, flipped)
        np.bitwise_xor(flipped, np.asarray(y, dtype).view(bits), flipped)

    def where(condition, x, y, out):
        np.copyto(out, np.where(condition, x, y))

    return choose if chosen.size >= {MANY} else where"""
