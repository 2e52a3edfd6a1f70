#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <unordered_set>

#include "base/check.h"

namespace tickscope::config {
namespace {

// Builds the tree from the parser's events and stops it at the first thing refused. The parser calls back
// through a virtual interface without results, so the way out is an exception that ParseYaml catches.
class TreeBuilder : public YAML::EventHandler {
 public:
  struct Refused : std::exception {
    explicit Refused(Error e) : error(std::move(e)) {}
    Error error;
  };

  explicit TreeBuilder(std::string_view file) : file_(file) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, anchor, "", YamlKind::kNull, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(ErrorCode::kInvalidArgument, At(mark), "aliases (*name) are not accepted: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Add(mark, anchor, tag, YamlKind::kScalar, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, tag, YamlKind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor, tag, YamlKind::kMap);
  }
  void OnMapEnd() override { Close(); }

  [[nodiscard]] YamlNode TakeRoot() { return std::move(root_).value_or(YamlNode{}); }

 private:
  // A list or map whose end has not been seen. A map waits for a key, then for its value.
  struct OpenNode {
    YamlNode node;
    std::optional<YamlEntry> entry;
    std::unordered_set<std::string> keys;
  };

  static YamlPosition At(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

  [[noreturn]] void Refuse(ErrorCode code, YamlPosition position, std::string_view what) const {
    throw Refused(Error{code, fmt::format("{}: {}", DescribePosition(file_, position), what)});
  }

  void CheckNode(YamlPosition position, YAML::anchor_t anchor, const std::string& tag) {
    if (++nodes_ > kYamlNodesMax) {
      Refuse(ErrorCode::kOutOfRange, position,
             fmt::format("too many values: the limit is {}", kYamlNodesMax));
    }
    if (anchor != YAML::NullAnchor) {
      Refuse(ErrorCode::kInvalidArgument, position, "anchors (&name) are not accepted: write the value out");
    }
    // "?" is the parser's tag for plain text and "!" for quoted text; any other was written in the file.
    if (!tag.empty() && tag != "?" && tag != "!") {
      Refuse(ErrorCode::kInvalidArgument, position, "tags (!name) are not accepted");
    }
  }

  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag, YamlKind kind) {
    const YamlPosition position = At(mark);
    CheckNode(position, anchor, tag);
    if (open_.size() == kYamlDepthMax) {
      Refuse(ErrorCode::kOutOfRange, position,
             fmt::format("nested too deep: the limit is {}", kYamlDepthMax));
    }
    if (!open_.empty() && open_.back().node.kind == YamlKind::kMap && !open_.back().entry) {
      Refuse(ErrorCode::kInvalidArgument, position,
             fmt::format("expected a key, got {}", YamlKindName(kind)));
    }
    OpenNode open;
    open.node.kind = kind;
    open.node.position = position;
    open_.push_back(std::move(open));
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Place(std::move(node));
  }

  void Add(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag, YamlKind kind,
           const std::string& text) {
    const YamlPosition position = At(mark);
    CheckNode(position, anchor, tag);
    if (!open_.empty() && open_.back().node.kind == YamlKind::kMap && !open_.back().entry) {
      if (kind == YamlKind::kNull)
        Refuse(ErrorCode::kInvalidArgument, position, "expected a key, got nothing");
      if (!open_.back().keys.insert(text).second) {
        Refuse(ErrorCode::kInvalidArgument, position,
               fmt::format("key \"{:.80}\" is given twice in the same map", text));
      }
      open_.back().entry = YamlEntry{text, position, {}};
      return;
    }
    YamlNode node;
    node.kind = kind;
    node.position = position;
    node.scalar = text;
    Place(std::move(node));
  }

  void Place(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == YamlKind::kList) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    TICKSCOPE_CHECK(parent.entry.has_value());
    // The parser places a missing value at whatever follows it; its key says more.
    if (node.kind == YamlKind::kNull) node.position = parent.entry->key_position;
    parent.entry->value = std::move(node);
    parent.node.entries.push_back(*std::move(parent.entry));
    parent.entry.reset();
  }

  std::string_view file_;
  std::size_t nodes_ = 0;
  std::vector<OpenNode> open_;
  std::optional<YamlNode> root_;
};

}  // namespace

std::string_view YamlKindName(YamlKind kind) {
  switch (kind) {
    case YamlKind::kNull:
      return "nothing";
    case YamlKind::kScalar:
      return "a single value";
    case YamlKind::kList:
      return "a list";
    case YamlKind::kMap:
      return "a map";
  }
  std::unreachable();
}

const YamlEntry* YamlNode::Find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &YamlEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

std::string DescribePosition(std::string_view file, YamlPosition position) {
  return fmt::format("{}:{}:{}", file, position.line, position.column);
}

Result<YamlNode> ParseYaml(std::string_view text, std::string_view file) {
  if (text.size() > kYamlBytesMax) {
    return Fail(ErrorCode::kOutOfRange,
                fmt::format("{}: too large: got {} bytes, want <= {}", file, text.size(), kYamlBytesMax));
  }
  TreeBuilder builder(file);
  try {
    // A last line that is a comment, because the parser takes a quote that is still open at a final line end
    // as closed.
    std::istringstream input{std::string(text).append(text.ends_with('\n') ? "#" : "\n#")};
    YAML::Parser parser(input);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.TakeRoot();
    if (parser) {
      TreeBuilder rest(file);
      if (parser.HandleNextDocument(rest)) {
        const YamlPosition position = rest.TakeRoot().position;
        return Fail(ErrorCode::kInvalidArgument, fmt::format("{}: expected one document, got a second one",
                                                             DescribePosition(file, position)));
      }
    }
    return root;
  } catch (const TreeBuilder::Refused& refused) {
    return Fail(refused.error.code, refused.error.message);
  } catch (const YAML::Exception& e) {
    const YamlPosition position{std::max(e.mark.line, 0) + 1, std::max(e.mark.column, 0) + 1};
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: not valid YAML: {}", DescribePosition(file, position), e.msg));
  }
}

}  // namespace tickscope::config
