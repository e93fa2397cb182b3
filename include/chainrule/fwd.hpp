#pragma once
// Forward declarations. This file includes nothing of the library and stays cheap; if you need more, include api.hpp.

#include <cstdint>

namespace chainrule {

template <class T = float> class Tensor;
class TensorBase;
class Shape;
class Error;
class Generator;
struct Location;
class Device;
enum class DType : std::uint8_t;

namespace nn {
template <class Self> struct Module;
template <class T> class BasicParameter;
template <class T> class BasicBuffer;
}  // namespace nn

}  // namespace chainrule
