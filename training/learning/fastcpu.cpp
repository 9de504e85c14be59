// Parts of a training step on a CPU, for bfloat16 tensors in channels_last: gradients of
// depthwise convolutions and of bilinear enlargement, batch norm together with its
// activation, the loss. fastcpu.py builds and calls them. Sums are in float or double,
// results are rounded to bfloat16.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

namespace {

// Rows whose sums are in float.
constexpr int64_t kBlock = 64;

uint16_t* bits(const at::Tensor& t) { return (uint16_t*)t.data_ptr(); }

// ---- Depthwise convolution ----

// This many channels at once, as float and as bfloat16.
constexpr int64_t kLanes = 16;
typedef float Floats __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));

inline Floats load(const uint16_t* p) {
  Halves h;
  __builtin_memcpy(&h, p, sizeof(h));
  const Words u = __builtin_convertvector(h, Words) << 16;
  Floats f;
  __builtin_memcpy(&f, &u, sizeof(f));
  return f;
}

inline void store(uint16_t* p, Floats f) {
  Words u;
  __builtin_memcpy(&u, &f, sizeof(u));
  u += 0x7FFF + ((u >> 16) & 1);  // round to nearest, ties to even
  const Halves h = __builtin_convertvector(u >> 16, Halves);
  __builtin_memcpy(p, &h, sizeof(h));
}

struct Shape {
  int64_t N, C, H, W, rows, columns;  // the last two: of the output
};

// Gradients for the kLanes channels from `first` on. Pictures are copied into planes with
// a margin, so that no tap of the K x K kernel needs a check.
template <int K, int S>
void depthwise_lanes(const uint16_t* x, const uint16_t* g, const float* w, uint16_t* gx,
                     float* gw, Shape s, int64_t first) {
  constexpr int64_t P = (K - 1) / 2;
  const int64_t wide = s.W + 2 * P + 1, high = s.H + 2 * P + 1;
  // x; g; and g with its rows and columns as far apart as those of x.
  std::vector<Floats> padded(high * wide, Floats{}), spread(padded), plain(s.rows * s.columns);
  Floats kernel[K * K], sums[K * K] = {};
  for (int t = 0; t < K * K; t++)
    for (int64_t c = 0; c < kLanes; c++) kernel[t][c] = w[(first + c) * K * K + t];
  for (int64_t n = 0; n < s.N; n++) {
    for (int64_t i = 0; i < s.H; i++)
      for (int64_t j = 0; j < s.W; j++)
        padded[(i + P) * wide + j + P] = load(x + ((n * s.H + i) * s.W + j) * s.C + first);
    for (int64_t i = 0; i < s.rows; i++)
      for (int64_t j = 0; j < s.columns; j++) {
        const Floats v = load(g + ((n * s.rows + i) * s.columns + j) * s.C + first);
        plain[i * s.columns + j] = v;
        spread[(i * S + P) * wide + j * S + P] = v;
      }
    for (int64_t i = 0; i < s.rows; i++)
      for (int64_t j = 0; j < s.columns; j++) {
        const Floats v = plain[i * s.columns + j];
        const Floats* p = &padded[i * S * wide + j * S];
#pragma GCC unroll 5
        for (int a = 0; a < K; a++)
#pragma GCC unroll 5
          for (int b = 0; b < K; b++) sums[a * K + b] += p[a * wide + b] * v;
      }
    // The gradient of x is the correlation of g with the mirrored kernel.
    for (int64_t i = 0; i < s.H; i++)
      for (int64_t j = 0; j < s.W; j++) {
        Floats v{};
        const Floats* p = &spread[i * wide + j];
#pragma GCC unroll 5
        for (int a = 0; a < K; a++)
#pragma GCC unroll 5
          for (int b = 0; b < K; b++) v += p[a * wide + b] * kernel[K * K - 1 - a * K - b];
        store(gx + ((n * s.H + i) * s.W + j) * s.C + first, v);
      }
  }
  for (int t = 0; t < K * K; t++)
    for (int64_t c = 0; c < kLanes; c++) gw[(first + c) * K * K + t] = sums[t][c];
}

}  // namespace

// Gradients of x and of the weight (C, 1, K, K), K 3 or 5, from that of the output.
std::vector<at::Tensor> depthwise_backward(at::Tensor x, at::Tensor g, at::Tensor weight,
                                           int64_t stride) {
  const Shape s{x.size(0), x.size(1), x.size(2), x.size(3), g.size(2), g.size(3)};
  const int64_t K = weight.size(2);
  TORCH_CHECK(s.C % kLanes == 0 && (K == 3 || K == 5) && (stride == 1 || stride == 2));
  const auto w = weight.to(at::kFloat).contiguous();
  auto gx = at::empty_like(x), gw = at::empty_like(w);
  const auto lanes = K == 3
      ? (stride == 1 ? depthwise_lanes<3, 1> : depthwise_lanes<3, 2>)
      : (stride == 1 ? depthwise_lanes<5, 1> : depthwise_lanes<5, 2>);
  at::parallel_for(0, s.C / kLanes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      lanes(bits(x), bits(g), w.data_ptr<float>(), bits(gx), gw.data_ptr<float>(), s,
            i * kLanes);
  });
  return {gx, gw};
}

