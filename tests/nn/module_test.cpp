// Modules: their members are found, named, saved, loaded, copied and printed; errors say where in the tree they
// happened.

#include <chainrule/api.hpp>
#include "support/catch.hpp"
#include <functional>
#include <map>
#include <sstream>

using namespace chainrule;
using chainrule_test::Contains;

namespace {

struct Mlp : nn::Module<Mlp> {
  nn::Linear fc1{4, 3}, fc2{3, 2, {.bias = false}};
  float dropout = 0.5f;
  std::string label = "not a part";
  std::function<int(int)> hook;
  Tensor<> forward(const Tensor<>& x) { return fc2(relu(fc1(x))); }
};

struct Parts : nn::Module<Parts> {
  std::vector<nn::Linear> blocks{{2, 2}, {2, 2}, {2, 1}};
  std::map<std::string, nn::Linear> heads{{"b", {2, 3}}, {"a", {2, 4}}};
  std::array<nn::Linear, 2> two{nn::Linear(1, 1), nn::Linear(1, 1)};
  std::optional<nn::Linear> none, some = nn::Linear(5, 1);
  std::unique_ptr<nn::Linear> owned = std::make_unique<nn::Linear>(6, 1);
  nn::BasicBuffer<std::int64_t> steps{zeros<std::int64_t>({})};
  nn::Parameter scale{ones({3})};
  bool training = true;
};

struct Sized : nn::Module<Sized> {
  explicit Sized(std::int64_t hidden) : in(4, hidden), out(hidden, 2) {}
  Tensor<> forward(const Tensor<>& x) const { return out(in(x)); }

 private:
  nn::Linear in, out;
  [[maybe_unused]] int calls_ = 0;

 public:
  using parts = nn::members<&Sized::in, &Sized::out>;
  using others = nn::members<&Sized::calls_>;
};

// Which bytes are padding and which a forgotten parameter, sizes alone do not say here.
struct Forgets : nn::Module<Forgets> {
  nn::Linear in{1, 1};
  bool a = false, b = false;
  nn::Parameter forgotten{ones({1})};
  nn::Linear out{1, 1};
  Forgets() {}
  using parts = nn::members<&Forgets::in, &Forgets::out>;
  using others = nn::members<&Forgets::a, &Forgets::b>;
};
struct ForgetsTheFirst : nn::Module<ForgetsTheFirst> {
  nn::Parameter forgotten{ones({1})};
  nn::Linear in{1, 1};
  bool a = false;
  std::int64_t n = 0;
  bool b = false;
  std::int64_t m = 0;
  bool c = false;
  bool d = false;
  ForgetsTheFirst() {}
  using parts = nn::members<&ForgetsTheFirst::in>;
  using others = nn::members<&ForgetsTheFirst::a, &ForgetsTheFirst::n, &ForgetsTheFirst::b, &ForgetsTheFirst::m,
                             &ForgetsTheFirst::c, &ForgetsTheFirst::d>;
};
struct Gaps : nn::Module<Gaps> {  // gaps of all widths, a virtual table, members named in any order
  virtual ~Gaps() = default;
  Gaps(const Gaps&) = default;
  Gaps() {}
  bool a = false;
  nn::Linear in{1, 1};
  short b = 0;
  int c = 0;
  nn::Parameter scale{ones({1})};
  char d[3] = {};
  double e = 0;
  nn::ReLU relu;
  std::optional<nn::Linear> none;
  bool f = false;
  using others = nn::members<&Gaps::f, &Gaps::e, &Gaps::d, &Gaps::c, &Gaps::b, &Gaps::a>;
  using parts = nn::members<&Gaps::in, &Gaps::relu, &Gaps::scale, &Gaps::none>;
};
struct Unchecked : nn::Module<Unchecked> {
  nn::Linear in{1, 1};
  int& counter;
  explicit Unchecked(int& c) : counter(c) {}
  using parts = nn::members<&Unchecked::in>;
  using others = nn::unchecked;
};
struct Normed : nn::BatchNormOf<Normed, float> {  // a base that hands its Self on is no other module
  Normed() : BatchNormOf(3, {}, "Normed", {}) {}
};

struct Deep : nn::Module<Deep> {
  Mlp body;
  std::vector<Sized> tail{Sized(3)};
  Tensor<> forward(const Tensor<>& x) { return tail[0](body(x)); }
};

template <class T> struct BasicTwice : nn::Module<BasicTwice<T>> {
  nn::BasicLinear<T> first{2, 2};
  Tensor<T> forward(const Tensor<T>& x, const Tensor<T>& y) const { return first(x) + first(y); }
};

struct Plain {  // no base: a struct with forward is a module too
  nn::Linear inner{2, 2};
  Tensor<> forward(const Tensor<>& x) const { return inner(x); }
};
struct HoldsPlain : nn::Module<HoldsPlain> {
  Plain plain;
};

struct Many : nn::Module<Many> {  // 32 members, the most there can be
  nn::Parameter a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1,
      d2, d3, d4, d5, d6, last{ones({1})};
};

struct NoDefault : nn::Module<NoDefault> {
  nn::Linear a, b;
};  // members without a default value

template <class Named> std::vector<std::string> names(const Named& list) {
  std::vector<std::string> all;
  for (const auto& [name, value] : list) all.push_back(name);
  return all;
}
using Names = std::vector<std::string>;

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) { return e.what(); }
  return "no error";
}

}  // namespace

