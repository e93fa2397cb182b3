#pragma once
// Convolutions that others of stride 1 compute: 1 x 1 windows with a stride, and the gradient of the input of any
// window with a stride.

#include <chainrule/cpu/conv/problem.hpp>
#include <chainrule/cpu/conv/pointwise.hpp>

namespace chainrule::cpu::detail {

template <class T> Workspace<T> sampled_pixels(const ConvShape& s) {
  return Workspace<T>(static_cast<std::size_t>(s.n * s.c_in * s.oh * s.ow));
}

template <class T> bool subsample_applies(ConvForward<T>& p) { return skips_pixels(p.shape); }
template <class T> bool subsample_run(ConvForward<T>& p) {
  const Workspace<T> sampled = sampled_pixels<T>(p.shape);
  subsample<T>(p.shape, p.x, sampled);
  ConvForward<T> rest(without_stride(p.shape), sampled, p.weight, p.bias, p.y, p.exact);
  compute(rest);
  return true;
}

template <class T> bool subsample_applies(ConvInputGradient<T>& p) { return skips_pixels(p.shape) && !p.single_phase; }
template <class T> bool subsample_run(ConvInputGradient<T>& p) {
  const Workspace<T> sampled = sampled_pixels<T>(p.shape);
  ConvInputGradient<T> rest(without_stride(p.shape), p.dy, p.weight, sampled, p.exact);
  compute(rest);
  spread<T>(p.shape, sampled, p.dx);
  return true;
}

template <class T> bool subsample_applies(ConvWeightGradient<T>& p) { return skips_pixels(p.shape); }
template <class T> bool subsample_run(ConvWeightGradient<T>& p) {
  const Workspace<T> sampled = sampled_pixels<T>(p.shape);
  subsample<T>(p.shape, p.x, sampled);
  ConvWeightGradient<T> rest(without_stride(p.shape), sampled, p.dy, p.dweight, p.exact);
  compute(rest);
  return true;
}

template <class T> bool polyphase_applies(ConvInputGradient<T>& p) { return !p.single_phase; }
template <class T> bool polyphase_run(ConvInputGradient<T>& p) {
  const ConvShape& s = p.shape;
  ConvInputGradient<T> phase(s, p.dy, p.weight, p.dx, p.exact);
  for (std::int64_t row = 0; row < std::min(s.stride_h, s.h); ++row) {
    for (std::int64_t column = 0; column < std::min(s.stride_w, s.w); ++column) {
      phase.set_phase(row, column);
      compute(phase);
    }
  }
  return true;
}

}  // namespace chainrule::cpu::detail
