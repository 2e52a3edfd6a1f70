// Discovery: what files, kubelets and instances say becomes groups of targets; what is wrong with it is told with its place.
#include "discovery/discovery.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "discovery/kubelet_pods.h"
#include "discovery/target_files.h"
#include "io/memory_file_system.h"

namespace tickscope::discovery {
namespace {

TEST(ParseTargetGroups, GroupsAndMistakes) {
  const auto groups =
      ParseTargetGroups("- targets: [a:1, b:2]\n  labels: {zone: a}\n- {targets: []}\n", "t.yaml");
  ASSERT_TRUE(groups.has_value()) << groups.error().message;
  ASSERT_EQ(groups->size(), 2U);
  EXPECT_EQ((*groups)[0].targets, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ((*groups)[0].labels, (LabelPairs{{"zone", "a"}, {"__meta_filepath", "t.yaml"}}));
  EXPECT_TRUE(ParseTargetGroups("", "t.yaml")->empty());
  EXPECT_EQ(ParseTargetGroups(R"([{"targets": ["a:1"]}])", "t.json")->size(), 1U);
  const struct {
    const char* text;
    const char* says;
  } wrong[] = {
      {"targets: [a]", "t.yaml:1:1: expected a list of target groups, got a map"},
      {"- a", "t.yaml:1:3: expected a map of targets and labels"},
      {"- targets: a", "t.yaml:1:12: targets: expected a list"},
      {"- targets: [[a]]", "t.yaml:1:13: targets: expected host:port"},
      {"- labels: {a: [b]}", "t.yaml:1:15: labels: expected a value"},
      {"- target: [a]", "expected targets or labels, not \"target\""},
      {"- [", "t.yaml:"},
  };
  for (const auto& c : wrong) {
    const auto refused = ParseTargetGroups(c.text, "t.yaml");
    ASSERT_FALSE(refused.has_value()) << c.text;
    EXPECT_NE(refused.error().message.find(c.says), std::string::npos) << refused.error().message;
  }
}

TEST(TargetFiles, AFileThatIsWrongKeepsWhatItSaid) {
  io::MemoryFileSystem fs;
  ASSERT_TRUE(fs.CreateDirectories("/t").has_value());
  const auto write = [&](const std::string& path, std::string_view text) {
    const auto file = fs.OpenAppend(path, io::OpenMode::kTruncate).value();
    const ByteView bytes = AsBytes(text);
    ASSERT_TRUE(file->Append({&bytes, 1}).has_value());
  };
  TargetFiles files({.files = {"/t/*.yaml", "/none/*.yaml"}}, fs);
  EXPECT_TRUE(files.Look()->empty());
  write("/t/a.yaml", "- targets: [a:1]");
  write("/t/b.yaml", "- targets: [b:1]");
  write("/t/c.txt", "- targets: [c:1]");
  EXPECT_EQ(files.Look()->size(), 2U);
  write("/t/a.yaml", "- targets: [");
  ASSERT_EQ(files.Look()->size(), 2U);
  EXPECT_EQ(files.Look()->front().targets.front(), "a:1");
  ASSERT_TRUE(fs.Remove("/t/a.yaml").has_value());
  EXPECT_EQ(files.Look()->front().targets.front(), "b:1");
}

TEST(ParsePodList, PortsOfContainers) {
  const auto pods = ParsePodList(R"({"items":[
    {"metadata":{"name":"p","namespace":"n","labels":{"a/b":"c"}},
     "spec":{"initContainers":[{"name":"i"}],"containers":[{"name":"c","ports":[{"containerPort":80},{"containerPort":0},{"containerPort":"x"}]}]},
     "status":{"podIP":"fd00::1"}},
    {"metadata":{"name":"waits"},"status":{}}, 7, null]})");
  ASSERT_TRUE(pods.has_value()) << pods.error().message;
  ASSERT_EQ(pods->size(), 2U);
  EXPECT_EQ((*pods)[0].targets.front(), "fd00::1");
  EXPECT_EQ((*pods)[1].targets.front(), "[fd00::1]:80");
  const auto has = [&](const char* name, const char* value) {
    return std::ranges::count((*pods)[1].labels, std::pair<std::string, std::string>(name, value)) == 1;
  };
  EXPECT_TRUE(has("__meta_kubernetes_pod_label_a_b", "c"));
  EXPECT_TRUE(has("__meta_kubernetes_pod_labelpresent_a_b", "true"));
  EXPECT_TRUE(has("__meta_kubernetes_pod_container_port_number", "80"));
  EXPECT_TRUE(has("__meta_kubernetes_pod_ready", "unknown"));
  for (const char* const wrong : {"", "[", "[]", "{}", R"({"items":{}})"})
    EXPECT_FALSE(ParsePodList(wrong).has_value()) << wrong;
  std::string many = R"({"items":[)";
  for (int i = 0; i <= 10'000; ++i)
    many += fmt::format(R"({}{{"spec":{{"containers":[{{}}]}},"status":{{"podIP":"1.2.3.4"}}}})",
                        i == 0 ? "" : ",");
  const auto refused = ParsePodList(many + "]}");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfRange);
}

TEST(ParseIdentityDocument, FieldsThereAre) {
  const auto labels =
      ParseIdentityDocument(R"({"instanceId":"i-1","region":"r","pendingTime":"t","imageId":7})");
  ASSERT_TRUE(labels.has_value());
  EXPECT_EQ(*labels, (LabelPairs{{"__meta_ec2_instance_id", "i-1"}, {"__meta_ec2_region", "r"}}));
  for (const char* const wrong : {"", "[]", "{}", R"({"instanceId":1})"})
    EXPECT_FALSE(ParseIdentityDocument(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace tickscope::discovery