TEST_CASE("the members of a struct are its parameters, in order, with PyTorch's names", "[nn][module]") {
  Mlp net;
  CHECK(names(net.named_parameters()) == Names{"fc1.weight", "fc1.bias", "fc2.weight"});
  CHECK(net.num_parameters() == 4 * 3 + 3 + 3 * 2);
  CHECK(net.parameters()[0].is_same(net.fc1.weight));
  CHECK(net.parameters()[0].requires_grad());
  CHECK(names(net.named_children()) == Names{"fc1", "fc2"});
  CHECK(names(net.named_modules()) == Names{"", "fc1", "fc2"});
}

TEST_CASE("vectors, maps, arrays, optionals and pointers of modules are found", "[nn][module]") {
  Parts net;
  CHECK(names(net.state_dict()) == Names{"scale",           "steps",         "blocks.0.weight", "blocks.0.bias",
                                         "blocks.1.weight", "blocks.1.bias", "blocks.2.weight", "blocks.2.bias",
                                         "heads.a.weight",  "heads.a.bias",  "heads.b.weight",  "heads.b.bias",
                                         "two.0.weight",    "two.0.bias",    "two.1.weight",    "two.1.bias",
                                         "some.weight",     "some.bias",     "owned.weight",    "owned.bias"});
  CHECK(names(net.named_buffers()) == Names{"steps"});
  CHECK(net.buffers()[0].dtype() == DType::int64);
  CHECK(names(net.named_modules()).size() == 1 + 4 + 3 + 3 + 2);
}

TEST_CASE("a module with a constructor names its parts; one without a base needs only forward", "[nn][module]") {
  Sized sized(7);
  CHECK(names(sized.named_parameters()) == Names{"in.weight", "in.bias", "out.weight", "out.bias"});
  CHECK(sized(ones({5, 4})).shape() == Shape{5, 2});
  CHECK(names(HoldsPlain().named_parameters()) == Names{"plain.inner.weight", "plain.inner.bias"});
}

TEST_CASE("a member that a module with a constructor leaves out is an error", "[nn][module][error]") {
  for (int twice = 0; twice < 2; ++twice) {
    const std::string text = error_of([] { Forgets().parameters(); });
    CHECK_THAT(text, Contains("Forgets: a data member is missing in `using parts`, it would be neither trained nor"));
    CHECK_THAT(text, Contains("after b have no name"));
    CHECK_THAT(text, Contains("`using others = nn::members<&Forgets::count>;`"));
  }
  CHECK_THAT(error_of([] { nn::Sequential{nn::Linear(1, 1)}.train(), Forgets().state_dict(); }), Contains("Forgets: "));
  CHECK_THAT(error_of([] { ForgetsTheFirst().eval(); }), Contains("at the beginning have no name"));

  CHECK(names(Gaps().named_parameters()) == Names{"scale", "in.weight", "in.bias"});
  int calls = 0;
  CHECK(names(Unchecked(calls).named_parameters()) == Names{"in.weight", "in.bias"});
  CHECK(names(Normed().named_parameters()) == Names{"weight", "bias"});
}

