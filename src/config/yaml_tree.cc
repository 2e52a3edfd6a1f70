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
#include <unordered_map>
#include <unordered_set>

#include "base/check.h"

namespace tickscope::config {
namespace {

// Builds the tree from the parser's events and stops it at the first thing refused. The parser calls back
// through a virtual interface without results, so the way out is an exception that ParseYaml catches.
class TreeBuilder : public YAML::EventHandler {
 public:
  struct Refused : std::exception {
    explicit Refused(YamlMistake m) : mistake(std::move(m)) {}
    YamlMistake mistake;
  };

  explicit TreeBuilder(const YamlOptions& options) : options_(options) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, anchor, "", YamlKind::kNull, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!options_.aliases)
      Refuse(ErrorCode::kInvalidArgument, At(mark), "aliases (*name) are not accepted: write the value out");
    if (WantsKey()) Refuse(ErrorCode::kInvalidArgument, At(mark), "expected a key, got an alias (*name)");
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end())
      Refuse(ErrorCode::kInvalidArgument, At(mark), "an alias (*name) inside what it stands for");
    CountCopy(found->second, At(mark), open_.size() + 1);
    Place(YamlNode(found->second));
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
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<YamlEntry> entry;
    std::unordered_set<std::string> keys;
  };

  static YamlPosition At(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

  [[noreturn]] void Refuse(ErrorCode code, YamlPosition position, std::string_view what) const {
    throw Refused(YamlMistake{position, std::string(what), code});
  }

  [[nodiscard]] bool WantsKey() const {
    return !open_.empty() && open_.back().node.kind == YamlKind::kMap && !open_.back().entry;
  }

  // A few lines of aliases of aliases expand to gigabytes, so each copy counts as if it had been written out.
  void CountCopy(const YamlNode& node, YamlPosition position, std::size_t depth) {
    CountNode(position);
    if (depth > kYamlDepthMax) RefuseDepth(position);
    copied_bytes_ += node.scalar.size();
    for (const YamlNode& item : node.items)
      CountCopy(item, position, depth + 1);
    for (const YamlEntry& entry : node.entries) {
      copied_bytes_ += entry.key.size();
      CountCopy(entry.value, position, depth + 1);
    }
    if (copied_bytes_ > kYamlBytesMax) {
      Refuse(ErrorCode::kOutOfRange, position,
             fmt::format("aliases expand to too much: the limit is {} bytes", kYamlBytesMax));
    }
  }

  void CountNode(YamlPosition position) {
    if (++nodes_ > kYamlNodesMax) {
      Refuse(ErrorCode::kOutOfRange, position,
             fmt::format("too many values: the limit is {}", kYamlNodesMax));
    }
  }

  [[noreturn]] void RefuseDepth(YamlPosition position) const {
    Refuse(ErrorCode::kOutOfRange, position, fmt::format("nested too deep: the limit is {}", kYamlDepthMax));
  }

  // Adds to a map what its merge key (<<: *base) names and it does not have itself; the first of several bases wins.
  void Merge(OpenNode& open) {
    YamlNode& map = open.node;
    const auto merge = std::ranges::find(map.entries, "<<", &YamlEntry::key);
    if (merge == map.entries.end()) return;
    YamlNode base = std::move(merge->value);
    map.entries.erase(merge);
    std::vector<YamlNode> bases;
    if (base.kind == YamlKind::kList) {
      bases = std::move(base.items);
    } else {
      bases.push_back(std::move(base));
    }
    for (YamlNode& one : bases) {
      if (one.kind != YamlKind::kMap) {
        Refuse(ErrorCode::kInvalidArgument, one.position, "expected a map or a list of maps to merge (<<)");
      }
      for (YamlEntry& entry : one.entries) {
        if (open.keys.insert(entry.key).second) map.entries.push_back(std::move(entry));
      }
    }
  }

  void CheckNode(YamlPosition position, YAML::anchor_t anchor, const std::string& tag) {
    CountNode(position);
    if (anchor != YAML::NullAnchor && !options_.aliases) {
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
    if (open_.size() == kYamlDepthMax) RefuseDepth(position);
    if (WantsKey()) {
      Refuse(ErrorCode::kInvalidArgument, position,
             fmt::format("expected a key, got {}", YamlKindName(kind)));
    }
    OpenNode open;
    open.anchor = anchor;
    open.node.kind = kind;
    open.node.position = position;
    open_.push_back(std::move(open));
  }

  void Close() {
    if (options_.aliases && open_.back().node.kind == YamlKind::kMap) Merge(open_.back());
    YamlNode node = std::move(open_.back().node);
    const YAML::anchor_t anchor = open_.back().anchor;
    open_.pop_back();
    Remember(anchor, node);
    Place(std::move(node));
  }

  void Remember(YAML::anchor_t anchor, const YamlNode& node) {
    if (anchor == YAML::NullAnchor) return;
    CountCopy(node, node.position, open_.size() + 1);
    anchored_.insert_or_assign(anchor, node);
  }

  void Add(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag, YamlKind kind,
           const std::string& text) {
    const YamlPosition position = At(mark);
    CheckNode(position, anchor, tag);
    if (WantsKey()) {
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
    Remember(anchor, node);
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

  YamlOptions options_;
  std::size_t nodes_ = 0;
  std::size_t copied_bytes_ = 0;
  std::unordered_map<YAML::anchor_t, YamlNode> anchored_;
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

std::expected<YamlNode, YamlMistake> ReadYaml(std::string_view text, const YamlOptions& options) {
  if (text.size() > kYamlBytesMax) {
    return std::unexpected(
        YamlMistake{{},
                    fmt::format("too large: got {} bytes, want <= {}", text.size(), kYamlBytesMax),
                    ErrorCode::kOutOfRange});
  }
  TreeBuilder builder(options);
  try {
    // A last line that is a comment, because the parser takes a quote that is still open at a final line end
    // as closed.
    std::istringstream input{std::string(text).append(text.ends_with('\n') ? "#" : "\n#")};
    YAML::Parser parser(input);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.TakeRoot();
    if (parser && !options.only_first_document) {
      TreeBuilder rest(options);
      if (parser.HandleNextDocument(rest)) {
        return std::unexpected(
            YamlMistake{rest.TakeRoot().position, "expected one document, got a second one"});
      }
    }
    return root;
  } catch (const TreeBuilder::Refused& refused) {
    return std::unexpected(refused.mistake);
  } catch (const YAML::Exception& e) {
    const YamlPosition position{std::max(e.mark.line, 0) + 1, std::max(e.mark.column, 0) + 1};
    return std::unexpected(YamlMistake{position, fmt::format("not valid YAML: {}", e.msg)});
  }
}

Result<YamlNode> ParseYaml(std::string_view text, std::string_view file) {
  auto root = ReadYaml(text, {});
  if (root) return *std::move(root);
  return Fail(root.error().code,
              fmt::format("{}: {}", DescribePosition(file, root.error().position), root.error().text));
}

}  // namespace tickscope::config
