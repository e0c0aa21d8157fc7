"""A choice of entries without branches, as text."""

MANY = 1 << 9  # entries, from which on it takes less time than NumPy's where

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