TEST_CASE("32 members are counted, and members without default values", "[nn][module]") {
  CHECK(names(Many().named_parameters()) == Names{"last"});
  NoDefault net{{}, {1, 2}, {2, 3}};
  CHECK(names(net.named_parameters()) == Names{"a.weight", "a.bias", "b.weight", "b.bias"});
}

TEST_CASE("parameters have the module's element type", "[nn][module]") {
  BasicTwice<double> net;
  static_assert(std::same_as<decltype(net.parameters()), std::vector<Tensor<double>>>);
  CHECK(net(ones<double>({1, 2}), ones<double>({1, 2})).shape() == Shape{1, 2});
}

TEST_CASE("a copy is deep, a handle is not", "[nn][module]") {
  Mlp net, copy = net;
  const float before = net.fc1.weight.at({0, 0});
  {
    no_grad guard;
    copy.fc1.weight.add_(1);
  }
  CHECK(net.fc1.weight.at({0, 0}) == before);
  CHECK(copy.fc1.weight.at({0, 0}) == before + 1);
  CHECK(copy.fc1.weight.requires_grad());
  CHECK(copy.fc1.weight.is_leaf());

  Tensor<> handle = net.fc1.weight;
  net = copy;  // the values go into the storage that the handle shares
  CHECK(handle.at({0, 0}) == before + 1);
  CHECK(net.clone().fc1.bias.to_vector() == net.fc1.bias.to_vector());

  Tensor<> old = copy.fc2.weight;
  Mlp moved = std::move(copy);
  CHECK(moved.fc2.weight.is_same(old));
}

TEST_CASE("a gradient reaches the parameters; a frozen part gets none", "[nn][module]") {
  Mlp net;
  net.fc1.requires_grad_(false);
  CHECK(net.num_parameters(true) == 6);
  net(ones({2, 4})).sum().backward();
  CHECK_FALSE(net.fc1.weight.grad().defined());
  REQUIRE(net.fc2.weight.grad().defined());
  CHECK_FALSE(Mlp(net).fc2.weight.grad().defined());
  CHECK_FALSE(Mlp(net).fc1.weight.requires_grad());
  net.zero_grad(false);
  CHECK(net.fc2.weight.grad().to_vector() == std::vector<float>(6, 0));
  net.zero_grad();
  CHECK_FALSE(net.fc2.weight.grad().defined());
}

TEST_CASE("a state dictionary goes from one module into another", "[nn][module][state_dict]") {
  Mlp a, b;
  const auto state = a.state_dict();
  CHECK(state.get("fc1.weight").shares_storage(a.fc1.weight));
  CHECK_FALSE(state.get("fc1.weight").requires_grad());
  Tensor<> held = b.fc1.weight;
  b.load_state_dict(state);
  CHECK(held.to_vector() == a.fc1.weight.to_vector());
  CHECK(b.fc1.weight.requires_grad());
  CHECK_FALSE(b.fc1.weight.shares_storage(a.fc1.weight));
  CHECK_THAT(error_of([&] { state.get("fc9.weight"); }), Contains("no tensor is called \"fc9.weight\""));
  CHECK_THAT(error_of([&] { state.get<double>("fc1.weight"); }), Contains("float32, not float64"));

  const auto snapshot = a.state_dict().clone();
  const float first = a.fc1.bias.at({0});
  {
    no_grad guard;
    a.fc1.bias.fill_(9);
  }
  CHECK(snapshot.get("fc1.bias").at({0}) == first);
}

