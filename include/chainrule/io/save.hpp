#pragma once
// save() and load(): files of named tensors, or of one tensor, the format chosen by the file's ending.

#include <chainrule/core/compiled.hpp>
#include <chainrule/io/safetensors.hpp>
#include <chainrule/nn/state_dict.hpp>
#include <string>

namespace chainrule {

namespace detail {
void check_safetensors_name(const std::string& path, const char* op, Location at);
}  // namespace detail

/// Writes named tensors, such as a module's state_dict(), to a .safetensors file, which PyTorch's safetensors package
/// reads.
///     save(net.state_dict(), "mnist.safetensors");
template <class Pairs> void save(const Pairs& tensors, const std::string& path, Location at = Location::here()) {
  detail::check_safetensors_name(path, "save", at);
  io::save_safetensors(tensors, path, {{"format", "pt"}}, at);
}

/// Reads a .safetensors file: names and tensors, in the order of the file.
///     net.load_state_dict(load("mnist.safetensors"));
nn::StateDict load(const std::string& path, Location at = Location::here());

/// Writes one tensor, under the name "tensor".
///     save(x, "x.safetensors");
template <std::derived_from<TensorBase> X>
void save(const X& x, const std::string& path, Location at = Location::here()) {
  save(std::vector<std::pair<std::string, TensorBase>>{{"tensor", x}}, path, at);
}

/// Reads a file that holds one tensor, whatever its name. Throws if it holds more, or another element type than T.
///     Tensor<> x = load_tensor("x.safetensors");
///     auto labels = load_tensor<std::int64_t>("labels.safetensors");
template <class T = float> Tensor<T> load_tensor(const std::string& path, Location at = Location::here()) {
  const nn::StateDict dict = load(path, at);
  check(dict.size() == 1, at, "load_tensor: ", path, " holds ", dict.size(),
        " tensors; load(path)[\"name\"] gives one of them");
  return dict.get<T>(dict[0].first, at);
}
/// load<T>(path) is load_tensor<T>(path).
template <class T> Tensor<T> load(const std::string& path, Location at = Location::here()) {
  return load_tensor<T>(path, at);
}

}  // namespace chainrule

#if CHAINRULE_DEFINITIONS
namespace chainrule::detail {

CHAINRULE_INLINE void check_safetensors_name(const std::string& path, const char* op, Location at) {
  const std::size_t name = path.find_last_of('/') + 1, dot = path.find_last_of('.');
  const std::string ending = dot == std::string::npos || dot <= name ? std::string() : path.substr(dot);
  check(ending == ".safetensors", at, op, ": ", path, ": the format follows from the ending, and \"", ending,
        "\" is not known; use .safetensors");
}

}  // namespace chainrule::detail
namespace chainrule {

CHAINRULE_INLINE nn::StateDict load(const std::string& path, Location at) {
  detail::check_safetensors_name(path, "load", at);
  nn::StateDict dict;
  for (auto& [name, tensor] : io::load_safetensors(path, at).tensors) dict.emplace_back(name, tensor);
  return dict;
}

}  // namespace chainrule
#endif
