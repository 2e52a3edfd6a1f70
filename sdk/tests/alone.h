// RunAlone: a test's body in a child process, so that each finds the library as a game does: not started.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "tickscope/tickscope.hpp"

namespace tickscope::sdk::testing {

// Runs `body` in a child; its failed expectations fail the test.
inline void RunAlone(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    std::fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "child status " << status;
}

// Waits for a child that is to end well.
inline void ExpectEndsWell(pid_t child) {
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "child status " << status;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/tickscope-sdk-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Options InDirectory(const std::string& directory) {
  Options options;
  options.directory = directory.c_str();
  return options;
}

inline std::string ExposedText() {
  return Expose(TS_TEXT);
}

// The value of the line "series value"; NaN text when it is not there.
inline std::string ValueOf(const std::string& text, const std::string& series) {
  const std::string wanted = "\n" + series + " ";
  const std::size_t at = ("\n" + text).find(wanted);
  if (at == std::string::npos) return "none";
  const std::size_t from = at + wanted.size() - 1;
  return text.substr(from, text.find('\n', from) - from);
}

inline std::string Value(const std::string& series) {
  return ValueOf(ExposedText(), series);
}

inline std::string Refused(const char* reason) {
  return Value(std::string("tickscope_sdk_refused_total{reason=\"") + reason + "\"}");
}

inline std::string FileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tickscope::sdk::testing