TEST_CASE("a dictionary that does not fit is refused as a whole, all reasons listed", "[nn][module][state_dict]") {
  Mlp net;
  const auto before = net.fc1.weight.to_vector();
  nn::StateDict wrong;
  wrong.set("fc1.weight", zeros({3, 4}));
  wrong.set("fc1.bias", zeros({4}));
  wrong.set("fc2.weight", zeros<double>({2, 3}));
  wrong.set("fc3.weight", zeros({1}));
  const std::string text = error_of([&] { net.load_state_dict(wrong); });
  CHECK_THAT(text, Contains("does not fit Mlp; nothing was loaded"));
  CHECK_THAT(text, Contains("fc1.bias: the module's shape is (3,), the given one (4,)"));
  CHECK_THAT(text, Contains("fc2.weight: the module's type is float32, the given one float64"));
  CHECK_THAT(text, Contains("fc3.weight: unexpected"));
  CHECK(net.fc1.weight.to_vector() == before);

  nn::StateDict part;
  part.set("fc1.weight", zeros({3, 4}));
  part.set("extra", zeros({1}));
  CHECK_THAT(error_of([&] { net.load_state_dict(part); }), Contains("fc1.bias: missing"));
  CHECK(net.fc1.weight.to_vector() == before);
  const auto result = net.load_state_dict(part, {.strict = false});
  CHECK(result.missing_keys == Names{"fc1.bias", "fc2.weight"});
  CHECK(result.unexpected_keys == Names{"extra"});
  CHECK(net.fc1.weight.to_vector() == std::vector<float>(12, 0));
}

TEST_CASE("modules print as PyTorch prints them", "[nn][module][print]") {
  std::ostringstream out;
  out << Deep();
  CHECK(out.str() == R"(Deep(
  (body): Mlp(
    (fc1): Linear(in_features=4, out_features=3, bias=True)
    (fc2): Linear(in_features=3, out_features=2, bias=False)
  )
  (tail): ModuleList(
    (0): Sized(
      (in): Linear(in_features=4, out_features=3, bias=True)
      (out): Linear(in_features=3, out_features=2, bias=True)
    )
  )
))");
  CHECK(Parts().str() == R"(Parts(
  (blocks): ModuleList(
    (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
    (2): Linear(in_features=2, out_features=1, bias=True)
  )
  (heads): ModuleDict(
    (a): Linear(in_features=2, out_features=4, bias=True)
    (b): Linear(in_features=2, out_features=3, bias=True)
  )
  (two): ModuleList(
    (0-1): 2 x Linear(in_features=1, out_features=1, bias=True)
  )
  (some): Linear(in_features=5, out_features=1, bias=True)
  (owned): Linear(in_features=6, out_features=1, bias=True)
))");
  CHECK(BasicTwice<double>().str() == "Twice(\n  (first): Linear(in_features=2, out_features=2, bias=True)\n)");
  struct Local : nn::Module<Local> {};
  CHECK(Local().str() == "Local()");
}

TEST_CASE("numbers print as Python prints them", "[nn][module][print]") {
  CHECK(nn::repr::number(0.1) == "0.1");
  CHECK(nn::repr::number(1) == "1.0");
  CHECK(nn::repr::number(20) == "20.0");
  CHECK(nn::repr::number(1e-5) == "1e-05");
  CHECK(nn::repr::number(1e16) == "1e+16");
  CHECK(nn::repr::number(-123456789) == "-123456789.0");
  CHECK(nn::repr::number(1.0 / 3) == "0.3333333333333333");
}

