#pragma once
// Drawn digits: a stand-in for MNIST that needs no file. 28x28 grey images of the ten digits, drawn with a wobbly pen.

#include <chainrule/core/compiled.hpp>
#include <chainrule/core/error.hpp>
#include <chainrule/core/parallel.hpp>
#include <chainrule/core/shape.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace chainrule::data {

namespace drawn {

struct Point {
  float x = 0, y = 0;
};

/// A smooth curve through its points. x runs to the right, y down; a digit fills about [0.2, 0.8] x [0, 1].
struct Stroke {
  constexpr Stroke() = default;
  constexpr Stroke(std::initializer_list<Point> list) {
    for (const Point& p : list) points[count++] = p;
  }
  std::array<Point, 13> points{};
  std::size_t count = 0;
};

/// One way of writing a digit. Where the pen turns a corner, one stroke ends and the next begins.
struct Glyph {
  constexpr Glyph(int d, std::initializer_list<Stroke> list) : digit(d) {
    for (const Stroke& s : list) strokes[count++] = s;
  }
  int digit;
  std::array<Stroke, 3> strokes{};
  std::size_t count = 0;
};

// clang-format off
inline constexpr std::array glyphs{
    Glyph{0, {{{.55f, .02f}, {.3f, .12f}, {.2f, .45f}, {.27f, .82f}, {.5f, .98f}, {.74f, .82f}, {.8f, .48f},
               {.72f, .15f}, {.52f, .02f}}}},
    Glyph{0, {{{.66f, .1f}, {.4f, .03f}, {.2f, .3f}, {.2f, .7f}, {.42f, .97f}, {.7f, .84f}, {.8f, .5f}, {.72f, .18f},
               {.5f, .03f}, {.36f, .1f}}}},
    Glyph{1, {{{.5f, 0}, {.5f, .5f}, {.5f, 1}}}},
    Glyph{1, {{{.52f, 0}, {.49f, .35f}, {.5f, .7f}, {.52f, 1}}}},
    Glyph{1, {{{.34f, .24f}, {.45f, .12f}, {.54f, 0}}, {{.54f, 0}, {.53f, .5f}, {.52f, 1}}}},
    Glyph{1, {{{.36f, .2f}, {.52f, 0}}, {{.52f, 0}, {.52f, .5f}, {.52f, .98f}},
              {{.3f, .99f}, {.52f, .98f}, {.74f, .98f}}}},
    Glyph{2, {{{.22f, .25f}, {.35f, .05f}, {.6f, .02f}, {.76f, .2f}, {.68f, .45f}, {.45f, .72f}, {.2f, .96f}},
              {{.2f, .96f}, {.5f, .94f}, {.82f, .97f}}}},
    Glyph{2, {{{.25f, .18f}, {.45f, .02f}, {.7f, .12f}, {.7f, .4f}, {.48f, .78f}, {.26f, .96f}, {.16f, .85f},
               {.32f, .76f}, {.56f, .9f}, {.84f, .93f}}}},
    Glyph{3, {{{.24f, .12f}, {.48f, .01f}, {.72f, .14f}, {.66f, .38f}, {.42f, .47f}},
              {{.42f, .47f}, {.7f, .56f}, {.78f, .76f}, {.58f, .97f}, {.3f, .95f}, {.18f, .83f}}}},
    Glyph{3, {{{.2f, .05f}, {.48f, .04f}, {.74f, .04f}},
              {{.74f, .04f}, {.6f, .22f}, {.44f, .4f}},
              {{.44f, .4f}, {.7f, .48f}, {.78f, .74f}, {.54f, .98f}, {.2f, .88f}}}},
    Glyph{3, {{{.22f, .1f}, {.5f, .0f}, {.72f, .16f}, {.6f, .38f}, {.46f, .46f}, {.66f, .54f}, {.77f, .76f},
               {.54f, .98f}, {.2f, .9f}}}},
    Glyph{4, {{{.27f, .02f}, {.23f, .28f}, {.2f, .55f}}, {{.2f, .55f}, {.5f, .54f}, {.84f, .52f}},
              {{.68f, .06f}, {.65f, .5f}, {.63f, 1}}}},
    Glyph{4, {{{.62f, 0}, {.4f, .33f}, {.15f, .66f}}, {{.15f, .66f}, {.5f, .65f}, {.86f, .66f}},
              {{.62f, 0}, {.63f, .5f}, {.62f, 1}}}},
    Glyph{4, {{{.22f, .05f}, {.19f, .32f}, {.3f, .5f}, {.52f, .5f}, {.74f, .38f}},
              {{.77f, .02f}, {.71f, .5f}, {.66f, 1}}}},
    Glyph{5, {{{.77f, .03f}, {.54f, .03f}, {.32f, .05f}},
              {{.32f, .05f}, {.29f, .25f}, {.27f, .45f}},
              {{.27f, .45f}, {.5f, .38f}, {.74f, .5f}, {.76f, .76f}, {.55f, .97f}, {.3f, .95f}, {.18f, .84f}}}},
    Glyph{5, {{{.8f, .02f}, {.5f, .04f}, {.3f, .18f}, {.34f, .38f}, {.62f, .52f}, {.72f, .75f}, {.5f, .97f},
               {.2f, .9f}}}},
    Glyph{6, {{{.68f, .02f}, {.4f, .25f}, {.24f, .6f}, {.34f, .92f}, {.58f, .98f}, {.76f, .8f}, {.66f, .6f},
               {.44f, .58f}, {.27f, .74f}}}},
    Glyph{6, {{{.5f, 0}, {.31f, .34f}, {.22f, .7f}, {.4f, .98f}, {.7f, .9f}, {.74f, .66f}, {.52f, .56f},
               {.25f, .74f}}}},
    Glyph{7, {{{.2f, .06f}, {.5f, .05f}, {.8f, .04f}}, {{.8f, .04f}, {.58f, .45f}, {.42f, 1}}}},
    Glyph{7, {{{.2f, .07f}, {.5f, .05f}, {.8f, .05f}}, {{.8f, .05f}, {.58f, .45f}, {.44f, 1}},
              {{.36f, .5f}, {.54f, .49f}, {.74f, .47f}}}},
    Glyph{7, {{{.17f, .2f}, {.22f, .05f}, {.5f, .08f}, {.79f, .05f}},
              {{.79f, .05f}, {.6f, .35f}, {.51f, .7f}, {.49f, 1}}}},
    Glyph{8, {{{.72f, .15f}, {.5f, .01f}, {.28f, .16f}, {.38f, .4f}, {.62f, .56f}, {.76f, .78f}, {.52f, .99f},
               {.25f, .82f}, {.36f, .58f}, {.62f, .42f}, {.74f, .2f}, {.64f, .06f}}}},
    Glyph{8, {{{.5f, .46f}, {.3f, .34f}, {.32f, .1f}, {.52f, .01f}, {.72f, .12f}, {.7f, .34f}, {.5f, .46f}},
              {{.5f, .46f}, {.26f, .62f}, {.26f, .88f}, {.5f, .99f}, {.76f, .88f}, {.76f, .62f}, {.5f, .46f}}}},
    Glyph{9, {{{.75f, .2f}, {.56f, .02f}, {.3f, .1f}, {.24f, .34f}, {.42f, .5f}, {.66f, .42f}, {.76f, .2f}},
              {{.76f, .18f}, {.72f, .55f}, {.66f, 1}}}},
    Glyph{9, {{{.74f, .2f}, {.54f, .02f}, {.3f, .12f}, {.25f, .36f}, {.44f, .5f}, {.66f, .42f}, {.76f, .2f}},
              {{.76f, .2f}, {.78f, .55f}, {.68f, .87f}, {.46f, .99f}, {.25f, .91f}}}},
};
// clang-format on

/// Scrambles 64 bits so that neighbouring numbers give unrelated ones (the finaliser of splitmix64).
constexpr std::uint64_t scramble(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// A stream of random numbers that belongs to one image.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(scramble(seed)) {}
  std::uint64_t bits() { return scramble(state_++); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((bits() >> 32) * n >> 32); }
  float uniform(float low, float high) { return low + (high - low) * static_cast<float>(bits() >> 40) * 0x1p-24f; }
  float bell(float width) {
    return (uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1)) * width / 3;
  }  // within +-width, mostly near 0

