// Lexer: which bytes make which token, in which brackets, and where its errors point.
#include "promql/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tickscope::promql {
namespace {

// Descriptions of all tokens up to the end or the first error.
std::vector<std::string> Describe(std::string_view text, NameSyntax names = NameSyntax::kClassic) {
  Lexer lexer(text, names);
  std::vector<std::string> out;
  while (true) {
    const Token token = lexer.Next();
    if (token.kind == TokenKind::kEnd) return out;
    if (token.kind == TokenKind::kError) {
      out.push_back(lexer.error() + " at " + std::to_string(token.position.start));
      return out;
    }
    out.push_back(DescribeToken(token));
  }
}

using Tokens = std::vector<std::string>;

TEST(Lexer, Tokens) {
  struct Case {
    const char* name;
    const char* text;
    Tokens want;
  };
  const Case cases[] = {
      {"names", "foo a:b _x", {"identifier \"foo\"", "metric identifier \"a:b\"", "identifier \"_x\""}},
      {"keywords in any case", "SUM By OFFSET", {"<aggr:SUM>", "<By>", "<OFFSET>"}},
      {"word operators", "and ATAN2", {"<op:and>", "<op:ATAN2>"}},
      {"numbers",
       "1 .5 1e3 0x1F 1_000 Inf",
       {"number \"1\"", "number \".5\"", "number \"1e3\"", "number \"0x1F\"", "number \"1_000\"",
        "number \"Inf\""}},
      {"durations", "5m 1h30m 10ms", {"duration \"5m\"", "duration \"1h30m\"", "duration \"10ms\""}},
      {"two-character operators", "<= </ >/ !=", {"<op:<=>", "<op:</>", "<op:>/>", "<op:!=>"}},
      {"strings keep their quotes", "'a\"b' `\\`", {"string \"'a\\\"b'\"", "string \"`\\\\`\""}},
      {"comments end with the line", "a # b\nc", {"identifier \"a\"", "identifier \"c\""}},
      {"words inside braces are labels",
       "{sum=~\"a\"}",
       {"\"{\"", "identifier \"sum\"", "<op:=~>", "string \"\\\"a\\\"\"", "\"}\""}},
      {"step is a word in brackets", "[step()]", {"\"[\"", "\"step\"", "\"(\"", "\")\"", "\"]\""}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Describe(c.text), c.want);
  }
}

TEST(Lexer, ErrorsPointAtTheirCause) {
  struct Case {
    const char* name;
    const char* text;
    const char* want;  // The last token's description.
  };
  const Case cases[] = {
      {"unknown character", "a $", "unexpected character: '$' at 2"},
      {"half an operator", "a !", "unexpected character after '!': '\xef\xbf\xbd' at 2"},
      {"regex match outside braces", "a =~ b", "unexpected character after '=': '~' at 2"},
      {"end inside braces", "a{", "unexpected end of input inside braces at 2"},
      {"number inside braces", "a{1}", "unexpected character inside braces: '1' at 2"},
      {"open parenthesis at the end", "(a", "unclosed left parenthesis at 2"},
      {"open bracket at the end", "a[5m", "unclosed left bracket at 4"},
      {"closing parenthesis too many", "a)", "unexpected right parenthesis ')' at 2"},
      {"closing bracket too many", "a]", "unexpected right bracket ']' at 1"},
      {"word in a duration", "a[foo]", "unexpected character in duration expression: 'f' at 2"},
      {"colon first", "a[:5m]", "unexpected colon before duration in duration expression at 3"},
      {"two colons", "a[5m:1m:1m]", "unexpected colon ':' at 7"},
      {"number glued to a word", "1x", "bad number or duration syntax: \"1\" at 0"},
      {"number without exponent", "1e", "bad number or duration syntax: \"1e\" at 0"},
      {"digits between two underscores", "1__0", "bad number or duration syntax: \"1__\" at 0"},
      {"number with two dots", "1.1.1", "bad number or duration syntax: \"1.1.\" at 0"},
      {"duration glued to a word", "5m1sx", "bad number or duration syntax: \"5m1sx\" at 0"},
      {"hexadecimal with a doubled exponent", "0x1ee", "bad number or duration syntax: \"0x1ee\" at 0"},
      {"a bracket in place of a duration", "a[[5m]", "unexpected character in duration expression: '[' at 2"},
      {"end in place of a duration", "(a[", "unexpected end of input in duration expression at 3"},
      {"a comment in place of a duration", "a[#", "unexpected character in duration expression: '#' at 2"},
      {"a second bracket behind a duration", "a[5m[", "unexpected left bracket '[' at 4"},
      {"a brace behind a duration", "a[5m}", "unexpected character: '}' at 4"},
      {"a word behind a duration", "a[5m b]", "unexpected character: 'b', expected ':' at 5"},
      {"a comment behind a duration", "a[5m # b", "unclosed left bracket at 8"},
      {"two colons before the step", "a[step()::", "unexpected repeated colon in duration expression at 10"},
      {"string without end", "\"a", "unterminated quoted string at 0"},
      {"string with a line break", "'a\nb'", "unterminated quoted string at 0"},
      {"unknown escape", "\"a\\q\"", "unknown escape sequence 'q' at 0"},
      {"surrogate escape", "\"\\ud800\"", "escape sequence is an invalid Unicode code point at 0"},
      {"dot without the option", "a.b", "unexpected character: '.' at 1"},
      {"letter without the option", "\xc3\xa9", "unexpected character: '\xc3\xa9' at 0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Tokens tokens = Describe(c.text);
    ASSERT_FALSE(tokens.empty());
    EXPECT_EQ(tokens.back(), c.want);
  }
}

TEST(Lexer, UnquotedUtf8Names) {
  EXPECT_EQ(Describe("a.b{c.d=\"x\"}", NameSyntax::kUnquotedUtf8).front(), "identifier \"a.b\"");
  EXPECT_EQ(Describe("\xe6\xb8\xa9\xe5\xba\xa6", NameSyntax::kUnquotedUtf8),
            Tokens{"identifier \"\xe6\xb8\xa9\xe5\xba\xa6\""});
  // A keyword with a dot is a name; a combining mark is not a letter.
  EXPECT_EQ(Describe("sum.x", NameSyntax::kUnquotedUtf8), Tokens{"identifier \"sum.x\""});
  EXPECT_EQ(Describe("a\xcc\x88", NameSyntax::kUnquotedUtf8).back(), "unexpected character: '\xcc\x88' at 1");
}

}  // namespace
}  // namespace tickscope::promql