TEST_CASE("an error names the module it came from, by its path, and the user's line", "[nn][module][error]") {
  Mlp net;
  const std::string text = error_of([&] { net(ones({2, 5})); });
  CHECK_THAT(text, Contains("fc1 (Linear): expects 4 input features, got 5; use Linear(5, 3)"));
  CHECK_THAT(text, Contains("module_test.cpp:"));

  Deep deep;
  CHECK_THAT(error_of([&] { deep(ones({2, 4})); }), Contains("tail.0.in (Linear): expects 4 input features, got 2"));
  CHECK_THAT(error_of([&] {
               deep.body.fc1(ones({2, 2, 2}));
             }),
             Contains("Linear: expects 4 input features, got 2 (input (2, 2, 2)); flatten(x, 1) makes 4 of them"));

  struct Thrower : nn::Module<Thrower> {
    nn::Linear first{1, 1};  // stands at the address of the module itself
    Tensor<> forward(const Tensor<>& x) const { return matmul(x, x); }
  } thrower;
  CHECK_THAT(error_of([&] { thrower(ones({2, 3})); }), Contains("Thrower: "));
  struct Around : nn::Module<Around> {
    Thrower first;
    Tensor<> forward(const Tensor<>& x) { return first.first(x); }  // all three have one address
  } around;
  CHECK_THAT(error_of([&] { around(ones({2, 3})); }), Contains("first.first (Linear): expects 1 input feature"));
  CHECK_THAT(error_of([&] { nn::Linear(0, 3); }),
             Contains("Linear: needs a positive number of input and output features, got 0 and 3"));
}

TEST_CASE("train and eval set the training flags of the whole tree", "[nn][module]") {
  struct Outer : nn::Module<Outer> {
    Parts inner;
    nn::Linear fc{1, 1};
  } net;
  CHECK(net.is_training());
  net.eval();
  CHECK_FALSE(net.inner.training);
  CHECK_FALSE(net.is_training());
  net.train();
  CHECK(net.inner.training);
}

TEST_CASE("train and eval are remembered by modules without a layer that has a mode, too", "[nn][module]") {
  Mlp net;  // two Linear, no member `training` anywhere
  CHECK(net.is_training());
  net.eval();
  CHECK_FALSE(net.is_training());
  CHECK_FALSE(net.fc1.is_training());
  net.fc1.train();  // only this one
  CHECK(net.fc1.is_training());
  CHECK_FALSE(net.is_training());
  CHECK_FALSE(net.fc2.is_training());
  net.train();
  CHECK(net.is_training());
  CHECK(net.fc2.is_training());

  // The mode goes along with copies, moves and assignments, and ends with the module.
  net.eval();
  Mlp copy = net, assigned;
  assigned = net;
  CHECK_FALSE(copy.is_training());
  CHECK_FALSE(assigned.is_training());
  CHECK(copy.train().is_training());
  CHECK_FALSE(net.is_training());
  assigned = copy;
  CHECK(assigned.is_training());
  std::vector<nn::Linear> layers{{1, 1}};
  layers[0].eval();
  for (int i = 0; i < 20; ++i) layers.emplace_back(1, 1);  // moves them
  CHECK_FALSE(layers[0].is_training());
  for (std::size_t i = 1; i < layers.size(); ++i) CHECK(layers[i].is_training());
  std::optional<Mlp> here(net);
  CHECK_FALSE(here->is_training());
  here.reset();
  here.emplace();  // at the same address
  CHECK(here->is_training());

  // A module and its first member share an address, not the mode.
  struct Outer : nn::Module<Outer> {
    Mlp first;
  } outer;
  outer.first.eval();
  CHECK(outer.is_training());
  CHECK_FALSE(outer.first.is_training());

  nn::Sequential functions{[](const Tensor<>& x) { return x; }};
  CHECK_FALSE(functions.eval().is_training());
  struct Empty : nn::Module<Empty> {
  } empty;
  CHECK_FALSE(empty.eval().is_training());

  // A flag of its own says the mode of the module, not the first flag below it.
  struct WithDropout : nn::Module<WithDropout> {
    nn::Dropout drop;
  } with;
  with.drop.eval();
  CHECK(with.is_training());
  CHECK_FALSE(with.eval().is_training());
}

