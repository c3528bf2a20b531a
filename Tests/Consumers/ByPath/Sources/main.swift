// A newcomer's first program: it names every type that Martlet hands on, and prints known values.

import Martlet

let x: Tensor = [[1, 2], [3, 4]]
let shape: Shape = x.shape
let dtype: DType = x.dtype
print(shape, dtype)

let y = matmul(x, x) + 0.5
print(y)

var total = 0
for value in y.scalars(as: Float.self) where value > 10 { total += 1 }
print(total)

do {
  try withTensorErrors { _ = x + Tensor.zeros([3]) }
} catch let error as TensorError {
  print(error.op)
}

let (value, slope) = valueWithGradient(at: Tensor(2.0)) { w in w * w * w }
print(Double(value), Float(slope))
