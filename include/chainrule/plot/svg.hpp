#pragma once
// Svg writes the elements of a picture. Colours are plain attributes, which every renderer reads, and classes, which
// the style sheet changes where the reader's background is dark.

#include <chainrule/core/compiled.hpp>
#include <chainrule/plot/colors.hpp>
#include <chainrule/plot/state.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::plot::detail {

struct Rect {
  double x = 0, y = 0, width = 0, height = 0;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
  bool holds(double px, double py, double margin = 0) const {
    return px >= x - margin && px <= right() + margin && py >= y - margin && py <= bottom() + margin;
  }
};

enum class Anchor { start, middle, end };

struct TextStyle {
  double size = 11;
  Anchor anchor = Anchor::start;
  bool bold = false;
  Paint paint = ink;
  double rotate = 0;  ///< degrees, clockwise, around (x, y)
};

struct Stroke {
  Paint paint = no_paint;
  double width = 1;
  const char* more = "";  ///< attributes: " stroke-dasharray=..."
};

class Svg {
 public:
  explicit Svg(Theme theme) : theme_(theme) {}

  void path(std::string_view d, Paint fill, Stroke stroke = {});
  void rect(const Rect& r, Paint fill, Stroke stroke = {});
  void line(double x0, double y0, double x1, double y1, Stroke stroke);
  /// The baseline begins (or ends, or has its middle) at (x, y).
  void text(double x, double y, std::string_view text, const TextStyle& style = {});
  /// A PNG of pixels, drawn without blur.
  void image(const Rect& r, const std::vector<unsigned char>& png);
  /// Between begin_clip and end_clip nothing is drawn outside of r.
  void begin_clip(const Rect& r);
  void end_clip() { body_ += "</g>\n"; }

  /// The whole file.
  std::string finish(double width, double height, std::string_view title, std::string_view description) const;

 private:
  std::string paint(Paint fill, const Stroke& stroke);
  std::string class_of(char kind, Paint paint);

  Theme theme_;
  std::string body_;
  struct Used {
    char kind;  // 'f' fill, 's' stroke
    Paint paint;
    std::string name;
  };
  std::vector<Used> used_;
  std::vector<Rect> clips_;
  std::vector<std::size_t> clip_ids_;  // where in body_ finish() puts them
};

/// Appends "M12.5 3" to a path, in few characters.
void append_point(std::string& d, char command, double x, double y, int decimals = 1);

}  // namespace chainrule::plot::detail

#if CHAINRULE_DEFINITIONS
#include <chainrule/plot/text.hpp>

namespace chainrule::plot::detail {

[[gnu::cold]] CHAINRULE_INLINE void append_point(std::string& d, char command, double x, double y, int decimals) {
  d += command;
  append_coordinate(d, x, decimals);
  d += ' ';
  append_coordinate(d, y, decimals);
}

[[gnu::cold]] CHAINRULE_INLINE std::string hex_color(std::uint32_t rgb) {
  if (rgb > 0xffffff) return "none";
  std::string s = "#";
  for (int shift = 20; shift >= 0; shift -= 4) s += "0123456789abcdef"[rgb >> shift & 15];
  return s;
}

[[gnu::cold]] CHAINRULE_INLINE void append_attribute(std::string& s, const char* name, double value) {
  ((s += ' ') += name) += "=\"";
  append_coordinate(s, value);
  s += '"';
}

[[gnu::cold]] CHAINRULE_INLINE void append_rect(std::string& s, const Rect& r) {
  append_attribute(s, "x", r.x);
  append_attribute(s, "y", r.y);
  append_attribute(s, "width", r.width);
  append_attribute(s, "height", r.height);
}

/// A name made of what it stands for, so that the names of two figures in one HTML page do not meet.
[[gnu::cold]] CHAINRULE_INLINE std::string id_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::string s;
  for (int i = 0; i < 8; ++i, hash >>= 5) s += "abcdefghijklmnopqrstuvwxyz234567"[hash & 31];
  return s;
}

[[gnu::cold]] CHAINRULE_INLINE std::string Svg::class_of(char kind, Paint paint) {
  if (theme_ != Theme::automatic || paint.light == paint.dark) return {};
  for (const auto& used : used_)
    if (used.kind == kind && used.paint == paint) return used.name;
  used_.push_back({kind, paint,
                   'c' + id_of(kind + hex_color(paint.light) + hex_color(paint.dark)).substr(0, 6)});  // no digit first
  return used_.back().name;
}