namespace {

// ---- Batch norm and activation ----

// (M, C) as (M / r, r C): rows of few channels would leave vectors half empty.
int64_t joined(int64_t rows, int64_t channels) {
  int64_t r = 1;
  while (channels * r < 128 && rows % (2 * r) == 0) r *= 2;
  return r;
}

inline float widen(uint16_t h) {
  const uint32_t u = (uint32_t)h << 16;
  float f;
  __builtin_memcpy(&f, &u, 4);
  return f;
}

inline uint16_t narrow(float f) {
  uint32_t u;
  __builtin_memcpy(&u, &f, 4);
  return (u + 0x7FFF + ((u >> 16) & 1)) >> 16;
}

// What an activation lets through: all, or 0..top.
struct Range {
  float low, high;
  explicit Range(double top)
      : low(top < 0 ? -3e38f : 0.f), high(top < 0 ? 3e38f : (float)top) {}
};

// Adds two sums for each of the D columns over all rows. Float sums of few rows are
// added up in double.
template <typename Row>
void sum_columns(int64_t rows, int64_t D, int64_t C, std::vector<double>& first,
                 std::vector<double>& second, Row row) {
  std::mutex lock;
  at::parallel_for(0, rows, 256, [&](int64_t begin, int64_t end) {
    std::vector<double> s(D), q(D);
    std::vector<float> part_s(D), part_q(D);
    for (int64_t at = begin; at < end; at += kBlock) {
      std::fill(part_s.begin(), part_s.end(), 0.f);
      std::fill(part_q.begin(), part_q.end(), 0.f);
      for (int64_t i = at; i < std::min(end, at + kBlock); i++)
        row(i, part_s.data(), part_q.data());
      for (int64_t c = 0; c < D; c++) s[c] += part_s[c], q[c] += part_q[c];
    }
    std::lock_guard<std::mutex> guard(lock);
    for (int64_t c = 0; c < D; c++) first[c % C] += s[c], second[c % C] += q[c];
  });
}

}  // namespace

// y = clamp(gamma (x - mean) / sqrt(variance + eps) + beta); top < 0: no clamp.
// Gives y, mean, 1 / sqrt(variance + eps) and variance.
std::vector<at::Tensor> norm_forward(at::Tensor x, at::Tensor gamma, at::Tensor beta,
                                     double eps, double top) {
  const int64_t C = x.size(1), M = x.numel() / C, r = joined(M, C), D = r * C, rows = M / r;
  auto y = at::empty_like(x);
  auto mean = at::empty({C}, gamma.options()), scale = at::empty_like(mean),
       variance = at::empty_like(mean);
  const auto* px = bits(x);
  auto* py = bits(y);
  std::vector<double> s(C), q(C);
  sum_columns(rows, D, C, s, q, [&](int64_t i, float* s_, float* q_) {
    const uint16_t* p = px + i * D;
#pragma GCC ivdep
    for (int64_t c = 0; c < D; c++) {
      const float f = widen(p[c]);
      s_[c] += f;
      q_[c] += f * f;
    }
  });
  std::vector<float> factor(D), shift(D);
  for (int64_t c = 0; c < D; c++) {
    const int64_t k = c % C;
    const double m = s[k] / M, v = std::max(0.0, q[k] / M - m * m);
    mean.data_ptr<float>()[k] = m;
    variance.data_ptr<float>()[k] = v;
    scale.data_ptr<float>()[k] = 1 / std::sqrt(v + eps);
    factor[c] = gamma.data_ptr<float>()[k] / std::sqrt(v + eps);
    shift[c] = beta.data_ptr<float>()[k] - m * factor[c];
  }
  const Range range(top);
  at::parallel_for(0, rows, 256, [&](int64_t begin, int64_t end) {
    const float *f = factor.data(), *h = shift.data();
    for (int64_t i = begin; i < end; i++) {
      const uint16_t* p = px + i * D;
      uint16_t* o = py + i * D;
#pragma GCC ivdep
      for (int64_t c = 0; c < D; c++) {
        float v = widen(p[c]) * f[c] + h[c];
        v = v < range.low ? range.low : v;
        v = v > range.high ? range.high : v;
        o[c] = narrow(v);
      }
    }
  });
  return {y, mean, scale, variance};
}

