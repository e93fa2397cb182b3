#include <chainrule/io.hpp>
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/parity.hpp"
#include "support/scratch_dir.hpp"
#include <cmath>

namespace cr = chainrule;
using chainrule_test::Contains;
using chainrule_test::ScratchDir;

namespace {

std::vector<std::uint8_t> file_of(const std::string& header, std::size_t data_bytes) {
  std::vector<std::uint8_t> bytes(8, 0);
  bytes[0] = static_cast<std::uint8_t>(header.size() & 255);
  bytes[1] = static_cast<std::uint8_t>(header.size() >> 8);
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.resize(bytes.size() + data_bytes, 0);
  return bytes;
}
std::string message_of(const std::vector<std::uint8_t>& bytes) {
  try {
    cr::io::parse_safetensors(bytes, "f");
  } catch (const cr::Error& e) { return e.message(); }
  return "no error";
}

}  // namespace

TEST_CASE("tensors of every type survive a safetensors file", "[io][safetensors]") {
  ScratchDir dir;
  const auto path = dir.path("all.safetensors");
  auto matrix = cr::tensor({{1, 2, 3}, {4, 5, 6}});
  cr::io::save_safetensors({{"f32", matrix.t()},
                            {"f64", cr::tensor<double>({0.1})},
                            {"i64", cr::tensor<std::int64_t>({-1, 1LL << 40})},
                            {"i32", cr::tensor<std::int32_t>({-7})},
                            {"u8", cr::tensor<std::uint8_t>({255})},
                            {"bool", cr::tensor<bool>({true, false})},
                            {"scalar", cr::tensor(2.5)},
                            {"none", cr::zeros({0, 3})},
                            {"\"odd\" name", cr::ones({1})}},
                           path);
  auto all = cr::io::load_safetensors(path);
  REQUIRE(all.tensors.size() == 9);
  CHECK(all.tensors[0].first == "f32");
  CHECK(all.tensors[8].first == "\"odd\" name");
  CHECK(all.get<float>("f32").shape() == cr::Shape{3, 2});
  CHECK(all.get<float>("f32").to_vector() == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(all.get<double>("f64").item() == 0.1);
  CHECK(all.get<std::int64_t>("i64").to_vector() == std::vector<std::int64_t>{-1, 1LL << 40});
  CHECK(all.get<std::int32_t>("i32").item() == -7);
  CHECK(all.get<std::uint8_t>("u8").item() == 255);
  CHECK(all.get<bool>("bool").to_vector() == std::vector<bool>{true, false});
  CHECK(all.get<float>("scalar").dim() == 0);
  CHECK(all.get<float>("scalar").item() == 2.5f);
  CHECK(all.get<float>("none").shape() == cr::Shape{0, 3});
  CHECK_THROWS_WITH(all.get<double>("f32"), Contains("\"f32\" holds float32, not float64"));
  CHECK_THROWS_WITH(all.get<float>("x"), Contains("no tensor is called \"x\""));
}

TEST_CASE("save() and load() choose the format by the ending", "[io][safetensors]") {
  ScratchDir dir;
  cr::io::NamedTensors state{{"w", cr::tensor({1, 2})}};
  cr::save(state, dir.path("a.safetensors"));
  auto again = cr::load(dir.path("a.safetensors"));
  REQUIRE(again.size() == 1);
  CHECK(cr::Tensor<float>(again[0].second.share()).to_vector() == std::vector<float>{1, 2});
  CHECK(cr::io::load_safetensors(dir.path("a.safetensors")).metadata ==
        std::vector<std::pair<std::string, std::string>>{{"format", "pt"}});
  CHECK_THROWS_WITH(cr::save(state, dir.path("a.zip")), Contains("\".zip\" is not known"));
  CHECK_THROWS_WITH(cr::load(dir.path("b.safetensors")), Contains("b.safetensors: no such file"));
  CHECK_THROWS_WITH(cr::save(state, dir.path("no/such/folder.safetensors")), Contains("cannot be written"));
  CHECK_THROWS_WITH(cr::io::save_safetensors({{"w", cr::ones({1})}, {"w", cr::ones({1})}}, dir.path("c.safetensors")),
                    Contains("two tensors are called \"w\""));
}

TEST_CASE("half and bfloat16 widen to float exactly", "[io][safetensors]") {
  using cr::io::detail::bfloat16_to_float;
  using cr::io::detail::half_to_float;
  CHECK(half_to_float(0x3C00) == 1.0f);
  CHECK(half_to_float(0xC000) == -2.0f);
  CHECK(half_to_float(0x3555) == 0.333251953125f);
  CHECK(half_to_float(0x7BFF) == 65504.0f);
  CHECK(half_to_float(0x0001) == 0x1p-24f);
  CHECK(half_to_float(0x03FF) == 1023 * 0x1p-24f);
  CHECK(std::signbit(half_to_float(0x8000)));
  CHECK(half_to_float(0x7C00) == std::numeric_limits<float>::infinity());
  CHECK(half_to_float(0xFC00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half_to_float(0x7E00)));
  CHECK(bfloat16_to_float(0x3F80) == 1.0f);
  CHECK(bfloat16_to_float(0xC049) == -3.140625f);
}

TEST_CASE("tensors with a size of 0 load again", "[io][safetensors]") {
  ScratchDir dir;
  const auto path = dir.path("empty.safetensors");
  cr::io::save_safetensors(
      {{"a", cr::zeros({5, 0})}, {"b", cr::ones({2})}, {"c", cr::zeros({0})}, {"d", cr::zeros({0, 7, 3})}}, path);
  const auto all = cr::io::load_safetensors(path);
  CHECK(all.get<float>("a").shape() == cr::Shape{5, 0});
  CHECK(all.get<float>("b").to_vector() == std::vector<float>{1, 1});
  CHECK(all.get<float>("c").shape() == cr::Shape{0});
  CHECK(all.get<float>("d").shape() == cr::Shape{0, 7, 3});
  cr::io::save_safetensors({{"a", cr::zeros({5, 0})}}, path);  // and nothing else in the file
  CHECK(cr::io::load_safetensors(path).get<float>("a").shape() == cr::Shape{5, 0});
}

TEST_CASE("types that no Tensor holds are read as the next that holds all of their values", "[io][safetensors]") {
  const auto read = [](const std::string& type, std::vector<std::uint8_t> data, std::size_t each) {
    const std::string n = std::to_string(data.size());
    auto bytes = file_of("{\"a\":{\"dtype\":\"" + type + "\",\"shape\":[" + std::to_string(data.size() / each) +
                             "],\"data_offsets\":[0," + n + "]}}",
                         0);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return cr::io::parse_safetensors(bytes, "f");
  };
  using I32 = std::vector<std::int32_t>;
  using I64 = std::vector<std::int64_t>;
  CHECK(read("I8", {0, 127, 128, 255}, 1).get<std::int32_t>("a").to_vector() == I32{0, 127, -128, -1});
  CHECK(read("I16", {1, 0, 0, 128}, 2).get<std::int32_t>("a").to_vector() == I32{1, -32768});
  CHECK(read("U16", {1, 0, 0, 128}, 2).get<std::int32_t>("a").to_vector() == I32{1, 32768});
  CHECK(read("U32", {255, 255, 255, 255}, 4).get<std::int64_t>("a").to_vector() == I64{4294967295});
  CHECK(read("U64", {2, 0, 0, 0, 0, 0, 0, 64}, 8).get<std::int64_t>("a").to_vector() == I64{(1LL << 62) + 2});
  CHECK_THROWS_WITH(read("U64", {0, 0, 0, 0, 0, 0, 0, 128}, 8),
                    Contains("element 0 is 9223372036854775808, too large for int64"));
  // By torch.float8_e4m3fn and torch.float8_e5m2: 1, -1.125, the largest, the smallest, and zero.
  CHECK(read("F8_E4M3", {0x38, 0xB9, 0x7E, 0x01, 0x00}, 1).get<float>("a").to_vector() ==
        std::vector<float>{1, -1.125f, 448, 0x1p-9f, 0});
  CHECK(std::isnan(read("F8_E4M3", {0x7F}, 1).get<float>("a").item()));
  CHECK(read("F8_E5M2", {0x3C, 0xBD, 0x7B, 0x01, 0x00}, 1).get<float>("a").to_vector() ==
        std::vector<float>{1, -1.25f, 57344, 0x1p-16f, 0});
  CHECK(std::isinf(read("F8_E5M2", {0x7C}, 1).get<float>("a").item()));
  for (const char* refused : {"F8_E8M0", "F4", "F6_E2M3", "C64"})
    CHECK_THROWS_WITH(read(refused, {0}, 1), Contains(refused));
}

TEST_CASE("a name that is not UTF-8 is refused at saving", "[io][safetensors]") {
  ScratchDir dir;
  const auto path = dir.path("name.safetensors");
  for (const std::string bad : {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    CHECK_THROWS_WITH(cr::io::save_safetensors({{bad, cr::ones({1})}}, path), Contains("is not UTF-8 at byte"));
    CHECK_THROWS_WITH(cr::io::save_safetensors(cr::io::NamedTensors{}, path, {{"k", bad}}),
                      Contains("is not UTF-8 at byte"));
  }
  CHECK_THROWS_WITH(cr::io::load_safetensors(path), Contains("no such file"));  // nothing was written
  cr::io::save_safetensors({{"вес.\xe2\x82\xac\xf0\x9f\x98\x80", cr::ones({1})}}, path);
  CHECK(cr::io::load_safetensors(path).tensors[0].first == "вес.\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST_CASE("a safetensors file that lies is refused with file and offset", "[io][safetensors]") {
  const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  CHECK(message_of(file_of(good, 8)) == "no error");
  CHECK(message_of({1, 2, 3}) ==
        "f: truncated: a safetensors file starts with 8 bytes of header length, this one ends at offset 3");
  CHECK(message_of({255, 255, 255, 255, 255, 255, 255, 255}).find("should take 18446744073709551615 bytes") !=
        std::string::npos);
  CHECK(message_of(file_of("[1]", 0)).find("does not start with {") != std::string::npos);
  CHECK(message_of(file_of(good, 7)).find("larger than the file") == std::string::npos);
  CHECK(message_of(file_of(good, 7)).find("f: offset ") == 0);
  CHECK(message_of(file_of(good, 9)) == "f: 1 bytes that belong to no tensor follow at offset 70");
  auto with = [&](const std::string& from, const std::string& to) {
    std::string h = good;
    h.replace(h.find(from), from.size(), to);
    return message_of(file_of(h, 8));
  };
  CHECK(with("F32", "F4").find("has dtype F4; F64, F32") != std::string::npos);
  CHECK(with("[2]", "[3]").find("takes 12 bytes, its data_offsets give 8") != std::string::npos);
  CHECK(with("[2]", "[-2]").find("negative size, -2") != std::string::npos);
  CHECK(with("[2]", "[4611686018427387904,8]").find("larger than the file") != std::string::npos);
  CHECK(with("[2]", "[0,4611686018427387904]").find("takes 0 bytes") != std::string::npos);
  CHECK(with("[2]", "[1,1,1,1,1,1,1,1,2]").find("has 9 dimensions") != std::string::npos);
  CHECK(with("[0,8]", "[8,0]").find("should lie at bytes 8 to 0") != std::string::npos);
  CHECK(with("[0,8]", "[0,8,9]").find("must be two numbers") != std::string::npos);
  CHECK(with("\"dtype\":\"F32\",", "").find("\"dtype\" is missing") != std::string::npos);
  const std::string twice =
      R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})";
  CHECK(message_of(file_of(twice, 6)).find("leave a hole or overlap at offset") != std::string::npos);
  const std::string same =
      R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})";
  CHECK(message_of(file_of(same, 4)).find("\"a\" stands twice") != std::string::npos);
  for (std::size_t n = 0; n < good.size() + 16; ++n) {  // cut off anywhere
    auto bytes = file_of(good, 8);
    bytes.resize(n);
    CHECK(message_of(bytes) != "no error");
  }
}

TEST_CASE("a file by the safetensors package reads as it was written", "[io][safetensors][data]") {
  const auto folder = chainrule_test::parity_dir();
  if (!chainrule_test::present(folder + "/files/by_package.safetensors")) return;
  auto file = cr::io::load_safetensors(folder + "/files/by_package.safetensors");
  auto expected = cr::io::load_safetensors(folder + "/files/expected.safetensors");
  CHECK(file.metadata.size() == 2);
  std::size_t compared = 0;
  for (const auto& [name, t] : file.tensors) {
    const auto* e = expected.find("by_package.safetensors/" + name);
    REQUIRE(e != nullptr);
    INFO(name);
    REQUIRE(e->dtype() == t.dtype());
    CHECK(e->shape() == t.shape());
    chainrule_test::with_type(t, [&](const auto& ours) {
      CHECK(ours.to_vector() == std::remove_cvref_t<decltype(ours)>(e->share()).to_vector());
    });
    ++compared;
  }
  CHECK(compared >= 13);
}
