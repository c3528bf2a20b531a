"""Writes indexing.txt: subscripts of arrays, what NumPy reads there and what assignment leaves.

    python3 Tests/Golden/generate_indexing.py > Tests/Golden/indexing.txt
    python3 Tests/Golden/generate_indexing.py 100000 7     # random cases only: count, seed

One case a line, fields separated by tabs: get or set, the array's shape, the indices, the value's
shape (set only), the result's shape and its elements; or the word `error` in place of the result.
Lengths and elements are separated by commas. The array is `arange(n).reshape(shape)`, the value
`1000 + arange(m)` under its shape. Indices are separated by semicolons: `i-1` an integer,
`s1:-1:2` a slice, `n` a new axis, `e` an ellipsis, `t2,2|0,1,2,0` an index tensor (shape and
elements), `m2|01` a mask.
"""

import random
import sys

import numpy as np


def numbers(items):
    return ",".join(str(int(item)) for item in items)


def token(index):
    if index is None:
        return "n"
    if index is Ellipsis:
        return "e"
    if isinstance(index, int):
        return f"i{index}"
    if isinstance(index, slice):
        bounds = ["" if b is None else str(b) for b in (index.start, index.stop)]
        return f"s{bounds[0]}:{bounds[1]}:{1 if index.step is None else index.step}"
    if index.dtype == bool:
        return f"m{numbers(index.shape)}|" + "".join(str(int(b)) for b in index.ravel())
    return f"t{numbers(index.shape)}|{numbers(index.ravel())}"


def line(kind, shape, indices, value_shape=()):
    array = np.arange(int(np.prod(shape))).reshape(shape)
    fields = [kind, numbers(shape), ";".join(token(index) for index in indices)]
    try:
        if kind == "get":
            result = array[tuple(indices)]
        else:
            fields.append(numbers(value_shape))
            count = int(np.prod(value_shape))
            array[tuple(indices)] = 1000 + np.arange(count).reshape(value_shape)
            result = array
        fields += [numbers(np.shape(result)), numbers(np.ravel(result))]
    except (IndexError, ValueError):
        fields.append("error")
    return "\t".join(fields)


FIXED = [
    ("get", (5,), [slice(1, -1)]),
    ("get", (5,), [slice(-3, None)]),
    ("get", (5,), [slice(None, None, -1)]),
    ("get", (5,), [slice(10, -10, -2)]),
    ("get", (5,), [5]),
    ("get", (5,), [-6]),
    ("get", (5,), [0, 0]),
    ("get", (3, 4), [Ellipsis, 1]),
    ("get", (3, 4), [None, 0, None]),
    ("get", (3, 4), [Ellipsis, 0, Ellipsis]),
    ("get", (2, 3, 4), [0, slice(None), np.array([3, 0])]),
    ("get", (2, 3, 4), [slice(None), 0, np.array([3, 0])]),
    ("get", (2, 3, 4), [np.array([1, 0]), slice(None), np.array([3, 0])]),
    ("get", (2, 3), [0, Ellipsis, np.array([1, 2])]),
    ("get", (2, 3), [0, None, np.array([1, 2])]),
    ("get", (2, 3, 4), [np.array([[1], [0]]), np.array([2, 0, 1])]),
    ("get", (2, 3), [np.array([0, 1]), np.array([0, 1, 2])]),
    ("get", (3,), [np.array([0, 3])]),
    ("get", (3,), [np.array(1)]),
    ("get", (2, 3), [np.array([[True, False, True], [False, True, False]])]),
    ("get", (2, 3), [slice(None), np.array([True, False, True])]),
    ("get", (2, 3), [np.array([True, False, True])]),
    ("get", (0, 3), [slice(None), 1]),
    ("set", (5,), [slice(None, None, 2)], (3,)),
    ("set", (5,), [slice(None, None, 2)], (2,)),
    ("set", (2, 3), [0], (1, 1, 3)),
    ("set", (2, 3), [np.array([[True, False, True], [False, True, False]])], (3,)),
    ("set", (2, 3), [np.array([[True, False, True], [False, True, False]])], (2,)),
    ("set", (4,), [np.array([1, 1, 2])], (3,)),
    ("set", (2, 3), [np.array([True, False])], (3,)),
    ("set", (2, 3), [np.array([True, False])], (1, 3)),
]


def random_index(rng, extent):
    kind = rng.random()
    if kind < 0.3 and extent > 0:
        return rng.randrange(-extent, extent)
    if kind < 0.33:
        return rng.choice([extent, -extent - 1])
    bound = lambda: rng.choice([None, rng.randrange(-extent - 2, extent + 3)])
    return slice(bound(), bound(), rng.choice([None, 1, 1, 2, 3, -1, -2]))


def random_tensor(rng, extent, shape):
    count = int(np.prod(shape))
    if extent == 0 or rng.random() < 0.03:
        return np.array([extent] * count, dtype=np.int64).reshape(shape)
    return np.array([rng.randrange(-extent, extent) for _ in range(count)],
                    dtype=np.int64).reshape(shape)


def random_case(rng):
    shape = tuple(rng.choice([1, 2, 3, 3, 4, 5, 0] if rng.random() < 0.1 else [1, 2, 3, 4, 5])
                  for _ in range(rng.randrange(1, 5)))
    indices = []
    axis = 0
    used = rng.randrange(0, len(shape) + 1)
    tensors = rng.choice([0, 0, 0, 1, 1, 2])
    common = tuple(rng.randrange(1, 4) for _ in range(rng.randrange(0, 3)))
    while axis < used:
        pick = rng.random()
        if tensors and pick < 0.4:
            tensors -= 1
            if pick < 0.1:
                rank = rng.randrange(1, used - axis + 1)
                part = shape[axis:axis + rank]
                bits = [rng.random() < 0.5 for _ in range(int(np.prod(part)))]
                indices.append(np.array(bits, dtype=bool).reshape(part))
                axis += rank
                continue
            own = common[rng.randrange(0, len(common) + 1):]
            own = tuple(1 if rng.random() < 0.2 else extent for extent in own)
            indices.append(random_tensor(rng, shape[axis], own))
        else:
            indices.append(random_index(rng, shape[axis]))
        axis += 1
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        indices.insert(rng.randrange(0, len(indices) + 1), None)
    if rng.random() < 0.3:
        # An ellipsis may stand anywhere as long as the indices after it still fit.
        place = len(indices) if used < len(shape) else rng.randrange(0, len(indices) + 1)
        indices.insert(place, Ellipsis)
    if rng.random() < 0.5:
        return line("get", shape, indices)
    array = np.arange(int(np.prod(shape))).reshape(shape)
    try:
        selected = np.shape(array[tuple(indices)])
    except IndexError:
        return line("set", shape, indices, ())
    value = list(selected)[rng.randrange(0, len(selected) + 1) if rng.random() < 0.4 else 0:]
    value = [1 if rng.random() < 0.2 else extent for extent in value]
    if rng.random() < 0.05:
        value.append(7)
    return line("set", shape, indices, tuple(value))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    if len(sys.argv) == 1:
        for case in FIXED:
            print(line(*case))
    for _ in range(count):
        print(random_case(rng))


if __name__ == "__main__":
    main()
