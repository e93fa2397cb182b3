#include <chainrule/io/json.hpp>
#include "support/catch.hpp"
#include <string>

using chainrule::Error;
using chainrule::io::Json;
using chainrule::io::json_string;
using chainrule::io::parse_json;

namespace {
std::string message_of(std::string_view text) {
  try {
    parse_json(text, "f", 8);
  } catch (const Error& e) { return e.message(); }
  return "no error";
}
}  // namespace

TEST_CASE("JSON values of every kind are read", "[io][json]") {
  auto j =
      parse_json(R"( {"a": [1, -2.5, 3e2, true, false, null], "b": {"c": "x\n\u00e9\u20ac\ud83d\ude00\"\\\/"}} )", "f");
  CHECK(j.size() == 2);
  CHECK(j["a"].size() == 6);
  CHECK(j["a"][0].integer() == 1);
  CHECK(j["a"][1].number() == -2.5);
  CHECK(j["a"][2].number() == 300);
  CHECK(j["a"][3].boolean());
  CHECK_FALSE(j["a"][4].boolean());
  CHECK(j["a"][5].is(Json::Kind::null));
  CHECK(j["b"]["c"].string() == "x\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"\\/");
  CHECK(j.find("z") == nullptr);
  CHECK(parse_json("9223372036854775807", "f").integer() == 9223372036854775807);
}

TEST_CASE("JSON that is wrong is refused with its offset", "[io][json]") {
  for (auto text : {"",
                    "{",
                    "[1,",
                    "[1 2]",
                    "[1,]",
                    "{\"a\"}",
                    "{\"a\":1,}",
                    "{a:1}",
                    "01",
                    "-",
                    "1.",
                    "1e",
                    ".5",
                    "+1",
                    "tru",
                    "nul",
                    "\"a",
                    "\"\\x\"",
                    "\"\\u12g4\"",
                    "\"\\ud800\"",
                    "\"\\udc00\"",
                    "\"\n\"",
                    "1 2",
                    "[1]]",
                    "NaN",
                    "Infinity",
                    "1e999",
                    "'a'",
                    "{\"a\":1,\"a\":2}",
                    "/* */ 1"}) {
    INFO(text);
    CHECK(message_of(text) != "no error");
  }
  CHECK(message_of("[1, x]") == "f: corrupt JSON at offset 12: expected a value");
  CHECK(message_of(std::string(100, '[')) == "f: corrupt JSON at offset 73: nested too deeply");
}

TEST_CASE("a JSON value says what it is not", "[io][json]") {
  auto j = parse_json(R"({"a": 1.5})", "f");
  CHECK_THROWS_WITH(j["a"].string(), "f: offset 6: expected a string, found a number");
  CHECK_THROWS_WITH(j["a"].integer(), "f: offset 6: 1.5 is not a whole number");
  CHECK_THROWS_WITH(j["b"], "f: offset 0: \"b\" is missing");
}

TEST_CASE("strings survive writing and reading", "[io][json]") {
  const std::string odd("a\"b\\c\n\x01 \xc3\xa9", 11);
  CHECK(parse_json(json_string(odd), "f").string() == odd);
}
