// Convolution and pooling: every window looked at one by one.

#include "random/draw.hpp"
#include <algorithm>

namespace chainrule_test::drawn {

namespace {

const Spread plain{.specials = false};

struct Direction {
  std::int64_t kernel, stride, pad, dilation;
  std::int64_t reach() const { return dilation * (kernel - 1) + 1; }
};
Direction draw_direction(Draw& d, bool dilated, std::int64_t largest_pad) {
  Direction r{d.between(1, 3), d.between(1, 3), 0, dilated ? (d.chance(0.6) ? 1 : d.between(2, 3)) : 1};
  if (largest_pad < 0) r.pad = d.between(0, r.reach() / 2 + (d.chance(0.03) ? 1 : 0));
  else r.pad = d.chance(0.5) ? 0 : d.between(0, largest_pad);
  return r;
}
std::string str(const Direction& h, const Direction& w) {
  const auto pair = [](std::int64_t a, std::int64_t b) {
    return "{" + std::to_string(a) + ", " + std::to_string(b) + "}";
  };
  return "kernel " + pair(h.kernel, w.kernel) + ", stride " + pair(h.stride, w.stride) + ", padding " +
         pair(h.pad, w.pad) + ", dilation " + pair(h.dilation, w.dilation);
}
cr::Size2d two(std::int64_t h, std::int64_t w) { return cr::Size2d{h, w}; }

// How many windows there are; 0: none, which is refused.
std::int64_t windows(std::int64_t size, const Direction& k, bool ceil_mode) {
  const std::int64_t room = size + 2 * k.pad - k.reach();
  if (room < 0 && !(ceil_mode && room + k.stride - 1 >= 0)) return 0;
  std::int64_t n = (room + (ceil_mode ? k.stride - 1 : 0)) / k.stride + 1;
  if (ceil_mode && (n - 1) * k.stride >= size + k.pad) --n;
  return n;
}
Array as_batch(Array x) {
  if (x.dim() == 3) x.shape.insert(x.shape.begin(), 1);
  return x;
}

// f(elements of the window that lie in the image, how many positions lie in the image or its padding) for each window.
Array pooled(const Array& x, Direction h, Direction w, bool ceil_mode,
             const std::function<Number(const std::vector<Number>&, double)>& f) {
  Sizes shape = x.shape;
  const auto rows = shape.size() - 2, columns = shape.size() - 1;
  shape[rows] = windows(x.shape[rows], h, ceil_mode);
  shape[columns] = windows(x.shape[columns], w, ceil_mode);
  return build(shape, [&](const Sizes& i) {
    std::vector<Number> inside;
    double padded = 0;
    for (std::int64_t a = 0; a < h.kernel; ++a)
      for (std::int64_t b = 0; b < w.kernel; ++b) {
        Sizes there = i;
        there[rows] = i[rows] * h.stride - h.pad + a * h.dilation;
        there[columns] = i[columns] * w.stride - w.pad + b * w.dilation;
        if (there[rows] < x.shape[rows] + h.pad && there[columns] < x.shape[columns] + w.pad) ++padded;
        if (there[rows] >= 0 && there[rows] < x.shape[rows] && there[columns] >= 0 && there[columns] < x.shape[columns])
          inside.push_back(x.at(there));
      }
    return f(inside, padded);
  });
}

Array draw_image(Draw& d, const Spread& spread, bool& refused) {
  Sizes shape{d.size(2), d.size(2), d.between(1, 6), d.between(1, 6)};
  if (d.chance(0.02)) shape[static_cast<std::size_t>(d.between(2, 3))] = 0, refused = true;
  if (d.flag()) shape.erase(shape.begin());
  if (d.chance(0.02)) shape = {shape.back(), 3}, refused = true;
  return d.values(shape, spread);
}

Sample draw_max_pool(Draw& d) {
  Sample s;
  s.inputs = {draw_image(d, {}, s.refused)};
  const bool ceil_mode = d.flag();
  const Direction h = draw_direction(d, true, -1), w = draw_direction(d, true, -1);
  if (!s.refused) {
    const auto& shape = s.inputs[0].shape;
    s.refused = h.pad > h.reach() / 2 || w.pad > w.reach() / 2 || windows(shape[shape.size() - 2], h, ceil_mode) <= 0 ||
                windows(shape.back(), w, ceil_mode) <= 0;
  }
  s.call = "max_pool2d(" + str(h, w) + (ceil_mode ? ", ceil)" : ")");
  s.calls([=](const auto& in) {
    return cr::max_pool2d(in[0], two(h.kernel, w.kernel),
                          {.stride = two(h.stride, w.stride),
                           .padding = two(h.pad, w.pad),
                           .dilation = two(h.dilation, w.dilation),
                           .ceil_mode = ceil_mode});
  });
  s.expects([=](const Arrays& in) {
    return pooled(in[0], h, w, ceil_mode, [](const std::vector<Number>& l, double) {
      Number best = -inf;  // of nothing but padding
      for (std::size_t i = 0; i < l.size(); ++i) {
        if (std::isnan(best.v)) break;
        if (i == 0 || l[i].v > best.v || std::isnan(l[i].v)) best = l[i];
      }
      return best;
    });
  });
  return s;
}
Sample draw_avg_pool(Draw& d) {
  Sample s;
  s.inputs = {draw_image(d, plain, s.refused)};
  const bool ceil_mode = d.flag(), count_pad = d.flag();
  const Direction h = draw_direction(d, false, -1), w = draw_direction(d, false, -1);
  const std::int64_t divisor = d.chance(0.6) ? 0 : d.flag() ? 3 : -2;
  if (!s.refused) {
    const auto& shape = s.inputs[0].shape;
    s.refused = h.pad > h.reach() / 2 || w.pad > w.reach() / 2 || windows(shape[shape.size() - 2], h, ceil_mode) <= 0 ||
                windows(shape.back(), w, ceil_mode) <= 0;
  }
  s.call = "avg_pool2d(" + str(h, w) + (ceil_mode ? ", ceil" : "") + (count_pad ? ", padding counts" : "") +
           ", divisor " + std::to_string(divisor) + ")";
  s.calls([=](const auto& in) {
    cr::AvgPool2dOptions o{.stride = two(h.stride, w.stride),
                           .padding = two(h.pad, w.pad),
                           .ceil_mode = ceil_mode,
                           .count_include_pad = count_pad};
    if (divisor != 0) o.divisor_override = divisor;
    return cr::avg_pool2d(in[0], two(h.kernel, w.kernel), o);
  });
  s.expects([=](const Arrays& in) {
    return pooled(in[0], h, w, ceil_mode, [=](const std::vector<Number>& l, double padded) {
      Number sum;
      for (const auto& v : l) sum = sum + v;
      return sum / Number(divisor != 0 ? static_cast<double>(divisor)
                          : count_pad  ? padded
                                       : static_cast<double>(l.size()));
    });
  });
  return s;
}
Sample draw_adaptive(Draw& d) {
  Sample s;
  s.inputs = {draw_image(d, plain, s.refused)};
  const auto oh = d.between(d.chance(0.03) ? 0 : 1, 5), ow = d.between(1, 5);
  s.refused = s.refused || oh == 0;
  s.call = "adaptive_avg_pool2d({" + std::to_string(oh) + ", " + std::to_string(ow) + "})";
  s.calls([=](const auto& in) { return cr::adaptive_avg_pool2d(in[0], two(oh, ow)); });
  s.expects([=](const Arrays& in) {
    Sizes shape = in[0].shape;
    const auto rows = shape.size() - 2, columns = shape.size() - 1;
    const auto h = shape[rows], w = shape[columns];
    shape[rows] = oh, shape[columns] = ow;
    return build(shape, [&](const Sizes& i) {
      Number sum;
      double n = 0;
      Sizes there = i;
      for (there[rows] = i[rows] * h / oh; there[rows] < ((i[rows] + 1) * h + oh - 1) / oh; ++there[rows])
        for (there[columns] = i[columns] * w / ow; there[columns] < ((i[columns] + 1) * w + ow - 1) / ow;
             ++there[columns])
          sum = sum + in[0].at(there), ++n;
      return sum / Number(n);
    });
  });
  return s;
}
Sample draw_conv(Draw& d) {
  Sample s;
  const std::int64_t groups = d.chance(0.6) ? 1 : d.between(2, 3), out = groups * d.between(1, 2),
                     in_group = d.between(1, 2);
  Direction h = draw_direction(d, true, 2), w = draw_direction(d, true, 2);
  if (d.chance(0.2)) h = w = {3, 1, d.between(0, 1), 1};  // what fast algorithms are for
  Sizes shape{d.size(2), groups * in_group, d.between(1, 6), d.between(1, 6)};
  if (d.chance(0.03)) shape[1] += 1, s.refused = true;
  if (d.flag()) shape.erase(shape.begin());
  s.inputs = {d.values(shape, plain), d.values({out, in_group, h.kernel, w.kernel}, plain)};
  const bool bias = d.flag();
  if (bias) s.inputs.push_back(d.values({out + (d.chance(0.02) ? 1 : 0)}, plain));
  if (bias) s.refused = s.refused || s.inputs[2].shape[0] != out;
  const auto oh = windows(shape[shape.size() - 2], h, false), ow = windows(shape.back(), w, false);
  s.refused = s.refused || oh <= 0 || ow <= 0;
  s.looser = 4;
  s.call = "conv2d(" + str(h, w) + ", groups " + std::to_string(groups) + (bias ? ", bias)" : ")");
  s.calls([=](const auto& in) {
    const cr::Conv2dFuncOptions o{.stride = two(h.stride, w.stride),
                                  .padding = two(h.pad, w.pad),
                                  .dilation = two(h.dilation, w.dilation),
                                  .groups = groups};
    return bias ? cr::conv2d(in[0], in[1], in[2], o) : cr::conv2d(in[0], in[1], o);
  });
  s.expects([=](const Arrays& in) {
    const Array x = as_batch(in[0]);
    Array y = build({x.shape[0], out, oh, ow}, [&](const Sizes& i) {
      Number sum = bias ? in[2].x[static_cast<std::size_t>(i[1])] : Number(0);
      const auto group = i[1] / (out / groups);
      for (std::int64_t c = 0; c < in_group; ++c)
        for (std::int64_t a = 0; a < h.kernel; ++a)
          for (std::int64_t b = 0; b < w.kernel; ++b) {
            const auto row = i[2] * h.stride - h.pad + a * h.dilation,
                       column = i[3] * w.stride - w.pad + b * w.dilation;
            if (row < 0 || row >= x.shape[2] || column < 0 || column >= x.shape[3]) continue;
            sum = sum + in[1].at({i[1], c, a, b}) * x.at({i[0], group * in_group + c, row, column});
          }
      return sum;
    });
    if (in[0].dim() == 3) y.shape.erase(y.shape.begin());
    return y;
  });
  return s;
}

}  // namespace

RandomOps window_ops() {
  return {{"conv2d", draw_conv},
          {"max_pool2d", draw_max_pool},
          {"avg_pool2d", draw_avg_pool},
          {"avg_pool2d", draw_adaptive}};
}

}  // namespace chainrule_test::drawn