TEST_CASE("apply calls a function of one type of module for each of that type, at any depth", "[nn][module]") {
  struct Tree : nn::Module<Tree> {
    nn::Linear one{1, 1};
    nn::Sequential seq{nn::Linear(1, 1), nn::ReLU(), nn::Sequential{nn::Linear(1, 1), nn::Tanh()}};
    std::vector<nn::Linear> list{{1, 1}, {1, 1}};
    std::map<std::string, Mlp> dict{{"a", {}}};
    nn::BasicLinear<double> other{1, 1};
    std::unique_ptr<nn::Linear> owned = std::make_unique<nn::Linear>(1, 1);
  } net;
  std::vector<const void*> seen;
  net.apply([&](nn::Linear& l) {
    seen.push_back(&l);
    nn::init::ones_(l.weight);
  });
  CHECK(seen == std::vector<const void*>{&net.one, net.seq[0].as<nn::Linear>(),
                                         net.seq.get<nn::Sequential>(2)[0].as<nn::Linear>(), &net.list[0], &net.list[1],
                                         &net.dict["a"].fc1, &net.dict["a"].fc2, net.owned.get()});
  CHECK(net.dict["a"].fc2.weight.to_vector() == std::vector<float>(6, 1));
  int relus = 0, trees = 0, all = 0, sequentials = 0, mlps = 0;
  net.apply([&](const nn::ReLU&) { ++relus; });
  net.apply([&](Tree&) { ++trees; });
  net.apply([&](nn::Sequential&) mutable { ++sequentials; });
  net.apply([&](Mlp&) noexcept { ++mlps; });
  net.apply(std::function<void(const nn::ModuleRef&)>([&](nn::ModuleRef) { ++all; }));
  CHECK((relus == 1 && trees == 1 && sequentials == 2 && mlps == 1));
  CHECK(all == static_cast<int>(net.modules().size()));
  void (*zero)(nn::Linear&) = [](nn::Linear& l) { nn::init::zeros_(l.weight); };
  CHECK(net.apply(zero).one.weight.to_vector() == std::vector<float>{0});
}

TEST_CASE("apply visits every module, children first", "[nn][module]") {
  Deep net;
  Names seen;
  net.apply([&](nn::ModuleRef m) {
    seen.push_back(m.type_name());
    if (auto* linear = m.as<nn::Linear>()) nn::init::ones_(linear->weight);
  });
  CHECK(seen == Names{"Linear", "Linear", "Mlp", "Linear", "Linear", "Sized", "ModuleList", "Deep"});
  for (const auto& [name, p] : net.named_parameters())
    if (p.dim() == 2) CHECK(p.to_vector() == std::vector<float>(static_cast<std::size_t>(p.numel()), 1));
}

TEST_CASE("an observer sees the calls of modules with their inputs and outputs", "[nn][module]") {
  struct Watch : nn::ModuleObserver {
    Names seen;
    void before(nn::ModuleRef m, const TensorBase*) override { seen.push_back("> " + m.type_name()); }
    void after(nn::ModuleRef m, const TensorBase* in, const TensorBase* out) override {
      seen.push_back(m.type_name() + in->shape().str() + out->shape().str());
    }
  } watch;
  Mlp net;
  {
    nn::ObserveModules guard(watch);
    net(ones({2, 4}));
  }
  net(ones({2, 4}));
  CHECK(watch.seen ==
        Names{"> Mlp", "> Linear", "Linear(2, 4)(2, 3)", "> Linear", "Linear(2, 3)(2, 2)", "Mlp(2, 4)(2, 2)"});
}

TEST_CASE("parameters may share storage with a tensor, be undefined, and of nothing but real types",
          "[nn][module][parameter]") {
  Tensor<> values = zeros({2});
  nn::Parameter p(values);
  CHECK(p.requires_grad());
  CHECK_FALSE(values.requires_grad());
  values.fill_(3);
  CHECK(p.to_vector() == std::vector<float>{3, 3});
  nn::Parameter undefined;
  nn::Parameter copy = undefined;
  CHECK_FALSE(copy.defined());
  copy = p;
  CHECK(copy.to_vector() == std::vector<float>{3, 3});
  CHECK_FALSE(copy.shares_storage(p));

  nn::Buffer b(values);
  b = b * 2;
  CHECK(b.to_vector() == std::vector<float>{6, 6});
  CHECK(values.to_vector() == std::vector<float>{3, 3});
}