// Gradients of x, gamma and beta, from that of y.
std::vector<at::Tensor> norm_backward(at::Tensor dy, at::Tensor x, at::Tensor y,
                                      at::Tensor gamma, at::Tensor mean,
                                      at::Tensor scale, double top) {
  const int64_t C = x.size(1), M = x.numel() / C, r = joined(M, C), D = r * C, rows = M / r;
  auto dx = at::empty_like(x), dgamma = at::empty_like(gamma), dbeta = at::empty_like(gamma);
  const auto *px = bits(x), *py = bits(y), *pd = bits(dy);
  auto* po = bits(dx);
  const Range range(top);
  std::vector<float> m(D);
  for (int64_t c = 0; c < D; c++) m[c] = mean.data_ptr<float>()[c % C];
  std::vector<double> s(C), q(C);
  sum_columns(rows, D, C, s, q, [&](int64_t i, float* s_, float* q_) {
    const uint16_t *x_ = px + i * D, *y_ = py + i * D, *d_ = pd + i * D;
    const float* m_ = m.data();
#pragma GCC ivdep
    for (int64_t c = 0; c < D; c++) {
      const float v = widen(y_[c]);
      const float d = widen(d_[c]) * (float)((v > range.low) & (v < range.high));
      s_[c] += d;
      q_[c] += d * (widen(x_[c]) - m_[c]);
    }
  });
  // dx = factor (d - sum(d) / M - xhat sum(d xhat) / M), xhat = (x - mean) scale
  std::vector<float> factor(D), constant(D), slope(D);
  for (int64_t c = 0; c < D; c++) {
    const int64_t k = c % C;
    const float z = scale.data_ptr<float>()[k];
    factor[c] = gamma.data_ptr<float>()[k] * z;
    slope[c] = factor[c] * q[k] * z * z / M;
    constant[c] = factor[c] * s[k] / M - m[c] * slope[c];
    dbeta.data_ptr<float>()[k] = s[k];
    dgamma.data_ptr<float>()[k] = q[k] * z;
  }
  at::parallel_for(0, rows, 256, [&](int64_t begin, int64_t end) {
    const float *f = factor.data(), *k = constant.data(), *l = slope.data();
    for (int64_t i = begin; i < end; i++) {
      const uint16_t *x_ = px + i * D, *y_ = py + i * D, *d_ = pd + i * D;
      uint16_t* o = po + i * D;
#pragma GCC ivdep
      for (int64_t c = 0; c < D; c++) {
        const float v = widen(y_[c]);
        const float d = widen(d_[c]) * (float)((v > range.low) & (v < range.high));
        o[c] = narrow(f[c] * d - k[c] - widen(x_[c]) * l[c]);
      }
    }
  });
  return {dx, dgamma, dbeta};
}

// ---- Bilinear enlargement by two ----

namespace {

// Pixels of an enlarged row of n that a pixel of the small one gives to, and how much.
int shares(int64_t i, int64_t n, int64_t* at, float* amount) {
  int count = 0;
  for (int64_t j = 2 * i - 1; j <= 2 * i + 2; j++) {
    if (j < 0 || j >= n) continue;
    const bool near = j == 2 * i || j == 2 * i + 1;
    at[count] = j;
    amount[count++] = !near ? 0.25f : (j == 0 || j == n - 1) ? 1.f : 0.75f;
  }
  return count;
}

}  // namespace

// Gradient of x (N, C, h, w), enlarged to (N, C, 2 h, 2 w), from that of the result.
at::Tensor double_backward(at::Tensor g) {
  const int64_t N = g.size(0), C = g.size(1), H = g.size(2), W = g.size(3);
  auto gx = at::empty({N, C, H / 2, W / 2}, g.options(), at::MemoryFormat::ChannelsLast);
  const auto* p = bits(g);
  auto* o = bits(gx);
  at::parallel_for(0, N * H / 2, 4, [&](int64_t begin, int64_t end) {
    std::vector<float> sum(W * C), pixel(C);
    int64_t at[4];
    float amount[4];
    for (int64_t line = begin; line < end; line++) {
      const int64_t n = line / (H / 2), y = line % (H / 2);
      std::fill(sum.begin(), sum.end(), 0.f);
      float* s = sum.data();
      const int rows = shares(y, H, at, amount);
      for (int k = 0; k < rows; k++) {
        const uint16_t* r = p + (n * H + at[k]) * W * C;
        const float a = amount[k];
#pragma GCC ivdep
        for (int64_t i = 0; i < W * C; i++) s[i] += a * widen(r[i]);
      }
      for (int64_t x = 0; x < W / 2; x++) {
        std::fill(pixel.begin(), pixel.end(), 0.f);
        const int columns = shares(x, W, at, amount);
        for (int k = 0; k < columns; k++) {
          const float* r = s + at[k] * C;
          const float a = amount[k];
          float* q = pixel.data();
#pragma GCC ivdep
          for (int64_t c = 0; c < C; c++) q[c] += a * r[c];
        }
        for (int64_t c = 0; c < C; c++) o[(line * W / 2 + x) * C + c] = narrow(pixel[c]);
      }
    }
  });
  return gx;
}

