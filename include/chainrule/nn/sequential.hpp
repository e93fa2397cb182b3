#pragma once
// Sequential: modules of any types, one after the other. ModuleList, ModuleDict, ParameterList, ParameterDict: members
// that hold several.

#include <chainrule/nn/module.hpp>
#include <chainrule/ops/inplace.hpp>

namespace chainrule::nn {

/// A module of any type from a tensor to a Tensor<T>, as a value: a copy is deep. Anything that can be called will do,
/// a lambda too.
template <class T> class BasicAnyModule {
  template <class M> static constexpr bool takes_real = std::is_invocable_r_v<Tensor<T>, M&, const Tensor<T>&>;

  template <class M> static consteval bool fits() {
    if constexpr (std::same_as<M, BasicAnyModule>) return false;
    else if constexpr (takes_real<M>) return true;
    else return std::is_invocable_r_v<Tensor<T>, M&, const Tensor<std::int64_t>&>;
  }

 public:
  using scalar_type = T;

  template <class M>
  requires(fits<std::remove_cvref_t<M>>()) BasicAnyModule(M&& module)
      : held_(std::make_unique<Held<std::remove_cvref_t<M>>>(std::forward<M>(module))) {}
  BasicAnyModule(const BasicAnyModule& other) : held_(other.held_->clone()) {}
  BasicAnyModule(BasicAnyModule&&) noexcept = default;
  BasicAnyModule& operator=(const BasicAnyModule& other) {
    if (this != &other && !held_->assign(*other.held_)) held_ = other.held_->clone();
    return *this;
  }
  BasicAnyModule& operator=(BasicAnyModule&&) noexcept = default;
  ~BasicAnyModule() = default;

  Tensor<T> operator()(Tensor<T> x, Location at = Location::here()) const { return held_->call(std::move(x), at); }
  Tensor<T> operator()(const Tensor<std::int64_t>& x, Location at = Location::here()) const {
    return held_->call_index(x, at);
  }

  /// x = next((*this)(x)) where this module knows how to do both in one, bit for bit as one by one; else false, and x
  /// is as it was. A module that knows has `bool forward_with(ModuleRef next, Tensor<T>& x, Location at) const`.
  bool call_with(const BasicAnyModule& next, Tensor<T>& x, Location at) const {
    return held_->call_with(next.ref(), x, at);
  }
  ModuleRef ref() const { return held_ ? held_->ref() : ModuleRef(); }  ///< null after it was moved from
  /// The module itself if it is an M, else null: seq[0].as<nn::Linear>()->weight.
  template <class M> M* as() const { return ref().template as<M>(); }
  std::string str() const { return ref().str(); }

 private:
  struct Base {
    Base() = default;
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    virtual ~Base() = default;
    virtual std::unique_ptr<Base> clone() const = 0;
    virtual bool assign(const Base& other) = 0;  // false if it is a module of another type
    virtual Tensor<T> call(Tensor<T> x, Location at) = 0;
    virtual bool call_with(ModuleRef next, Tensor<T>& x, Location at) = 0;
    virtual Tensor<T> call_index(const Tensor<std::int64_t>& x, Location at) = 0;
    virtual ModuleRef ref() const = 0;
  };
  template <class M> struct Held final : Base {
    mutable M module;

    explicit Held(M&& m) : module(std::move(m)) {}
    explicit Held(const M& m) requires std::is_copy_constructible_v<M> : module(m) {}

    std::unique_ptr<Base> clone() const override {
      if constexpr (std::is_copy_constructible_v<M>) return std::make_unique<Held>(static_cast<const M&>(module));
      else
        fail({}, "Sequential: a ", ref().type_name(),
             " cannot be copied (it holds something that cannot), so neither can what holds it");
    }
    bool assign(const Base& other) override {
      if constexpr (std::is_copy_assignable_v<M>) {
        M* same = other.ref().template as<M>();
        if (same) module = static_cast<const M&>(*same);
        return same;
      } else {
        return false;
      }
    }
    template <class X> Tensor<T> run(X&& x, Location at) {
      if constexpr (std::is_invocable_v<M&, X, Location>) return module(std::forward<X>(x), at);
      else return module(std::forward<X>(x));
    }
    Tensor<T> call(Tensor<T> x, Location at) override {
      if constexpr (takes_real<M>) return run(std::move(x), at);
      else
        fail(at, ref().type_name(), ": takes a tensor of int64, got ", name_of(x.dtype()),
             "; x.to<std::int64_t>() converts");
    }
    bool call_with([[maybe_unused]] ModuleRef next, [[maybe_unused]] Tensor<T>& x, Location at) override {
      if constexpr (requires { module.forward_with(next, x, at); }) return module.forward_with(next, x, at);
      else return false;
    }
    Tensor<T> call_index(const Tensor<std::int64_t>& x, Location at) override {
      if constexpr (!takes_real<M>) return run(x, at);
      else
        fail(at, ref().type_name(), ": takes a tensor of ", name_of(dtype_of<T>), ", got ", name_of(x.dtype()),
             "; x.to<", std::same_as<T, float> ? "float" : "double", ">() converts");
    }
    ModuleRef ref() const override { return nn::ref(module); }
  };

  std::unique_ptr<Base> held_;
};

/// Modules of any types, one after the other; Sequentials nest, and lambdas are welcome. Names are "0", "1", ... unless
/// given. While nobody watches, a Linear or a batch norm and the ReLU after it run in one pass, and a ReLU before a
/// MaxPool2d runs after it, on what is left: bit for bit the same values.
///     nn::Sequential net{nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10)};
///     nn::Sequential named{{"fc1", nn::Linear(784, 128)}, {"act", nn::ReLU()}};
///     net[0].as<nn::Linear>()->weight;     net.get<nn::Linear>(-1).weight;     named.get<nn::Linear>("fc1").weight;
/// Source: torch.nn.Sequential.
template <class T> class BasicSequential : public Module<BasicSequential<T>> {
 public:
  using scalar_type = T;
  using AnyModule = BasicAnyModule<T>;

  BasicSequential() = default;
  template <class... M>
  requires(sizeof...(M) > 0 && (std::convertible_to<M, AnyModule> && ...) &&
           !(sizeof...(M) == 1 && (std::same_as<std::remove_cvref_t<M>, BasicSequential> &&
                                   ...))) explicit(sizeof...(M) == 1) BasicSequential(M&&... modules) {
    modules_.reserve(sizeof...(M));
    (push_back(std::forward<M>(modules)), ...);
  }
  BasicSequential(std::initializer_list<std::pair<std::string, AnyModule>> named)
      : modules_(named.begin(), named.end()) {
    for (std::size_t i = 0; i < modules_.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        check(modules_[i].first != modules_[j].first, {}, "Sequential: two modules are called \"", modules_[i].first,
              '"');
  }

  Tensor<T> forward(const Tensor<T>& x, Location at = Location::here()) const { return run(x, at); }
  Tensor<T> forward(const Tensor<std::int64_t>& x, Location at = Location::here()) const
      requires(!std::same_as<T, std::int64_t>) {
    check(!modules_.empty(), at, "Sequential: is empty, so it cannot make a ", name_of(dtype_of<T>),
          " tensor of one of int64");
    return run(x, at);
  }

  std::size_t size() const { return modules_.size(); }
  bool empty() const { return modules_.empty(); }
  /// The module at a position; negative positions count from the end.
  AnyModule& operator[](std::int64_t i) { return modules_[where(i, {})].second; }
  const AnyModule& operator[](std::int64_t i) const { return modules_[where(i, {})].second; }
  /// The module of a name.
  AnyModule& operator[](std::string_view name) { return modules_[where(name, {})].second; }
  const AnyModule& operator[](std::string_view name) const { return modules_[where(name, {})].second; }
  /// The module at a position, or of a name, as its type. Throws if it is of another.
  template <class M> M& get(std::string_view name, Location at = Location::here()) const {
    return get<M>(static_cast<std::int64_t>(where(name, at)), at);
  }
  template <class M> M& get(std::int64_t i, Location at = Location::here()) const {
    const auto& [name, module] = modules_[where(i, at)];
    M* found = module.template as<M>();
    check(found, at, "Sequential: module ", name, " is a ", module.ref().type_name(), ", not a ", type_name<M>());
    return *found;
  }
  /// Adds a module at the end, under the next number or under a name.
  BasicSequential& push_back(AnyModule module) {
    modules_.emplace_back(std::to_string(modules_.size()), std::move(module));
    return *this;
  }
  BasicSequential& push_back(std::string name, AnyModule module) {
    for (const auto& known : modules_)
      check(known.first != name, {}, "Sequential: two modules are called \"", name, '"');
    modules_.emplace_back(std::move(name), std::move(module));
    return *this;
  }
  BasicSequential& append(AnyModule module) { return push_back(std::move(module)); }

  /// Walks over the modules: for (auto& [name, module] : seq) x = module(x);
  auto begin() { return modules_.begin(); }
  auto end() { return modules_.end(); }
  auto begin() const { return modules_.begin(); }
  auto end() const { return modules_.end(); }

  std::vector<Part> list_parts() const {
    std::vector<Part> parts;
    parts.reserve(modules_.size());
    for (const auto& [name, module] : modules_) parts.push_back({name, nullptr, false, module.ref()});
    return parts;
  }

 private:
  template <class X> Tensor<T> run(const X& first, Location at) const {
    if (modules_.empty()) {
      if constexpr (std::same_as<X, Tensor<T>>) return first;
      else return {};
    }
    const bool watched = chainrule::detail::observer || detail::module_observer;
    Tensor<T> x;
    std::size_t i = 0;
    if constexpr (std::same_as<X, Tensor<T>>) x = first;
    else x = modules_[i++].second(first, at);
    for (; i < modules_.size(); ++i) {
      const AnyModule &module = modules_[i].second,
                      *next = watched || i + 1 == modules_.size() ? nullptr : &modules_[i + 1].second;
      if (next && module.call_with(*next, x, at)) ++i;
      else x = module(std::move(x), at);
    }
    return x;
  }
  std::size_t where(std::int64_t i, Location at) const {
    const auto n = static_cast<std::int64_t>(modules_.size());
    check(i >= -n && i < n, at, "Sequential: has no module ", i, ", it holds ", n);
    return static_cast<std::size_t>(i < 0 ? i + n : i);
  }
  std::size_t where(std::string_view name, Location at) const {
    std::string known;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      if (modules_[i].first == name) return i;
      known += (i ? ", " : "") + modules_[i].first;
    }
    fail(at, "Sequential: has no module \"", name, "\"; it holds ", known.empty() ? std::string("none") : known);
  }

  std::vector<std::pair<std::string, AnyModule>> modules_;
};

using Sequential = BasicSequential<float>;
using AnyModule = BasicAnyModule<float>;

/// A member of a module that holds modules of any types, as torch.nn.ModuleList; std::vector<nn::Linear> does for one
/// type.
///     nn::ModuleList layers{nn::Linear(4, 8), nn::ReLU()};     for (auto& layer : layers) x = layer(x);
using ModuleList = std::vector<AnyModule>;
/// A member of a module that holds parameters, as torch.nn.ParameterList.
using ParameterList = std::vector<Parameter>;

/// A member of a module that holds parts under names, in the order in which they were added. Throws for an unknown
/// name.
template <class Value> class NamedParts {
 public:
  using key_type = std::string;
  using mapped_type = Value;

  NamedParts() = default;
  NamedParts(std::initializer_list<std::pair<std::string, Value>> parts) {
    for (const auto& [name, part] : parts) set(name, part);
  }
  Value& operator[](TensorName key) { return parts_[where(key)].second; }
  const Value& operator[](TensorName key) const { return parts_[where(key)].second; }
  /// Adds a part, or replaces the one of this name.
  void set(std::string_view name, Value part) {
    for (auto& [known, old] : parts_)
      if (known == name) {
        old = std::move(part);
        return;
      }
    parts_.emplace_back(name, std::move(part));
  }
  bool contains(std::string_view name) const {
    for (const auto& [known, part] : parts_)
      if (known == name) return true;
    return false;
  }
  std::size_t size() const { return parts_.size(); }
  auto begin() { return parts_.begin(); }
  auto end() { return parts_.end(); }
  auto begin() const { return parts_.begin(); }
  auto end() const { return parts_.end(); }

 private:
  std::size_t where(const TensorName& key) const {
    std::string known;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].first == key.name) return i;
      known += (i ? ", " : "") + parts_[i].first;
    }
    fail(key.at, "there is no \"", key.name, "\" here, it holds ", known.empty() ? std::string("nothing") : known,
         "; set(\"", key.name, "\", ...) adds one");
  }
  std::vector<std::pair<std::string, Value>> parts_;
};

/// Modules of any types under names, as torch.nn.ModuleDict; std::map<std::string, nn::Linear> does for one type.
///     nn::ModuleDict heads{{"digit", nn::Linear(4, 10)}, {"parity", nn::Linear(4, 2)}};     heads["digit"](x);
using ModuleDict = NamedParts<AnyModule>;
/// Parameters under names, as torch.nn.ParameterDict.
using ParameterDict = NamedParts<Parameter>;

}  // namespace chainrule::nn
