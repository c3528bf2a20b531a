// Products of matrices by loops that add in the order of the inner axis, with vectors as wide as the processor's.

#include "CPlatform.h"

#include <string.h>

// A product is rounded before it is added (R34), on every processor.
#pragma STDC FP_CONTRACT OFF

/// A block of the second factor: as many rows and columns as stay in the first-level cache.
enum { block_inner = 64, block_columns = 32 };

#define inline_always static inline __attribute__((always_inline))

/// `tile`: R rows of at most 4 by N vectors of at most 2 of the result. The sums stay in registers while the inner axis
/// runs; where the axis was begun before, they go on from the result's elements.
#define MARTLET_TILE(T, vector, tile)                                                                               \
  inline_always void tile(                                                                                          \
      int R, int N, long inner, const T *a, long a_row, long a_column, const T *b, long b_row, T *c, long c_row,    \
      int is_begun) {                                                                                               \
    enum { lanes = sizeof(vector) / sizeof(T) };                                                                    \
    vector sums[4][2];                                                                                              \
    for (int r = 0; r < R; r++) {                                                                                   \
      for (int n = 0; n < N; n++) {                                                                                 \
        memset(&sums[r][n], 0, sizeof(vector));                                                                     \
        if (is_begun) memcpy(&sums[r][n], c + r * c_row + n * lanes, sizeof(vector));                               \
      }                                                                                                             \
    }                                                                                                               \
    for (long k = 0; k < inner; k++) {                                                                              \
      vector y[2];                                                                                                  \
      for (int n = 0; n < N; n++) memcpy(&y[n], b + k * b_row + n * lanes, sizeof(vector));                         \
      for (int r = 0; r < R; r++) {                                                                                 \
        T x = a[r * a_row + k * a_column];                                                                          \
        for (int n = 0; n < N; n++) sums[r][n] = sums[r][n] + x * y[n];                                             \
      }                                                                                                             \
    }                                                                                                               \
    for (int r = 0; r < R; r++) {                                                                                   \
      for (int n = 0; n < N; n++) memcpy(c + r * c_row + n * lanes, &sums[r][n], sizeof(vector));                   \
    }                                                                                                               \
  }

/// `strip`: R rows of the result over `columns` columns, in vectors as wide as fit.
#define MARTLET_STRIP(T, strip, wide, half, single)                                                                 \
  inline_always void strip(                                                                                         \
      int R, long columns, long inner, const T *a, long a_row, long a_column, const T *b, long b_row, T *c,         \
      long c_row, int is_begun) {                                                                                   \
    enum { lanes = 32 / sizeof(T) };                                                                                \
    long j = 0;                                                                                                     \
    for (; j + 2 * lanes <= columns; j += 2 * lanes)                                                                \
      wide(R, 2, inner, a, a_row, a_column, b + j, b_row, c + j, c_row, is_begun);                                  \
    for (; j + lanes <= columns; j += lanes)                                                                        \
      wide(R, 1, inner, a, a_row, a_column, b + j, b_row, c + j, c_row, is_begun);                                  \
    for (; j + lanes / 2 <= columns; j += lanes / 2)                                                                \
      half(R, 1, inner, a, a_row, a_column, b + j, b_row, c + j, c_row, is_begun);                                  \
    for (; j < columns; j++) single(R, 1, inner, a, a_row, a_column, b + j, b_row, c + j, c_row, is_begun);         \
  }

#define MARTLET_PRODUCT(T, product, strip)                                                                          \
  inline_always void product(                                                                                       \
      long rows, long columns, long inner, const T *a, long a_row, long a_column, const T *b, long b_row,           \
      long b_column, T *c, long c_row) {                                                                            \
    T panel[block_inner * block_columns];                                                                           \
    for (long j = 0; j < columns; j += block_columns) {                                                             \
      long width = columns - j < block_columns ? columns - j : block_columns;                                       \
      for (long k = 0; k < inner; k += block_inner) {                                                               \
        long depth = inner - k < block_inner ? inner - k : block_inner;                                             \
        const T *y = b + k * b_row + j * b_column;                                                                  \
        long y_row = b_row;                                                                                         \
        if (b_column != 1) {                                                                                        \
          for (long column = 0; column < width; column++) {                                                         \
            for (long row = 0; row < depth; row++)                                                                  \
              panel[row * block_columns + column] = y[row * b_row + column * b_column];                             \
          }                                                                                                         \
          y = panel;                                                                                                \
          y_row = block_columns;                                                                                    \
        }                                                                                                           \
        const T *x = a + k * a_column;                                                                              \
        T *z = c + j;                                                                                               \
        long i = 0;                                                                                                 \
        for (; i + 4 <= rows; i += 4)                                                                               \
          strip(4, width, depth, x + i * a_row, a_row, a_column, y, y_row, z + i * c_row, c_row, k > 0);            \
        for (; i < rows; i++)                                                                                       \
          strip(1, width, depth, x + i * a_row, a_row, a_column, y, y_row, z + i * c_row, c_row, k > 0);            \
      }                                                                                                             \
    }                                                                                                               \
  }

typedef float float_8 __attribute__((vector_size(32)));
typedef float float_4 __attribute__((vector_size(16)));
typedef double double_4 __attribute__((vector_size(32)));
typedef double double_2 __attribute__((vector_size(16)));

MARTLET_TILE(float, float_8, tile_float_8)
MARTLET_TILE(float, float_4, tile_float_4)
MARTLET_TILE(float, float, tile_float)
MARTLET_STRIP(float, strip_float, tile_float_8, tile_float_4, tile_float)
MARTLET_PRODUCT(float, product_float, strip_float)

MARTLET_TILE(double, double_4, tile_double_4)
MARTLET_TILE(double, double_2, tile_double_2)
MARTLET_TILE(double, double, tile_double)
MARTLET_STRIP(double, strip_double, tile_double_4, tile_double_2, tile_double)
MARTLET_PRODUCT(double, product_double, strip_double)

#define MARTLET_ARGUMENTS(T)                                                                                        \
  p->rows, p->columns, p->inner, (const T *)p->a, p->a_row, p->a_column, (const T *)p->b, p->b_row, p->b_column,    \
      (T *)p->c, p->c_row

static void float_everywhere(const struct martlet_product *p) { product_float(MARTLET_ARGUMENTS(float)); }
static void double_everywhere(const struct martlet_product *p) { product_double(MARTLET_ARGUMENTS(double)); }

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void float_avx2(const struct martlet_product *p) {
  product_float(MARTLET_ARGUMENTS(float));
}
__attribute__((target("avx2"))) static void double_avx2(const struct martlet_product *p) {
  product_double(MARTLET_ARGUMENTS(double));
}
#else
#define float_avx2 float_everywhere
#define double_avx2 double_everywhere
#endif

void martlet_product_f32(const struct martlet_product *product) {
  (martlet_cpu_features()->avx2 ? float_avx2 : float_everywhere)(product);
}

void martlet_product_f64(const struct martlet_product *product) {
  (martlet_cpu_features()->avx2 ? double_avx2 : double_everywhere)(product);
}