 private:
  std::uint64_t state_;
};

/// The strokes of one digit as short straight pieces; the first point of each stroke is marked.
struct Path {
  struct Vertex {
    Point at;
    bool starts;
  };
  std::array<Vertex, 3 * 12 * 6> vertices;
  std::size_t count = 0;
};

/// Bends a glyph as a hand would: every point off a little, the whole slanted, turned, stretched and bent.
Path write_by_hand(const Glyph& glyph, Dice& dice);

/// Scales the path to about 20 pixels on its longer side and puts it near the middle of the image, as MNIST has it.
void fit_to_image(Path& path, Dice& dice);

/// Blackens each pixel by its distance to the line from a to b, drawn with a round pen of the given radius.
void ink_line(std::span<float, 784> ink, Point a, Point b, float radius, float softness);

}  // namespace drawn

/// Draws one digit, 0 to 9, into 784 bytes (28 rows of 28 pixels, 0 background, 255 ink). The same digit and seed
/// always give the same image; other seeds give another hand: another way of writing it, slant, turn, width, pen,
/// position, and a little noise.
void draw_digit(int digit, std::uint64_t seed, std::uint8_t* image28x28, Location at = Location::here());

struct DrawnDigitsBytes {
  std::vector<std::uint8_t> images;  ///< count x 28 x 28, as MNIST's images
  std::vector<std::uint8_t> labels;  ///< count, each 0..9; every ten in a row hold each digit once
};