[[gnu::cold]] CHAINRULE_INLINE std::string Svg::paint(Paint fill, const Stroke& stroke) {
  const auto shown = [&](Paint p) { return hex_color(theme_ == Theme::dark ? p.dark : p.light); };
  std::string s = " fill=\"" + shown(fill) + '"', classes = class_of('f', fill);
  if (stroke.paint != no_paint) {
    s += " stroke=\"" + shown(stroke.paint) + '"';
    append_attribute(s, "stroke-width", stroke.width);
    s += stroke.more;
    const std::string other = class_of('s', stroke.paint);
    if (!other.empty()) classes += (classes.empty() ? "" : " ") + other;
  }
  if (!classes.empty()) s += " class=\"" + classes + '"';
  return s;
}

[[gnu::cold]] CHAINRULE_INLINE void Svg::path(std::string_view d, Paint fill, Stroke stroke) {
  if (d.empty()) return;
  body_ += "<path" + paint(fill, stroke) + " d=\"";
  body_ += d;
  body_ += "\"/>\n";
}

[[gnu::cold]] CHAINRULE_INLINE void Svg::rect(const Rect& r, Paint fill, Stroke stroke) {
  body_ += "<rect";
  append_rect(body_, r);
  body_ += paint(fill, stroke) + "/>\n";
}

[[gnu::cold]] CHAINRULE_INLINE void Svg::line(double x0, double y0, double x1, double y1, Stroke stroke) {
  std::string d;
  append_point(d, 'M', x0, y0, 2);
  append_point(d, 'L', x1, y1, 2);
  path(d, no_paint, stroke);
}

[[gnu::cold]] CHAINRULE_INLINE void Svg::text(double x, double y, std::string_view text, const TextStyle& style) {
  if (text.empty()) return;
  body_ += "<text";
  append_attribute(body_, "x", x);
  append_attribute(body_, "y", y);
  append_attribute(body_, "font-size", style.size);
  if (style.bold) body_ += " font-weight=\"bold\"";
  if (style.anchor != Anchor::start)
    body_ += style.anchor == Anchor::middle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
  if (style.rotate != 0) {
    std::string around;
    append_coordinate(around, style.rotate);
    append_point(around, ' ', x, y, 2);
    body_ += " transform=\"rotate(" + around + ")\"";
  }
  body_ += paint(style.paint, {}) + '>' + escape(text) + "</text>\n";
}

[[gnu::cold]] CHAINRULE_INLINE void Svg::image(const Rect& r, const std::vector<unsigned char>& png) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  body_ += "<image";
  append_rect(body_, r);
  body_ += " preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,";
  for (std::size_t i = 0; i < png.size(); i += 3) {
    const std::size_t left = png.size() - i;
    const unsigned bits = unsigned{png[i]} << 16u | (left > 1 ? png[i + 1] : 0u) << 8u | (left > 2 ? png[i + 2] : 0u);
    body_ += digits[bits >> 18];
    body_ += digits[bits >> 12 & 63];
    body_ += left > 1 ? digits[bits >> 6 & 63] : '=';
    body_ += left > 2 ? digits[bits & 63] : '=';
  }
  body_ += "\"/>\n";
}

[[gnu::cold]] CHAINRULE_INLINE void Svg::begin_clip(const Rect& r) {
  clips_.push_back(r);
  body_ += "<g clip-path=\"url(#";
  clip_ids_.push_back(body_.size());
  body_ += ")\">\n";
}

[[gnu::cold]] CHAINRULE_INLINE std::string Svg::finish(double width, double height, std::string_view title,
                                                       std::string_view description) const {
  const std::string id = id_of(body_), title_id = "title-" + id, desc_id = "desc-" + id;
  std::string s = "<svg xmlns=\"http://www.w3.org/2000/svg\"", size;
  append_attribute(s, "width", width);
  append_attribute(s, "height", height);
  append_point(size, ' ', width, height);
  s += " viewBox=\"0 0" + size + "\" role=\"img\" aria-labelledby=\"" + title_id + ' ' + desc_id +
       "\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n<title id=\"" + title_id +
       "\">" + escape(title) + "</title>\n<desc id=\"" + desc_id + "\">" + escape(description) + "</desc>\n";
  if (!used_.empty()) {
    s += "<style>@media (prefers-color-scheme: dark) {\n";
    for (const auto& [kind, paint, name] : used_)
      s += '.' + name + (kind == 'f' ? " {fill: " : " {stroke: ") + hex_color(paint.dark) + "}\n";
    s += "}</style>\n";
  }
  for (std::size_t i = 0; i < clips_.size(); ++i) {
    s += "<clipPath id=\"" + id + std::to_string(i) + "\"><rect";
    append_rect(s, clips_[i]);
    s += "/></clipPath>\n";
  }
  std::size_t begin = 0;
  for (std::size_t i = 0; i < clip_ids_.size(); ++i) {
    s.append(body_, begin, clip_ids_[i] - begin).append(id).append(std::to_string(i));
    begin = clip_ids_[i];
  }
  s.append(body_, begin);
  return s + "</svg>\n";
}

}  // namespace chainrule::plot::detail
#endif