// ---- Weighted cross-entropy ----

namespace {

// e^x for x <= 0, relative error below 1e-5: 2^i by the exponent, 2^f by a polynomial.
inline float exponential(float x) {
  const float t = std::max(x, -80.f) * 1.44269504f;
  const int32_t i = (int32_t)(t - 0.5f);
  const float f = t - (float)i;
  const float p = 1.f + f * (0.693147182f + f * (0.240226446f + f * (0.0555032f +
                  f * (0.00961813f + f * 0.00133336f))));
  const int32_t e = (i + 127) << 23;
  float scale;
  __builtin_memcpy(&scale, &e, 4);
  return p * scale;
}

}  // namespace

// Sum over the pixels of a picture of -w log(z), sum of w, and the gradient of the first
// by the logits: (N, Q, h, w) bfloat16, bins last in memory. The true values
// (N, k h, k w) are shared between the two nearest centers, or go to the nearest. Photos
// that are not counted (N, bool) add nothing.
std::vector<at::Tensor> cross_entropy(at::Tensor logits, at::Tensor values,
                                      at::Tensor centers, at::Tensor weights,
                                      at::Tensor counted, bool soft) {
  const int64_t N = logits.size(0), Q = logits.size(1), h = logits.size(2),
                w = logits.size(3), k = values.size(2) / w, step = logits.stride(3);
  TORCH_CHECK(logits.stride(1) == 1 && logits.stride(2) == w * step && Q <= 64);
  auto gradient = at::empty({N, Q, h, w}, logits.options(), at::MemoryFormat::ChannelsLast);
  auto sums = at::zeros({2}, at::kDouble);
  const auto* z = bits(logits);
  const auto* v = values.data_ptr<float>();
  const auto *center = centers.data_ptr<float>(), *weight = weights.data_ptr<float>();
  const auto* counts = counted.data_ptr<bool>();
  auto* g = bits(gradient);
  std::mutex lock;
  at::parallel_for(0, N * h, 8, [&](int64_t begin, int64_t end) {
    double loss = 0, total = 0;
    float row[64], share[64], wanted[64];
    for (int64_t line = begin; line < end; line++) {
      const int64_t n = line / h, y = line % h;
      if (!counts[n]) {
        std::fill_n(g + line * w * Q, w * Q, 0);
        continue;
      }
      for (int64_t x = 0; x < w; x++) {
        const uint16_t* p = z + n * logits.stride(0) + y * logits.stride(2) + x * step;
        float top = -3e38f, sum = 0;
        for (int64_t q = 0; q < Q; q++) row[q] = widen(p[q]);
        for (int64_t q = 0; q < Q; q++) top = std::max(top, row[q]);
        for (int64_t q = 0; q < Q; q++) share[q] = exponential(row[q] - top), wanted[q] = 0;
        for (int64_t q = 0; q < Q; q++) sum += share[q];
        const float log_sum = top + std::log(sum);
        float mass = 0;
        for (int64_t i = 0; i < k; i++)
          for (int64_t j = 0; j < k; j++) {
            const float value = v[(n * h * k + y * k + i) * w * k + x * k + j];
            int64_t low = 0;
            while (low < Q - 2 && value >= center[low + 1]) low++;
            float part = (value - center[low]) / (center[low + 1] - center[low]);
            part = std::min(1.f, std::max(0.f, part));
            if (!soft) part = part > 0.5f;
            wanted[low] += (1 - part) * weight[low];
            wanted[low + 1] += part * weight[low + 1];
          }
        for (int64_t q = 0; q < Q; q++) mass += wanted[q];
        float here = 0;
        for (int64_t q = 0; q < Q; q++) here += wanted[q] * (log_sum - row[q]);
        loss += here;
        total += mass;
        uint16_t* o = g + (line * w + x) * Q;
        for (int64_t q = 0; q < Q; q++) o[q] = narrow(share[q] / sum * mass - wanted[q]);
      }
    }
    std::lock_guard<std::mutex> guard(lock);
    sums.data_ptr<double>()[0] += loss;
    sums.data_ptr<double>()[1] += total;
  });
  return {sums, gradient};
}

TORCH_LIBRARY(napari_colorize, library) {
  library.def("cross_entropy", cross_entropy);
  library.def("depthwise_backward", depthwise_backward);
  library.def("double_backward", double_backward);
  library.def("norm_backward", norm_backward);
  library.def("norm_forward", norm_forward);
}