/// `count` drawn digits with their labels. Image i depends on seed and i only, so a longer set begins with the shorter
/// one; use different seeds for training and test.
///     auto set = drawn_digits_bytes(1000, 7);   // set.images.size() is 784000, set.labels.size() is 1000
DrawnDigitsBytes drawn_digits_bytes(std::int64_t count, std::uint64_t seed, Location at = Location::here());

}  // namespace chainrule::data

#if CHAINRULE_DEFINITIONS
namespace chainrule::data::drawn {

CHAINRULE_INLINE Path write_by_hand(const Glyph& glyph, Dice& dice) {
  constexpr std::size_t steps = 5;  // pieces between two points of a stroke
  const float slant = dice.uniform(-0.15f, 0.5f), turn = dice.bell(0.35f);
  const float width = dice.uniform(0.7f, 1.15f), bend = dice.bell(0.12f), squeeze = dice.bell(0.25f);
  const float sine = std::sin(turn), cosine = std::cos(turn);
  const float wobble = glyph.digit == 1 ? 0.035f : 0.075f;  // how far a point may be off
  Path path;
  for (std::size_t s = 0; s < glyph.count; ++s) {
    Stroke stroke = glyph.strokes[s];
    for (std::size_t i = 0; i < stroke.count; ++i) {
      Point& p = stroke.points[i];
      const float x = p.x - 0.5f + dice.bell(wobble), y = p.y - 0.5f + dice.bell(wobble);
      const float bowed =
          (x * (1 + squeeze * 2 * y) + bend * (1 - 4 * y * y)) * width - slant * y;  // wider at one end, bowed, slanted
      p = {cosine * bowed - sine * y, sine * bowed + cosine * y};
    }
    const auto point = [&](std::size_t i) { return stroke.points[std::min(i, stroke.count - 1)]; };
    path.vertices[path.count++] = {point(0), true};
    for (std::size_t i = 0; i + 1 < stroke.count; ++i) {  // Catmull-Rom: no corners
      const Point a = point(i == 0 ? 0 : i - 1), b = point(i), c = point(i + 1), d = point(i + 2);
      for (std::size_t k = 1; k <= steps; ++k) {
        const float t = static_cast<float>(k) / steps;
        const float wa = ((2 - t) * t - 1) * t / 2, wb = ((3 * t - 5) * t * t + 2) / 2,
                    wc = ((4 - 3 * t) * t + 1) * t / 2, wd = (t - 1) * t * t / 2;
        path.vertices[path.count++] = {
            {wa * a.x + wb * b.x + wc * c.x + wd * d.x, wa * a.y + wb * b.y + wc * c.y + wd * d.y}, false};
      }
    }
  }
  return path;
}

CHAINRULE_INLINE void fit_to_image(Path& path, Dice& dice) {
  Point low{1e9f, 1e9f}, high{-1e9f, -1e9f};
  for (std::size_t i = 0; i < path.count; ++i) {
    const Point p = path.vertices[i].at;
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const float scale = dice.uniform(15.5f, 19.5f) / std::max(high.x - low.x, high.y - low.y);
  const Point middle{14 + dice.bell(2.5f), 14 + dice.bell(2.5f)};
  for (std::size_t i = 0; i < path.count; ++i) {
    Point& p = path.vertices[i].at;
    p = {middle.x + (p.x - (low.x + high.x) / 2) * scale, middle.y + (p.y - (low.y + high.y) / 2) * scale};
  }
}

CHAINRULE_INLINE void ink_line(std::span<float, 784> ink, Point a, Point b, float radius, float softness) {
  const float reach = radius + softness;
  const auto pixel = [](float v) { return static_cast<int>(std::clamp(v, 0.0f, 27.0f)); };
  const Point along{b.x - a.x, b.y - a.y};
  const float length2 = along.x * along.x + along.y * along.y;
  for (int row = pixel(std::min(a.y, b.y) - reach); row <= pixel(std::max(a.y, b.y) + reach); ++row) {
    for (int col = pixel(std::min(a.x, b.x) - reach); col <= pixel(std::max(a.x, b.x) + reach); ++col) {
      const Point from_a{static_cast<float>(col) + 0.5f - a.x, static_cast<float>(row) + 0.5f - a.y};
      const float t = length2 > 0 ? std::clamp((from_a.x * along.x + from_a.y * along.y) / length2, 0.0f, 1.0f) : 0.0f;
      const float dx = from_a.x - t * along.x, dy = from_a.y - t * along.y;
      const float distance = std::sqrt(dx * dx + dy * dy);
      float& there = ink[static_cast<std::size_t>(28 * row + col)];
      there = std::max(there, std::clamp((reach - distance) / (2 * softness), 0.0f, 1.0f));
    }
  }
}

}  // namespace chainrule::data::drawn
namespace chainrule::data {

CHAINRULE_INLINE void draw_digit(int digit, std::uint64_t seed, std::uint8_t* image28x28, Location at) {
  check(digit >= 0 && digit <= 9, at, "draw_digit: digit must be in 0..9, got ", digit);
  check(image28x28 != nullptr, at, "draw_digit: image is null; it needs room for 784 bytes");
  drawn::Dice dice(seed);
  std::size_t first = 0, ways = 0;
  for (std::size_t i = 0; i < drawn::glyphs.size(); ++i) {
    if (drawn::glyphs[i].digit != digit) continue;
    if (ways++ == 0) first = i;
  }
  auto path = drawn::write_by_hand(drawn::glyphs[first + dice.below(ways)], dice);
  drawn::fit_to_image(path, dice);

  const float radius = dice.uniform(0.75f, 1.75f), softness = dice.uniform(0.5f, 0.8f), swell = dice.uniform(0, 0.2f),
              phase = dice.uniform(0, 6.28f);
  std::array<float, 784> ink{};
  for (std::size_t i = 1; i < path.count; ++i) {
    if (path.vertices[i].starts) continue;
    const float pressure =
        1 + swell * std::sin(phase + 0.25f * static_cast<float>(i));  // the pen's line is not equally thick everywhere
    drawn::ink_line(ink, path.vertices[i - 1].at, path.vertices[i].at, radius * pressure, softness);
  }
  const float darkness = dice.uniform(0.85f, 1), grain = dice.uniform(0.02f, 0.15f);
  for (std::size_t i = 0; i < ink.size(); ++i) {
    const float noise = ink[i] > 0 ? 1 - dice.uniform(0, grain) : 0.0f;
    image28x28[i] = static_cast<std::uint8_t>(255.0f * darkness * ink[i] * noise + 0.5f);
  }
}

CHAINRULE_INLINE DrawnDigitsBytes drawn_digits_bytes(std::int64_t count, std::uint64_t seed, Location at) {
  check(count >= 0, at, "drawn_digits_bytes: count must not be negative, got ", count);
  chainrule::detail::checked_numel({count, 28, 28}, 1, "drawn_digits_bytes", at);
  const auto n = static_cast<std::size_t>(count);
  DrawnDigitsBytes set{std::vector<std::uint8_t>(784 * n), std::vector<std::uint8_t>(n)};
  parallel_chunks(count, 100, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto index = static_cast<std::uint64_t>(i);
      std::array<std::uint8_t, 10> order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};  // of the ten images that this one is among
      drawn::Dice shuffle(drawn::scramble(seed) ^ drawn::scramble(~(index / 10)));
      for (std::size_t k = 9; k > 0; --k) std::swap(order[k], order[shuffle.below(k + 1)]);
      const std::uint8_t label = order[index % 10];
      set.labels[index] = label;
      draw_digit(label, drawn::scramble(seed) + drawn::scramble(index), set.images.data() + 784 * index);
    }
  });
  return set;
}

}  // namespace chainrule::data
#endif
